# SPDX-License-Identifier: GPL-3.0-or-later
"""Record what the rig plays: the AMI sessions of two users and what really happened, as files for the tests.

    python -m tests.journeys.record 22 FOLDER [NAME ...]     (as root; ``--chan-sip 16 FOLDER`` with chan_sip)

Makes ``NAME.ami.gz`` (read = all), ``NAME.min.ami.gz`` (the product's least rights), ``.partN`` for the sessions after
a cut, and ``NAME.json``. Events carry time stamps; the tests take them away again.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from itgrix_module.sandbox.rig import bridges
from itgrix_module.sandbox.rig.manager import AmiLogin, action
from itgrix_module.sandbox.rig.pbx import RealPbx
from itgrix_module.sandbox.rig.rig import Played, Rig, Situation
from itgrix_module.sandbox.rig.rootfs import Version
from itgrix_module.sandbox.rig.situations import ALL, MORE
from itgrix_module.sandbox.rig.truth import Truth

LISTS = ("CoreShowChannels", "Status", "BridgeList", "QueueStatus", "ParkedCalls")
DIRECTIONS = {"incoming": "inbound", "outgoing": "outbound", "internal": "internal"}
PATIENCE = 10.0


class Session:
    """One AMI session as it came over the wire."""

    def __init__(self, login: AmiLogin) -> None:
        self.heard = bytearray()
        self._arrived = threading.Condition()
        self._socket = socket.create_connection((login.host, login.port), timeout=60)
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        self.send("Login", Username=login.username, Secret=login.secret)
        self.until(b"Authentication accepted")

    def send(self, name: str, **headers: str) -> None:
        self._socket.sendall(action(name, ActionID=f"tape-{name}", **headers))

    def until(self, words: bytes) -> None:
        deadline = time.monotonic() + PATIENCE
        with self._arrived:
            while words not in self.heard:
                if not self._arrived.wait(deadline - time.monotonic()):
                    raise TimeoutError(f"{words!r} was not heard")

    def list_everything(self) -> None:
        """Ask for the state of the PBX, as the product does after a gap."""
        self.send("CoreStatus")
        for name in LISTS:
            more = {"Variables": "MIXMONITOR_FILENAME,FROM_DID"} if name == "Status" else {}
            self.send(name, **more)
            self.until(f"ActionID: tape-{name}\r\n".encode())
        self.until(b"Event: ParkedCallsComplete")

    def close(self) -> bytes:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()
        return bytes(self.heard)

    def _listen(self) -> None:
        with suppress(OSError):
            while data := self._socket.recv(65536):
                with self._arrived:
                    self.heard += data
                    self._arrived.notify_all()


class Tape:
    """The sessions of one user during one situation."""

    def __init__(self, login: AmiLogin) -> None:
        self._login = login
        self._session: Session | None = None
        self.parts: list[bytes] = []

    def start(self) -> None:
        if self._session is not None:
            return
        self._session = Session(self._login)
        if self.parts:
            self._session.list_everything()

    def stop(self) -> None:
        if self._session is not None:
            self.parts.append(self._session.close())
            self._session = None


class TapedPbx(RealPbx):
    """Events have time stamps; what cuts the product off cuts the tapes off as well."""

    def __init__(self, version: Version, work_dir: Path, chan_sip: bool = False) -> None:
        super().__init__(version, work_dir)
        self.tapes: list[Tape] = []
        etc = self.folders.outer / "etc"
        manager = etc / "manager.conf"
        manager.write_text(manager.read_text().replace("[general]\n", "[general]\ntimestampevents = yes\n", 1))
        if chan_sip:
            to_chan_sip(etc, self.ports.sip)
            bridges.PHONE = re.compile(r"SIP/(\d{3})-")
            bridges.DEVICE = re.compile(r"SIP/(.+)-[^-]+")

    def start_tapes(self) -> None:
        for tape in self.tapes:
            tape.start()

    def stop_tapes(self) -> None:
        for tape in self.tapes:
            tape.stop()

    def cut_ami(self) -> None:
        super().cut_ami()
        self.stop_tapes()

    def heal_ami(self) -> None:
        super().heal_ami()
        self.start_tapes()

    def kill(self) -> None:
        super().kill()
        time.sleep(0.2)
        self.stop_tapes()

    def start(self) -> None:
        super().start()
        self.start_tapes()

    def restart(self) -> None:
        super().restart()
        self.stop_tapes()
        self.start_tapes()


def to_chan_sip(etc: Path, port: int) -> None:
    """Phones and trunks of chan_sip instead of PJSIP, with its names and dial strings (Asterisk 16)."""
    endpoints = dict(re.findall(r"^\[([\w-]+)\]\ntype=aor\ncontact=sip:(\S+)", (etc / "pjsip.conf").read_text(), re.M))
    peers = [sip_peer(name, contact) for name, contact in endpoints.items()]
    (etc / "sip.conf").write_text(SIP_GENERAL.format(port=port) + "".join(peers))
    for name in ("extensions.conf", "extensions_more.conf", "queues.conf"):
        path = etc / name
        text = re.sub(r"\$\{PJSIP_DIAL_CONTACTS\(([^)]*)\)\}", r"SIP/\1", path.read_text())
        text = re.sub(r"PJSIP/([^@,&\s]*)@([\w${}-]+)", r"SIP/\2/\1", text)
        path.write_text(text.replace("PJSIP/", "SIP/"))
    trunks = [f"\n[from-trunk-sip-{name}]\ninclude => from-pstn\n" for name in endpoints if not name.isdigit()]
    extensions = etc / "extensions.conf"
    extensions.write_text(extensions.read_text() + "".join(trunks))
    pjsip = etc / "pjsip.conf"  # its transport must make room
    pjsip.write_text(pjsip.read_text().replace(f"bind=127.0.0.1:{port}", "bind=127.0.0.4:5060"))
    modules = (etc / "modules.conf").read_text().replace("noload => chan_sip.so\n", "noload => chan_pjsip.so\n")
    (etc / "modules.conf").write_text(modules)


SIP_GENERAL = """[general]
udpbindaddr=127.0.0.1:{port}
context=from-sip-external
allowguest=no
alwaysauthreject=yes
directmedia=no
srvlookup=no
callcounter=yes
sendrpid=pai
trustrpid=yes
nat=no
"""


def sip_peer(name: str, contact: str) -> str:
    address = contact.rpartition("@")[2]
    host, _, port = address.partition(":")
    phone = name.isdigit()
    context = "from-internal" if phone else f"from-trunk-sip-{name}"
    more = f"callerid={name} <{name}>\nsetvar=AMPUSER={name}\nnamedcallgroup=sales\nnamedpickupgroup=sales\n"
    return f"""[{name}]
