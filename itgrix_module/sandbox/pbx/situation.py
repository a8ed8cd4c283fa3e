# SPDX-License-Identifier: GPL-3.0-or-later
"""What to play, and what came of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Situation:
    """A call to play. Empty fields are filled from the configuration; which of them count depends on the kind.

    ``kind``: a key of ``plots.KINDS``. ``client``: number as the provider shows it, ``name``: caller id name with it.
    ``extension``: the employee who is called or who calls. ``target``: the second employee (who picks up, to whom the
    call is transferred), for an outgoing call the number dialled if not the client's. ``members``: phones of a group or
    queue. ``ends``: who hangs up, ``client`` or ``employee``. ``recorded``: the PBX records the call.

    Seconds: ``ring``: from the ringing of the phone to its answer, or until the caller gives up; ``talk``: the (first)
    conversation; ``pause``: menu, hold, consultation, time in the car park; ``talk_after``: the conversation after
    that; ``rounds``: rounds of a queue that nobody answers.
    """

    kind: str
    client: str = ""
    name: str = ""
    extension: str = ""
    target: str = ""
    members: tuple[str, ...] = ()
    did: str = ""
    trunk: str = ""
    ends: str = "client"
    ring: float = 2.0
    talk: float = 5.0
    pause: float = 3.0
    talk_after: float = 5.0
    rounds: int = 0
    recorded: bool = True


@dataclass
class Truth:
    """What really happened in one call. Times in epoch seconds, durations in seconds.

    ``direction``: incoming, outgoing, internal. ``line``: DID, trunk of an outgoing call, empty for an internal one.
    ``outcome``: answered, missed, busy, cancelled, declined, failed, no_answer. ``wait``: start to the first human
    answer, or to the end; None when nobody waited. ``talk``: first human answer until the client is released, holds
    and consultations included, parked time not. ``recordings``: files with the client's conversation. ``recorded``:
    they hold sound.
    """

    kind: str
    linkedid: str = ""
    direction: str = ""
    client: str = ""
    did: str = ""
    trunk: str = ""
    queue: str = ""
    outcome: str = ""
    answered_by: str = ""
    last_talker: str = ""
    rang: list[str] = field(default_factory=list)
    transfers: list[dict[str, str]] = field(default_factory=list)
    recordings: list[str] = field(default_factory=list)
    started: float = 0.0
    answered: float | None = None
    ended: float | None = None
    waited_from: float | None = None
    talked_until: float | None = None
    parked: float = 0.0
    _talking: bool = field(default=False, repr=False)

    @property
    def line(self) -> str:
        return self.did if self.direction == "incoming" else self.trunk

    @property
    def wait(self) -> float | None:
        if self.answered is not None:
            return self.answered - self.started
        if self.waited_from is None or self.ended is None:
            return None
        return self.ended - self.waited_from

    @property
    def talk(self) -> float:
        if self.answered is None or self.talked_until is None:
            return 0.0
        return self.talked_until - self.answered - self.parked

    @property
    def recorded(self) -> bool:
        return bool(self.recordings) and self.answered is not None

    def rings(self, party: str) -> None:
        """A phone (or an employee's mobile) is being rung."""
        if party not in self.rang:
            self.rang.append(party)

    def talks(self, party: str, now: float) -> None:
        """The client talks with this employee from now on."""
        if self.answered is None:
            self.answered, self.answered_by, self.outcome = now, party, "answered"
        self.last_talker = party
        self._talking = True

    def falls_silent(self, now: float) -> None:
        """The client talks with nobody any more."""
        if self._talking:
            self.talked_until, self._talking = now, False

    def close(self, now: float, outcome: str) -> None:
        """The call is over; ``outcome`` counts when nobody answered."""
        self.falls_silent(now)
        self.ended = self.ended if self.ended is not None else now
        self.outcome = self.outcome or outcome

    def as_dict(self) -> dict[str, Any]:
        """JSON data with everything that is derived as well."""
        data = {name: value for name, value in asdict(self).items() if not name.startswith("_")}
        return {**data, "line": self.line, "wait": self.wait, "talk": self.talk, "recorded": self.recorded}
