# SPDX-License-Identifier: GPL-3.0-or-later
"""The rig's situations one after another for ever, by people who take their time: for somebody who watches.

Calls that he makes himself, from the portal, are answered too.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.leg import Leg
from itgrix_module.sandbox.rig.pbx import RealPbx
from itgrix_module.sandbox.rig.phone import Phone
from itgrix_module.sandbox.rig.rig import Rig, Situation
from itgrix_module.sandbox.rig.situations import BY_NAME
from itgrix_module.sandbox.rig.stage import TALK, Stage
from itgrix_module.sandbox.rig.truth import Truth

log = logging.getLogger("itgrix.rig")

Pace = tuple[float, float]  # so many times as long as in a test, least and most

LONG: Pace = (4.0, 8.0)
SOME: Pace = (2.0, 4.0)
SHORT: Pace = (1.0, 1.8)  # where a phone rings meanwhile, or the PBX waits for digits

SCENES: dict[str, tuple[float, Pace]] = {  # situation -> how often it is drawn, and its pace
    "answered": (5, LONG),
    "agent_hangs_up": (3, LONG),
    "outgoing_answered": (5, LONG),
    "outgoing_client_hangs_up": (2, LONG),
    "outgoing_over_second_trunk": (1, LONG),
    "ring_group_answered": (3, LONG),
    "queue_answered": (3, LONG),
    "queue_in_turn": (1, SHORT),
    "client_gives_up": (2, SHORT),
    "nobody_answers": (2, SHORT),
    "ring_group_given_up": (1, SHORT),
    "queue_abandoned": (1, SHORT),
    "employee_busy": (1, SHORT),
    "blind": (2, SOME),
    "blind_unanswered": (1, SOME),
    "attended": (2, SOME),
    "attended_while_ringing": (1, SOME),
    "attended_by_code": (1, SHORT),
    "attended_outgoing": (1, SOME),
    "blind_to_outside": (1, SOME),
    "parked_and_retrieved": (1, SOME),
    "picked_up": (1, LONG),
    "forwarded_by_phone": (1, LONG),
    "followed_to_mobile": (2, LONG),
    "on_hold": (1, SOME),
    "menu_to_extension": (2, SOME),
    "menu_hung_up": (1, SOME),
    "voicemail": (1, LONG),
    "second_trunk": (1, LONG),
    "two_at_once": (1, SHORT),
    "outgoing_busy": (1, LONG),
    "outgoing_unanswered": (1, LONG),
    "outgoing_declined": (1, LONG),
    "outgoing_cancelled": (1, SOME),
    "outgoing_wrong_number": (1, LONG),
    "internal_answered": (1, LONG),
}
# Seconds to wait, then what begins: a spectator sees something at once and much of it soon.
OPENING = (
    (0.0, "ring_group_answered"),
    (0.6, "outgoing_answered"),
    (1.4, "client_gives_up"),
    (2.5, "queue_answered"),
    (3.0, "blind"),
)
CALM: Pace = (4.0, 8.0)  # seconds between the beginnings of two situations
RING: Pace = (1.2, 2.2)  # seconds until somebody answers; the PBX's own patience with a phone begins at three
AT_ONCE = 3  # situations
KNOWN = 0.7  # of the calls are with one of the clients, the others with a number that nobody has seen
SHIFT = 500  # situations until the rig is opened anew: it remembers every channel it has seen
FRESH = frozenset({"parked_and_retrieved"})  # the rig asks for a parked client by number alone


class Curtain(Exception):
    """The play was stopped in the middle."""


class Calm(Stage):
    """A stage where people take their time."""

    def __init__(self, stage: Stage, pace: Pace, client: str) -> None:
        """``client``: who calls or is called; empty for a number nobody has seen."""
        vars(self).update(vars(stage))  # its calls too: who clears that stage clears this one
        self._pace = pace
        self.client = client or stage.client

    async def answers(self, phone: Phone, dialled: str = "") -> Leg:
        """See Stage."""
        leg = await self.rings(phone, dialled)
        await asyncio.sleep(between(RING))
        leg.answer()
        return leg

    async def pass_time(self, seconds: float = TALK) -> None:
        """See Stage."""
        await asyncio.sleep(seconds * between(self._pace))


@dataclass(frozen=True)
class Casting:
    """Who plays: ``phones`` and the ``client``, an empty text for a number that nobody has seen."""

    name: str
    phones: tuple[str, ...]
    client: str


class Endless:
    """Calls on this PBX for ever, from ``with`` on to its end. ``clients``: outside numbers that call again and again.

    It ends within three seconds, with every call hung up.
    """

    def __init__(self, pbx: RealPbx, clients: Sequence[str] = ()) -> None:
        self._pbx = pbx
        self._clients = tuple(clients)
        self._rigs = ExitStack()  # the one that is open
        self._over = threading.Event()
        self._turn = threading.Condition()  # guards what is on stage
        self._on_stage: set[Casting] = set()
        self._acts: set[Act] = set()
        self._thread = threading.Thread(target=self._run, name="endless")

    def __enter__(self) -> Endless:
        self._open_rig()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with self._turn:
            self._turn.notify_all()
            for act in self._acts:
                act.stop()
        self._thread.join()

    # ---- the thread

    def _run(self) -> None:
        programme = self._programme()
        try:
            while not self._over.is_set():
                with ThreadPoolExecutor(AT_ONCE, "endless") as pool:
                    self._shift(pool, programme)
                self._rigs.close()
                if not self._over.is_set():
                    self._open_rig()
        finally:
            self._rigs.close()

    def _open_rig(self) -> None:
        self._rig = self._rigs.enter_context(Rig(self._pbx, walk_ons=True))

    def _shift(self, pool: ThreadPoolExecutor, programme: Iterator[tuple[float, str]]) -> None:
        for _ in range(SHIFT):
            gap, name = next(programme)
            if self._over.wait(gap):
                return
            casting = self._wait_for_players(name)
            if casting is None:
                return
            pool.submit(self._play, casting)

    def _programme(self) -> Iterator[tuple[float, str]]:
        yield from OPENING
        while True:
            yield between(CALM), draw()

    # ---- who plays

    def _wait_for_players(self, name: str) -> Casting | None:
        """Players for that situation, or for another one if they are engaged; None when all is over."""
        with self._turn:
            while not self._over.is_set():
                casting = self._cast(name) if len(self._on_stage) < AT_ONCE else None
                if casting is not None:
                    self._on_stage.add(casting)
                    return casting
                self._turn.wait(1.0)
                name = draw()
        return None

    def _cast(self, name: str) -> Casting | None:
        engaged = {phone for casting in self._on_stage for phone in casting.phones}
        phones = choose_phones(BY_NAME[name].phones, engaged)
        if phones is None:
            return None
        taken = {casting.client for casting in self._on_stage}
        clients = [client for client in self._clients if client not in taken]
        known = clients and name not in FRESH and random.random() < KNOWN
        return Casting(name, phones, random.choice(clients) if known else "")

    # ---- one situation

    def _play(self, casting: Casting) -> None:
        act = Act(casting)
        with self._turn:
            self._acts.add(act)
            if self._over.is_set():
                act.stop()
        try:
            played = self._rig.play(Situation(act.play, casting.phones))
        except Exception:
            log.exception("situation %s", casting.name)
            return
        finally:
            with self._turn:
                self._acts.discard(act)
                self._on_stage.discard(casting)
                self._turn.notify_all()
        for one in played.values():
            if one.failure is not None and not isinstance(one.failure, Curtain):
                log.info("situation %s: %s", casting.name, one.failure)


class Act:
    """One situation being played; ``stop`` ends it from any thread, at any time."""

    def __init__(self, casting: Casting) -> None:
        self._casting = casting
        self._lock = threading.Lock()
        self._stopped = False
        self._task: asyncio.Task[list[Truth]] | None = None

    async def play(self, stage: Stage) -> list[Truth]:
        """Raises Curtain when it was stopped."""
        casting = self._casting
        calm = Calm(stage, SCENES[casting.name][1], casting.client)
        with self._lock:
            if self._stopped:
                raise Curtain
            self._task = asyncio.ensure_future(_told(casting.name, calm))
        try:
            return await self._task
        except asyncio.CancelledError:
            raise Curtain from None

    def stop(self) -> None:
        """Returns at once."""
        with self._lock:
            self._stopped = True
            task = self._task
        if task is not None:
            task.get_loop().call_soon_threadsafe(task.cancel)


async def _told(name: str, stage: Stage) -> list[Truth]:
    return await BY_NAME[name].play(stage)


def choose_phones(wanted: int | tuple[str, ...], engaged: set[str]) -> tuple[str, ...] | None:
    """So many ordinary phones, or those named; None while they are engaged."""
    if isinstance(wanted, tuple):
        return None if engaged.intersection(wanted) else wanted
    free = [phone for phone in plan.ORDINARY if phone not in engaged]
    return tuple(random.sample(free, wanted)) if len(free) >= wanted else None


def draw() -> str:
    """Name of a situation."""
    return random.choices(tuple(SCENES), [weight for weight, _ in SCENES.values()])[0]


def between(limits: Pace) -> float:
    return random.uniform(*limits)
