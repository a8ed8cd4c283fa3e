# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the configuration of one Asterisk instance from the files in ``etc/``.

The files are what they look like; only ``@{name}`` is filled in, since Asterisk has ``${name}`` for itself.
"""

from __future__ import annotations

import random
import re
import socket
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from itgrix_module.sandbox.rig import plan

TEMPLATES = Path(__file__).with_name("etc")
PLACEHOLDER = re.compile(r"@\{(\w+)}")
# Below the range from which Linux takes ports for outgoing connections: a port that is free for a moment, while the
# PBX restarts, must not go to somebody else.
PORTS = range(12000, 20000)
RTP_PORTS = (20000, 29999)  # tried one after another by Asterisk, so instances can share them


@dataclass(frozen=True)
class Ports:
    """Loopback ports of one instance, of its phones (by extension) and of its providers (by trunk)."""

    sip: int
    ami: int
    phones: dict[str, int]
    trunks: dict[str, int]


def free_ports() -> Ports:
    """Ports nobody uses now, all different."""
    with Reservation() as take:
        return Ports(
            sip=take.udp("127.0.0.1"),
            ami=take.tcp("127.0.0.1"),
            phones={number: take.udp("127.0.0.1") for number in plan.EMPLOYEES},
            trunks={name: take.udp(address) for name, address in plan.TRUNKS.items()},
        )


class Reservation:
    """Keeps every port it gives until it ends, so that none is given twice."""

    def __enter__(self) -> Reservation:
        self._held: list[socket.socket] = []
        return self

    def __exit__(self, *_: object) -> None:
        for held in self._held:
            held.close()

    def udp(self, address: str) -> int:
        return self._bind(socket.SOCK_DGRAM, address)

    def tcp(self, address: str) -> int:
        return self._bind(socket.SOCK_STREAM, address)

    def _bind(self, kind: int, address: str) -> int:
        while True:
            held = socket.socket(socket.AF_INET, kind)
            self._held.append(held)
            port = random.choice(PORTS)
            with suppress(OSError):
                held.bind((address, port))
                return port


@dataclass(frozen=True)
class Folders:
    """``outer``: the instance's folder as seen from outside the chroot; ``inner``: the same from inside."""

    outer: Path
    inner: Path

    def make(self) -> None:
        for name in ("etc", "lib/moh", "run", "log", *(f"spool/{one}" for one in SPOOL)):
            (self.outer / name).mkdir(parents=True)


SPOOL = ("monitor", "voicemail", "tmp", "outgoing", "meetme", "recording")


def write(version: str, root: Path, folders: Folders, ports: Ports, secret: str) -> None:
    """Write the files of /etc/asterisk, an empty call record database and the music on hold."""
    values = fixed_values(version, root, folders, ports, secret) | company_values(ports)
    for template in sorted(TEMPLATES.glob("*.conf")):
        text = fill(template.read_text(), values)
        (folders.outer / "etc" / template.name).write_text(text)
    if version == "22":  # FreePBX 17 has Cdr events, with no mappings; FreePBX 16 has none
        (folders.outer / "etc" / "cdr_manager.conf").write_text("[general]\nenabled = yes\n[mappings]\n")
    write_record_database(folders.outer / "log" / "master.db")
    music = next((root / "usr/share/asterisk/sounds").glob("en/demo-congrats.gsm"))
    (folders.outer / "lib/moh" / music.name).write_bytes(music.read_bytes())


def fill(template: str, values: dict[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: values[found[1]], template)


def fixed_values(version: str, root: Path, folders: Folders, ports: Ports, secret: str) -> dict[str, str]:
    modules = next(one for one in sorted(root.glob("usr/lib/**/asterisk/modules")) if any(one.glob("*.so")))
    return {
        "version": version,
        "inner": str(folders.inner),
        "outer": str(folders.outer),
        "modules": f"/{modules.relative_to(root)}",
        "secret": secret,
        "sip": str(ports.sip),
        "ami": str(ports.ami),
        "rtp_first": str(RTP_PORTS[0]),
        "rtp_last": str(RTP_PORTS[1]),
    }


def company_values(ports: Ports) -> dict[str, str]:
    phones = [phone(number, port) for number, port in ports.phones.items()]
    trunks = [trunk(name, plan.TRUNKS[name], port) for name, port in ports.trunks.items()]
    contacts = (f"${{PJSIP_DIAL_CONTACTS({number})}}" for number in plan.MEMBERS[plan.RING_GROUP])
    return {
        "endpoints": "\n".join(phones + trunks),
        "queues": "\n".join(queue(number, kind) for number, kind in plan.STRATEGIES.items()),
        "hints": "\n".join(f"exten => {number},hint,PJSIP/{number}" for number in plan.EMPLOYEES),
        "group": plan.RING_GROUP,
        "group_dial": "&".join(contacts),
        "queue": plan.QUEUE,
        "conference": plan.CONFERENCE,
        "voicemail": plan.VOICEMAIL,
        "voicemail_name": plan.EMPLOYEES[plan.VOICEMAIL],
        "follow_me": plan.FOLLOW_ME,
        "mobile": plan.MOBILE,
        "our_number": plan.OUR_NUMBER,
        "first_trunk": plan.FIRST_TRUNK,
        "second_trunk": plan.SECOND_TRUNK,
    }


def phone(number: str, port: int) -> str:
    return f"""[{number}](phone)
aors={number}
callerid={plan.EMPLOYEES[number]} <{number}>
mailboxes={number}@default
set_var=AMPUSER={number}
set_var=__TRANSFER_CONTEXT=from-internal-xfer
accountcode={number}
[{number}]
type=aor
contact=sip:{number}@127.0.0.1:{port}
"""


def trunk(name: str, address: str, port: int) -> str:
    return f"""[{name}](trunk)
aors={name}
[{name}]
type=aor
contact=sip:{address}:{port}
[{name}]
type=identify
endpoint={name}
match={address}
"""


def queue(number: str, strategy: str) -> str:
    members = (
        f"member => Local/{one}@from-queue/n,0,{plan.EMPLOYEES[one]},hint:{one}@ext-local\n"
        for one in plan.MEMBERS[number]
    )
    return f"[{number}](like-freepbx)\nstrategy={strategy}\n{''.join(members)}"


def write_record_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.executescript((TEMPLATES / "cdr.sql").read_text())
