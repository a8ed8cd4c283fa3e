# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays calls one after another: calmly for somebody who watches, or many for a benchmark."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from itgrix_module.sandbox.pbx.config import PbxConfig
from itgrix_module.sandbox.pbx.plots import KINDS
from itgrix_module.sandbox.pbx.situation import Situation
from itgrix_module.sandbox.pbx.stage import Played, Stage
from itgrix_module.sandbox.pbx.timeline import Process

# seconds to wait, then what begins: a spectator sees something at once and much of it soon
OPENING = (
    (0.3, "incoming"),
    (2.2, "group"),
    (2.0, "missed"),
    (2.5, "outgoing"),
    (2.5, "queue"),
    (3.0, "blind_transfer"),
)
WEIGHTS: Mapping[str, float] = {
    "incoming": 6, "missed": 3, "group": 3, "queue": 3, "outgoing": 5, "menu": 2, "blind_transfer": 2,
    "attended_transfer": 1, "pickup": 1, "park": 1, "hold": 1, "follow_me": 1, "voicemail": 1, "queue_abandoned": 1,
    "menu_left": 1, "busy": 1, "outgoing_busy": 1, "outgoing_no_answer": 1, "outgoing_cancelled": 1,
    "outgoing_wrong_number": 1, "failover": 0.5, "internal": 1,
}  # fmt: skip
CALM = (6.0, 10.0)  # seconds between the beginnings of two calls
MAIN_TRUNK = 5  # times as many calls as each other trunk
ASK_AGAIN = 0.5  # seconds until the next look for a free employee


@dataclass(frozen=True)
class Pace:
    """Seconds, least and most, of Situation's fields."""

    ring: tuple[float, float] = (1.5, 4.0)
    talk: tuple[float, float] = (4.0, 9.0)
    pause: tuple[float, float] = (1.5, 3.5)


@dataclass(eq=False)
class Player:
    """``seed``: the same seed plays the same calls. ``weights``: kinds and how often each is drawn.

    ``at_once``: calls at the same time, at most. ``exclusive``: nobody is called who is on the phone.
    """

    stage: Stage
    seed: int = 1
    weights: Mapping[str, float] = field(default_factory=lambda: WEIGHTS)
    pace: Pace = Pace()
    at_once: int = 3
    exclusive: bool = True

    def __post_init__(self) -> None:
        unknown = set(self.weights) - set(KINDS)
        if unknown:
            raise ValueError(f"unknown situations: {', '.join(sorted(unknown))}")
        self._random = random.Random(self.seed)  # noqa: S311
        self._engaged: dict[Played, frozenset[str]] = {}

    def demo(self) -> Process:
        """Calls for a spectator, for ever."""
        for gap, kind in OPENING:
            yield gap
            yield from self._begin(kind)
        while True:
            yield self._random.uniform(*CALM)
            yield from self._begin(self._draw())

    def steady(self, rate: float, count: int | None = None) -> Process:
        """``rate`` calls a second on average, ``count`` of them."""
        while count is None or count > 0:
            yield self._random.expovariate(rate)
            yield from self._begin(self._draw())
            count = None if count is None else count - 1

    def situations(self, config: PbxConfig, count: int) -> Iterator[Situation]:
        """So many situations without playing them; employees may be in several calls at once."""
        for _ in range(count):
            situation = self._cast(self._draw(), config, frozenset())
            assert situation is not None
            yield situation

    def _draw(self) -> str:
        return self._random.choices(tuple(self.weights), tuple(self.weights.values()))[0]

    def _begin(self, kind: str) -> Process:
        """Start a call as soon as the house has room for it; another kind if those it needs are all engaged."""
        while self._running() >= self.at_once or self.stage.down:
            yield ASK_AGAIN
        busy = frozenset().union(*self._engaged.values()) if self.exclusive else frozenset[str]()
        situation = self._cast(kind, self.stage.config, busy)
        while situation is None:
            yield ASK_AGAIN
            self._running()
            busy = frozenset().union(*self._engaged.values())
            situation = self._cast(self._draw(), self.stage.config, busy)
        people = frozenset({situation.extension, situation.target, *situation.members})
        self._engaged[self.stage.play(situation)] = people

    def _running(self) -> int:
        self._engaged = {played: people for played, people in self._engaged.items() if not played.done}
        return len(self._engaged)

    def _cast(self, kind: str, config: PbxConfig, busy: frozenset[str]) -> Situation | None:
        """Who takes part and how long it lasts; None when there is nobody free for it."""
        people = self._people(kind, config, busy)
        if not people:
            return None
        choose, times = self._random, self.pace
        who, target, members = people
        direct = KINDS[kind].did == "direct"
        client = choose.choice(config.clients)
        return Situation(
            kind,
            client=client.number,
            name=client.name,
            extension=who,
            target=target,
            members=members,
            did=choose.choice((config.dids["direct"], *config.more_dids)) if direct else "",
            trunk=choose.choices(config.trunks, [MAIN_TRUNK, *[1] * (len(config.trunks) - 1)])[0].name,
            ends=choose.choice(("client", "client", "employee")),
            ring=round(choose.uniform(*times.ring), 2),
            talk=round(choose.uniform(*times.talk), 2),
            pause=round(choose.uniform(*times.pause), 2),
            talk_after=round(choose.uniform(*times.talk), 2),
        )

    def _people(self, kind: str, config: PbxConfig, busy: frozenset[str]) -> tuple[str, str, tuple[str, ...]] | None:
        cast = KINDS[kind].cast
        free = [item for item in config.extensions if item.number not in busy]
        if cast in ("group", "queue"):
            house = config.group if cast == "group" else config.queue
            members = tuple(member for member in house.members if member not in busy)
            return (self._random.choice(members), "", members) if members else None
        fitting = [item.number for item in free if _fits(cast, bool(item.mobile), item.voicemail)]
        needed = 2 if cast == "pair" else 1
        if len(fitting) < needed:
            return None
        chosen = self._random.sample(fitting, needed)
        return chosen[0], chosen[1] if cast == "pair" else "", ()


def _fits(cast: str, mobile: bool, voicemail: bool) -> bool:
    """Phones with follow-me or voicemail answer for themselves only where that is the point."""
    if cast in ("mobile", "voicemail"):
        return mobile if cast == "mobile" else voicemail
    return not mobile and not voicemail
