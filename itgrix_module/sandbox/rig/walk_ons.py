# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that no situation has asked for, such as a number clicked in the demo's portal: whoever has time answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from itgrix_module.sandbox.rig.leg import Leg, NothingHappened
from itgrix_module.sandbox.rig.phone import Phone

LOOK = 0.3  # seconds
PATIENCE = 2.0  # seconds of ringing after which nobody else is going to answer
TALK = 8.0  # seconds


class WalkOns:
    """``phones``: all that may be called so. ``has_time``: whether that phone is in no situation."""

    def __init__(
        self, phones: Iterable[Phone], has_time: Callable[[str], bool], patience: float = PATIENCE, talk: float = TALK
    ) -> None:
        self._phones = tuple(phones)
        self._has_time = has_time
        self._patience, self._talk = patience, talk

    async def play(self) -> None:
        """Until it is cancelled; then they hang up."""
        async with asyncio.TaskGroup() as calls:
            while True:
                for leg in self._unasked():
                    calls.create_task(self._answer(leg))
                await asyncio.sleep(LOOK)

    def _unasked(self) -> Iterable[Leg]:
        for phone in self._phones:
            if self._has_time(phone.number):
                yield from phone.unasked(self._patience)

    async def _answer(self, leg: Leg) -> None:
        try:
            leg.answer()
            await leg.ended.wait(self._talk)
        except NothingHappened:
            pass  # said all, or the caller has gone this moment
        finally:
            leg.hang_up()
