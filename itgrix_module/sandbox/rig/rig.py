# SPDX-License-Identifier: GPL-3.0-or-later
"""Phones, providers and a witness around one real Asterisk, and the players of situations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.leg import NothingHappened
from itgrix_module.sandbox.rig.links import LoopThread
from itgrix_module.sandbox.rig.media import MediaClock
from itgrix_module.sandbox.rig.pbx import RealPbx
from itgrix_module.sandbox.rig.phone import Phone
from itgrix_module.sandbox.rig.sip import Endpoint
from itgrix_module.sandbox.rig.stage import Stage
from itgrix_module.sandbox.rig.truth import Recording, Truth, read_recording, whose_names_begin
from itgrix_module.sandbox.rig.walk_ons import WalkOns
from itgrix_module.sandbox.rig.witness import Seen, Witness

Play = Callable[[Stage], Awaitable[list[Truth]]]
AT_ONCE = 6  # situations; more would make two cores late
TO_FINISH = 10.0  # seconds for the last channel and the recordings of a call


@dataclass(frozen=True)
class Situation:
    """Something that happens on the telephone.

    ``phones``: how many ordinary ones it needs, or which. ``alone``: nothing else may happen meanwhile.
    """

    play: Play
    phones: int | tuple[str, ...] = 1
    alone: bool = False

    @property
    def name(self) -> str:
        return self.play.__name__


@dataclass
class Played:
    """A situation that has been played: the calls that happened, or why it went wrong."""

    situation: Situation
    truths: list[Truth] = field(default_factory=list)
    failure: Exception | None = None
    seconds: float = 0.0

    def calls(self) -> list[Truth]:
        """The calls. Raises what went wrong, if anything did."""
        if self.failure is not None:
            raise self.failure
        return self.truths


class Rig:
    """Use it in a ``with``, on a PBX that runs. Its phones live in a thread of their own."""

    def __init__(self, pbx: RealPbx, walk_ons: bool = False) -> None:
        """``walk_ons``: phones that are in no situation answer calls that none has asked for."""
        self.pbx = pbx
        self._walk_ons = walk_ons
        self._thread = LoopThread(f"rig-{pbx.version}")
        # Of outside parties; a portal that two rigs share must not see one of them twice.
        self._numbers = count(int(time.time()) % 100_000 * 10)

    def __enter__(self) -> Rig:
        self._thread.run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.run(self._close())
        self._thread.close()

    def play(self, *situations: Situation) -> dict[str, Played]:
        """Play them, those that allow it at the same time; returns when all calls and their recordings are over."""
        return self._thread.run(self._play(situations))

    def seen(self, truth: Truth) -> Seen:
        """What AMI told of that call, found without the phones."""
        return self._witness.seen(truth.linkedid)

    # ---- opening and closing

    async def _open(self) -> None:
        clock = MediaClock()
        server = ("127.0.0.1", self.pbx.ports.sip)
        ports = self.pbx.ports
        ends = [Endpoint(number, "127.0.0.1", port, server) for number, port in ports.phones.items()]
        ends += [Endpoint(name, plan.TRUNKS[name], port, server) for name, port in ports.trunks.items()]
        everybody = [Phone(end, clock, 300 + 50 * n) for n, end in enumerate(ends)]
        for phone in everybody:
            await phone.open()
        self._phones = {one.number: one for one in everybody if one.number in plan.EMPLOYEES}
        self._providers = {one.number: one for one in everybody if one.number in plan.TRUNKS}
        self._leases = Leases(self._phones)
        self._witness = Witness(self.pbx.login("witness"))
        self._tasks = [asyncio.create_task(clock.run()), asyncio.create_task(self._witness.watch())]
        if self._walk_ons:
            play = WalkOns(everybody, self._leases.is_free).play()
            self._tasks.append(asyncio.create_task(play))
        await asyncio.wait_for(self._witness.watching.wait(), TO_FINISH)

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for phone in (*self._phones.values(), *self._providers.values()):
            phone.close()

    # ---- playing

    async def _play(self, situations: Iterable[Situation]) -> dict[str, Played]:
        chosen = list(situations)
        together = [one for one in chosen if not one.alone]
        limit = asyncio.Semaphore(AT_ONCE)
        played = await asyncio.gather(*(self._play_one(one, limit) for one in together))
        for one in chosen:
            if one.alone:
                played.append(await self._play_one(one, limit))
        return {one.situation.name: one for one in played}

    async def _play_one(self, situation: Situation, limit: asyncio.Semaphore) -> Played:
        played = Played(situation)
        async with self._leases.take(situation.phones) as phones, limit:
            started = time.monotonic()
            stage = Stage(self.pbx, self._witness, phones, self._providers, self._numbers)
            try:
                told = await situation.play(stage)
                played.truths = [await self._complete(truth) for truth in told]
            except Exception as problem:
                problem.add_note(f"in the situation {situation.name} on Asterisk {self.pbx.version}")
                played.failure = problem
            finally:
                await stage.clear()
                if situation.alone:
                    await asyncio.to_thread(self._mend)
            played.seconds = time.monotonic() - started
        return played

    def _mend(self) -> None:
        """What a situation that went wrong may have left broken."""
        self.pbx.start()
        self.pbx.heal_ami()

    async def _complete(self, truth: Truth) -> Truth:
        """Wait until the PBX is done with the call and add what only the PBX knows."""
        witness = self._witness
        linkedid = await witness.until(lambda: witness.linkedid(truth), f"a call like {truth}")
        await witness.until(lambda: witness.over(linkedid), f"the end of {linkedid}", TO_FINISH)
        paths = witness.recordings(linkedid)
        if witness.cut_off(linkedid):  # nobody will finish them
            files = [read_recording(path) or Recording(path, 0.0) for path in paths]
        else:
            files = [await self._finished(path) for path in paths]
        return replace(truth, linkedid=linkedid, recordings=whose_names_begin(files, truth.own))

    async def _finished(self, path: Path) -> Recording:
        deadline = time.monotonic() + TO_FINISH
        while (found := read_recording(path)) is None:
            if time.monotonic() > deadline:
                raise NothingHappened(f"{path} is not finished")
            await asyncio.sleep(0.05)
        return found


class Leases:
    """Lends phones, each to one situation at a time."""

    def __init__(self, phones: dict[str, Phone]) -> None:
        self._phones = phones
        self._free = dict.fromkeys(phones)
        self._returned = asyncio.Condition()

    def is_free(self, name: str) -> bool:
        """Nobody has it; true of what is not lent at all."""
        return name in self._free or name not in self._phones

    @asynccontextmanager
    async def take(self, wanted: int | tuple[str, ...]) -> AsyncIterator[list[Phone]]:
        """So many ordinary phones, or those named; waits until all are free."""
        async with self._returned:
            while (names := self._choose(wanted)) is None:
                await self._returned.wait()
            for name in names:
                del self._free[name]
        try:
            yield [self._phones[name] for name in names]
        finally:
            async with self._returned:
                self._free.update(dict.fromkeys(names))
                self._returned.notify_all()

    def _choose(self, wanted: int | tuple[str, ...]) -> Sequence[str] | None:
        if isinstance(wanted, tuple):
            return wanted if all(name in self._free for name in wanted) else None
        if wanted > len(plan.ORDINARY):
            raise ValueError(f"there are {len(plan.ORDINARY)} ordinary phones, not {wanted}")
        ordinary = [name for name in self._free if name in plan.ORDINARY]
        return ordinary[:wanted] if len(ordinary) >= wanted else None