type={"friend" if phone else "peer"}
host={host}
port={port}
insecure=port,invite
context={context}
disallow=all
allow=ulaw
dtmfmode=rfc2833
qualify=no
{more if phone else ""}"""


def record(pbx: TapedPbx, rig: Rig, situation: Situation, folder: Path) -> str:
    """Play it once, write its files; returns a line about it."""
    full, least = Tape(pbx.ami_everything), Tape(pbx.login("crm"))
    pbx.tapes = [full, least]
    pbx.start_tapes()
    played = rig.play(situation)[situation.name]
    time.sleep(0.7)
    pbx.stop_tapes()
    pbx.tapes = []
    if played.failure is not None:
        return f"{situation.name}: {played.failure!r}"
    for tape, kind in ((full, ""), (least, ".min")):
        for number, part in enumerate(tape.parts, 1):
            suffix = f".part{number}" if number > 1 else ""
            text = part.replace(bytes(pbx.monitor_dir.parent), b"/var/spool/asterisk")
            (folder / f"{situation.name}{kind}{suffix}.ami.gz").write_bytes(gzip.compress(text, 9, mtime=0))
    (folder / f"{situation.name}.json").write_text(json.dumps(as_json(played), indent=1, ensure_ascii=False) + "\n")
    return f"{situation.name}: {len(played.truths)} calls, {played.seconds:.1f} s"


def as_json(played: Played) -> dict[str, Any]:
    story = (played.situation.play.__doc__ or "").strip()
    return {"description": story, "calls": [call_as_json(truth) for truth in played.truths]}


def call_as_json(truth: Truth) -> dict[str, Any]:
    return {
        "direction": DIRECTIONS[truth.direction],
        "external": truth.client,
        "did": truth.did,
        "trunk": truth.trunk,
        "outcome": truth.outcome,
        "answered_by": truth.answered_by,
        "last_speaker": truth.last_talker,
        "wait_seconds": None if truth.wait is None else round(truth.wait, 2),
        "talk_seconds": round(truth.talk, 2),
        "rang": list(truth.rang),
        "transfers": [[item.kind, item.source, item.target] for item in truth.transfers],
        "linkedid": truth.linkedid if truth.on_ami else "",
        "recordings": [recording.path.name for recording in truth.recordings],
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("version", choices=("22", "16"))
    options.add_argument("folder", type=Path)
    options.add_argument("names", nargs="*")
    options.add_argument("--chan-sip", action="store_true")
    chosen = options.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    known = {situation.name: situation for situation in (*ALL, *MORE)}
    wanted = [known[name] for name in chosen.names] if chosen.names else list(MORE)
    with TapedPbx(chosen.version, chosen.folder, chosen.chan_sip) as pbx, Rig(pbx) as rig:
        for situation in wanted:
            print(record(pbx, rig, situation, chosen.folder), flush=True)


if __name__ == "__main__":
    main()
