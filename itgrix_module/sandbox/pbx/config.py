# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sandbox PBX is made of: phones, trunks, groups, AMI users, clients. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

CLASSES = (
    "system", "call", "log", "verbose", "command", "agent", "user", "config", "dtmf", "reporting", "cdr", "dialplan",
    "originate", "agi", "cc", "aoc", "test", "security", "message",
)  # fmt: skip
READ = ("call", "cdr", "agent", "system", "dialplan", "user", "reporting")
WRITE = ("originate", "call", "reporting", "system", "command")


@dataclass(frozen=True)
class Extension:
    """An employee's phone. ``mobile``: number that follow-me rings after the phone, digits as dialled."""

    number: str
    name: str
    voicemail: bool = False
    mobile: str = ""


@dataclass(frozen=True)
class Trunk:
    """A line to the provider. ``caller_id``: number that clients see."""

    name: str
    caller_id: str


@dataclass(frozen=True)
class Group:
    """A ring group or a queue. ``timeout``: seconds of one round, ``retry``: pause before the next (queues only)."""

    number: str
    members: tuple[str, ...]
    timeout: float = 7.0
    retry: float = 2.0


@dataclass(frozen=True)
class Client:
    """Somebody outside. ``name``: what the provider sends with the number, mostly nothing."""

    number: str
    name: str = ""


@dataclass(frozen=True)
class AmiUser:
    """An account of manager.conf. ``filters``: its eventfilter lines, legacy syntax."""

    name: str
    secret: str
    read: tuple[str, ...] = READ
    write: tuple[str, ...] = WRITE
    filters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Click:
    """How the two parties of a click-to-call behave. Times in seconds.

    ``agent``: ``answer``, ``busy``, ``declined`` or ``no_answer``; ``client``: ``answer``, ``busy``, ``no_answer`` or
    ``wrong``. ``ends``: who hangs up, ``agent`` or ``client``.
    """

    agent: str = "answer"
    agent_ring: float = 1.5
    client: str = "answer"
    client_ring: float = 2.5
    talk: float = 8.0
    ends: str = "agent"


EXTENSIONS = (
    Extension("101", "Анна Смирнова"),
    Extension("102", "Иван Кузнецов"),
    Extension("103", "Мария Соколова"),
    Extension("104", "Пётр Лебедев"),
    Extension("105", "Ольга Новикова", mobile="79161000105"),
    Extension("106", "Дмитрий Морозов", voicemail=True),
    Extension("107", "Елена Волкова"),
    Extension("108", "Сергей Павлов"),
    Extension("109", "Наталья Орлова"),
    Extension("110", "Алексей Фёдоров"),
)
TRUNKS = (Trunk("beeline-msk", "74950000000"), Trunk("mts-backup", "74957770000"))
DIDS = {
    "direct": "74950000001",
    "group": "74950000002",
    "queue": "74950000003",
    "menu": "74950000005",
    "follow_me": "74950000006",
    "voicemail": "74950000007",
}
MORE_DIDS = ("74950000004", "74950000008")
FIRST = ("Григорий", "Ирина", "Никита", "Полина", "Роман", "Ксения", "Тимур", "Вера", "Лев", "Софья")
LAST = ("Ершов", "Ларин", "Мельник", "Савельев", "Шевченко", "Гришин", "Давыдов", "Коваль", "Бондарь", "Юдин")
CLIENTS = (
    Client("79161234567"),
    Client("79039876543"),
    Client("79062195047"),
    Client("79031112233"),
    Client("79214445566"),
    Client("74952000001", "Завод Прогресс"),
    Client("79057778899"),
    Client("79264418302"),
    Client("79778830415"),
    Client("78123097764"),
    Client("73432881590"),
)


@dataclass(frozen=True)
class PbxConfig:
    """Everything a PBX starts with. Times in seconds.

    ``dids``: what each DID leads to, by kind of destination; ``more_dids``: others that lead to a phone.
    ``monitor_dir``: where recordings are written; None writes none, their paths then name Asterisk's usual place.
    ``timestamps``: ``timestampevents`` of manager.conf. ``channel_variables``: ``channelvars`` of manager.conf.
    ``noise``: pairs of Newexten and VarSet per new channel (class dialplan); a real FreePBX sends a few hundred per
    call. ``cdr_events``: FreePBX 17 sends them, 16 does not. ``cel``: keep rows of channel events.
    ``extra_crlf``: a stray empty line after each finished recording, as builds with the test framework send it.
    ``list_pause``: between the items of a list, so that live events fall between them. ``write_limit``: bytes that may
    wait for a slow reader before the session is closed.
    ``contact``: where phones are registered; ``{}`` is the extension.
    """

    extensions: tuple[Extension, ...] = EXTENSIONS
    trunks: tuple[Trunk, ...] = TRUNKS
    group: Group = Group("600", ("101", "102", "103"))
    queue: Group = Group("700", ("102", "103", "104"))
    dids: Mapping[str, str] = field(default_factory=lambda: dict(DIDS))
    more_dids: tuple[str, ...] = MORE_DIDS
    clients: tuple[Client, ...] = CLIENTS
    users: tuple[AmiUser, ...] = (AmiUser("itgrix", "sandbox-secret"),)
    monitor_dir: Path | None = None
    timestamps: bool = False
    channel_variables: tuple[str, ...] = ()
    device_states: bool = True
    noise: int = 0
    cdr_events: bool = True
    cel: bool = False
    extra_crlf: bool = True
    asterisk_version: str = "22.10.1"
    ami_version: str = "11.0.0"
    auth_delay: float = 1.0
    list_pause: float = 0.0
    write_limit: int = 16 * 1024 * 1024
    contact: str = "sip:{}@10.0.0.5:5060"
    click: Click = Click()

    @classmethod
    def sized(cls, employees: int, lines: int, **changes: Any) -> PbxConfig:
        """A company of that many employees (at least 10) and DIDs that lead to them. ``changes``: other fields."""
        more = (
            Extension(str(101 + number), f"{FIRST[number % len(FIRST)]} {LAST[number // len(FIRST) % len(LAST)]}")
            for number in range(len(EXTENSIONS), employees)
        )
        dids = tuple(str(74951000001 + number) for number in range(max(0, lines - len(DIDS))))
        return replace(cls(extensions=(*EXTENSIONS, *more), more_dids=dids), **changes)

    def extension(self, number: str) -> Extension:
        """Raises ValueError for a phone that the PBX does not have."""
        for item in self.extensions:
            if item.number == number:
                return item
        raise ValueError(f"the sandbox PBX has no extension {number!r}")

    def trunk(self, name: str) -> Trunk:
        """The trunk of that name, the first one for an empty name. Raises ValueError."""
        for item in self.trunks:
            if name in ("", item.name):
                return item
        raise ValueError(f"the sandbox PBX has no trunk {name!r}")

    def has_extension(self, number: str) -> bool:
        return any(item.number == number for item in self.extensions)

    def user(self, name: str) -> AmiUser | None:
        return next((item for item in self.users if item.name == name), None)
