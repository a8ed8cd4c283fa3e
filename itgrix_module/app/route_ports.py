# SPDX-License-Identifier: GPL-3.0-or-later
"""Smart routing's words for the outside: the question, the answer, and what it needs from others."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from itgrix_module.app.clients import Clients
from itgrix_module.app.people_ports import Employee
from itgrix_module.app.route_memory import Worktime
from itgrix_module.domain.responsible import Record
from itgrix_module.domain.routing import Decision

_LONGEST_NUMBER, _LONGEST_LINE, _LONGEST_NAME, _LONGEST_ID = 64, 100, 64, 150  # characters
_LIMITS = 50, 10_000  # milliseconds, as of routing.limit_ms
# Variables are pasted into expressions and arguments of a dialplan: nothing that it could take for its own.
_SPECIAL = re.compile(r'[\x00-\x1f\x7f"\\$\[\]{}`|;,&<>^]')
_LONGEST_TEXT = 100


@dataclass(frozen=True)
class Asked:
    """A caller to be routed. ``destination``: whose rules count; ``linkedid``: his call in the PBX, empty for none.

    ``limit``: seconds that the answer may take; 0: as the administrator has set.
    """

    number: str
    line: str = ""
    destination: str = ""
    linkedid: str = ""
    limit: float = 0.0

    @classmethod
    def of(cls, number: str, line: str = "", destination: str = "", linkedid: str = "", limit_ms: str = "") -> Asked:
        """From anywhere: one line without invisible characters, of a bearable length; a limit that makes sense."""
        return cls(
            _plain(number, _LONGEST_NUMBER),
            _plain(line, _LONGEST_LINE),
            _plain(destination, _LONGEST_NAME),
            _plain(linkedid, _LONGEST_ID),
            limit_of(limit_ms),
        )


@dataclass(frozen=True)
class Routed:
    """``number``: in normal form; ``stale``: an old answer of the portal was used; ``seconds``: how long it took.

    ``told``: what a customization did, empty for nothing.
    """

    asked: Asked
    decision: Decision
    number: str = ""
    stale: bool = False
    seconds: float = 0.0
    told: str = ""
    records: tuple[Record, ...] = ()
    caller_name: bool = True


class People(Protocol):
    """Employees as the directory knows them."""

    def employee(self, party: str) -> Employee | None:
        """By extension or mobile."""

    def extension(self, user: int) -> str | None:
        """To dial a portal user; empty when he has none, None when he does not work here."""

    def name(self, user: int) -> str:
        """Of a portal user."""


class Devices(Protocol):
    """States of phones, in Asterisk's words."""

    def state(self, extension: str, since: float) -> str | None:
        """As known now, by an answer that came after ``since`` (monotonic seconds) or one that counts for others too.

        None when it has to be asked.
        """

    def ask(self, extension: str) -> None:
        """Ask the PBX; afterwards it is known, as far as the PBX knows it. Raises Failure."""

    def sent(self, extension: str) -> None:
        """A call is on its way there: what was known of it is old."""


class Talks(Protocol):
    """Past calls."""

    def last_talker(self, number: str, since: float) -> str:
        """Extension or mobile of the employee who talked last with this client; empty for nobody. Raises Failure."""


Customize = Callable[[Routed], tuple[Decision, str]]  # what a script makes of it, and what to tell of that


@dataclass(frozen=True)
class Sources:
    """Where facts come from. ``customize``: None when no script is on; ``now``: epoch seconds."""

    clients: Clients
    worktime: Worktime
    people: People
    devices: Devices
    talks: Talks
    customize: Callable[[], Customize | None] = lambda: None
    now: Callable[[], float] = time.time


def _plain(text: str, most: int) -> str:
    return "".join(char for char in text[:most] if char.isprintable()).strip()


def limit_of(limit_ms: str) -> float:
    """Seconds; 0 for what is no number of milliseconds that ``routing.limit_ms`` could be."""
    milliseconds = int(limit_ms) if limit_ms.isascii() and limit_ms.isdigit() and len(limit_ms) < 7 else 0
    return milliseconds / 1000 if _LIMITS[0] <= milliseconds <= _LIMITS[1] else 0.0


def harmless(text: str) -> str:
    """For a channel variable: one line without whatever a dialplan could take for its own."""
    return " ".join(_SPECIAL.sub(" ", text).split())[:_LONGEST_TEXT]
