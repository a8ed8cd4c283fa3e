# SPDX-License-Identifier: GPL-3.0-or-later
"""Two phones that call each other without a PBX: whoever has time answers what nobody has asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from itgrix_module.sandbox.rig.leg import NothingHappened
from itgrix_module.sandbox.rig.media import MediaClock
from itgrix_module.sandbox.rig.phone import Phone
from itgrix_module.sandbox.rig.sip import Endpoint
from itgrix_module.sandbox.rig.walk_ons import LOOK, WalkOns
from tests.fakes.ports import free_port

SOON = 5.0  # seconds


@asynccontextmanager
async def two_phones() -> AsyncIterator[tuple[Phone, Phone]]:
    here, there = (("127.0.0.1", free_port()) for _ in range(2))
    clock = MediaClock()
    anna, boris = Phone(Endpoint("101", *here, there), clock, 300), Phone(Endpoint("102", *there, here), clock, 350)
    await anna.open()
    await boris.open()
    running = asyncio.create_task(clock.run())
    try:
        yield anna, boris
    finally:
        running.cancel()
        anna.close()
        boris.close()


@asynccontextmanager
async def walking(boris: Phone, has_time: bool, patience: float = 0.0, talk: float = 60.0) -> AsyncIterator[None]:
    playing = asyncio.create_task(WalkOns([boris], lambda _: has_time, patience, talk).play())
    try:
        yield
    finally:
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)


def test_call_that_nobody_expects_is_answered_and_ended() -> None:
    async def story() -> None:
        async with two_phones() as (anna, boris), walking(boris, has_time=True, talk=0.1):
            call = anna.dial("102")
            await call.answered.wait(SOON)
            await call.ended.wait(SOON)

    asyncio.run(story())


def test_caller_who_hangs_up_ends_it_too_and_the_next_call_is_answered() -> None:
    async def story() -> None:
        async with two_phones() as (anna, boris), walking(boris, has_time=True):
            for _ in range(2):
                call = anna.dial("102")
                await call.answered.wait(SOON)
                call.hang_up()

    asyncio.run(story())


def test_phone_of_a_situation_is_left_alone() -> None:
    async def story() -> None:
        async with two_phones() as (anna, boris), walking(boris, has_time=False):
            call = anna.dial("102")
            with pytest.raises(NothingHappened):
                await call.answered.wait(3 * LOOK)
            (await boris.rings(within=SOON)).reject(486)
            await call.ended.wait(SOON)

    asyncio.run(story())


def test_call_that_has_just_begun_waits_for_the_situation_that_asked_for_it() -> None:
    async def story() -> None:
        async with two_phones() as (anna, boris), walking(boris, has_time=True, patience=60.0):
            call = anna.dial("102")
            await call.rang.wait(SOON)
            assert not boris.unasked(60.0)
            assert (await boris.rings(within=SOON)).shown == "101"

    asyncio.run(story())


def test_at_the_end_they_hang_up() -> None:
    async def story() -> None:
        async with two_phones() as (anna, boris):
            async with walking(boris, has_time=True):
                call = anna.dial("102")
                await call.answered.wait(SOON)
            await call.ended.wait(SOON)

    asyncio.run(story())
