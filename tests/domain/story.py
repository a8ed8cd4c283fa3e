# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells a situation on the PBX as a few lines of text and plays it through the board.

Each line: seconds, verb, arguments.

    0  new    t1 trunk beeline from 79161234567 did 74950000001     a client calls in
    0  new    a1 ext 101 [from 101] [did 102] [calls]               a phone (``calls``: it dials by itself)
    0  new    l1 local pair1 [call t1]                              one half of a Local pair
    0  number a1 79161234567                                        the caller id changes
    0  dial   t1 a1 [79031110105 [own]]                             t1 rings a1 (``-``: nobody does, an Originate)
    2  end    t1 a1 ANSWER                                          the ringing ends
    2  join   b1 t1 a1                                              legs enter a bridge (``park:``: a car park)
    7  part   b1 a1
    4  blind  a1 102           4  attended a1 a2 b2                 transfers
    1  record t1 /rec/file.wav
    8  rate   t1 5
    7  hang   a1 t1 [cause]
"""

from __future__ import annotations

from itgrix_module.domain import policy, summary
from itgrix_module.domain.board import Board
from itgrix_module.domain.call import Call
from itgrix_module.domain.facts import (
    DialEnded,
    Fact,
    LegAdded,
    LegDialled,
    LegEnded,
    LegJoined,
    LegNumbered,
    LegParted,
    LegRated,
    LegTransferred,
    RecordingNamed,
    Room,
    Side,
)
from itgrix_module.domain.policy import Rules
from itgrix_module.domain.steps import Attach, Finish, Hide, Register, Show, Step
from tests.known import known

START = 1_795_000_000.0
INCOMING = """
0 new t1 trunk beeline from 79161234567 did 74950000001
0 record t1 /rec/in.wav
0 new a1 ext 101 call t1
0 dial t1 a1
2 end t1 a1 ANSWER
2 join b1 a1 t1
"""


class Story:
    """The calls and steps that a text leads to."""

    def __init__(self, text: str, rules: Rules | None = None) -> None:
        self.board = Board()
        self.rules = rules or Rules()
        self.calls: dict[str, Call] = {}
        self.steps: dict[str, list[Step]] = {}
        self.merged: dict[str, str] = {}
        self._linkedid: dict[str, str] = {}
        self.tell(text)

    def tell(self, text: str) -> Story:
        for line in filter(str.strip, text.splitlines()):
            seconds, verb, *words = line.split()
            for fact in getattr(self, f"_{verb}")(START + float(seconds), *words):
                self.apply(fact)
        return self

    def apply(self, fact: Fact) -> None:
        for change in self.board.apply(fact):
            if change.after is None:
                gone = known(change.before).id
                self.merged[gone] = change.merged_into
                self.calls.pop(gone, None)
                continue
            self.calls[change.after.id] = change.after
            steps = policy.steps(change.before, change.after, self.rules)
            self.steps.setdefault(change.after.id, []).extend(steps)

    @property
    def call(self) -> Call:
        """The only call."""
        (call,) = self.calls.values()
        return call

    def told(self, call: str) -> list[str]:
        """Steps of a call as short words: ``register 101,102``."""
        return [_words(step) for step in self.steps.get(call, [])]

    def talk(self, call: str) -> float:
        return round(summary.talk_seconds(self.calls[call], self.calls[call].changed), 3)

    def wait(self, call: str) -> float | None:
        wait = summary.wait_seconds(self.calls[call], self.calls[call].changed)
        return None if wait is None else round(wait, 3)

    def _new(self, at: float, leg: str, kind: str, party: str, *words: str) -> list[Fact]:
        options = dict(zip(words[::2], words[1::2], strict=False))
        call = options.get("call", leg)
        self._linkedid[leg] = self._linkedid.get(call, call)
        side = {"trunk": Side.OUTSIDE, "ext": Side.EMPLOYEE, "local": Side.LOCAL, "service": Side.SERVICE}[kind]
        calls = "calls" in words or (side is Side.OUTSIDE and "from" in options)
        return [
            LegAdded(
                at, leg, call=self._linkedid[leg], channel=f"PJSIP/{party}-{leg}", side=side, party=party,
                number=options.get("from", party if side is Side.EMPLOYEE else ""), dialled=options.get("did", "s"),
                calling=calls, pair=party if side is Side.LOCAL else "",
            )
        ]  # fmt: skip

    def _number(self, at: float, leg: str, number: str) -> list[Fact]:
        return [LegNumbered(at, leg, number)]

    def _dial(self, at: float, by: str, leg: str, number: str = "", own: str = "") -> list[Fact]:
        return [LegDialled(at, leg, by="" if by == "-" else by, number=number, own=bool(own))]

    def _rate(self, at: float, leg: str, vote: str) -> list[Fact]:
        return [LegRated(at, leg, int(vote))]

    def _end(self, at: float, by: str, leg: str, status: str) -> list[Fact]:
        return [DialEnded(at, leg, by="" if by == "-" else by, status=status)]

    def _join(self, at: float, bridge: str, *legs: str) -> list[Fact]:
        room = Room.PARK if bridge.startswith("park:") else Room.TALK
        return [LegJoined(at, leg, bridge, room) for leg in legs]

    def _part(self, at: float, bridge: str, *legs: str) -> list[Fact]:
        return [LegParted(at, leg, bridge) for leg in legs]

    def _blind(self, at: float, leg: str, to: str) -> list[Fact]:
        return [LegTransferred(at, leg, attended=False, to=to)]

    def _attended(self, at: float, leg: str, second: str, target: str) -> list[Fact]:
        return [LegTransferred(at, leg, attended=True, second=second, target=target)]

    def _record(self, at: float, leg: str, path: str) -> list[Fact]:
        return [RecordingNamed(at, leg, path)]

    def _hang(self, at: float, *words: str) -> list[Fact]:
        cause = int(words[-1]) if words[-1].isdigit() else 16
        return [LegEnded(at, leg, cause) for leg in words if not leg.isdigit()]


def _words(step: Step) -> str:
    name = type(step).__name__.lower()
    if isinstance(step, Register | Show | Hide):
        return f"{name} {','.join(step.employees)}".strip()
    if isinstance(step, Finish):
        return f"{name} {step.employee or '-'} {step.status} {round(step.talk)}s"
    if isinstance(step, Attach):
        return f"{name} {','.join(path.rsplit('/', 1)[-1] for path in step.paths)}"
    return name
