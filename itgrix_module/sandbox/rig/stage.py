# SPDX-License-Identifier: GPL-3.0-or-later
"""What one situation has at hand: its phones, the providers, and a client whom nobody else has."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.leg import Leg, NothingHappened
from itgrix_module.sandbox.rig.pbx import RealPbx
from itgrix_module.sandbox.rig.phone import Phone
from itgrix_module.sandbox.rig.witness import Witness

TALK = 1.2  # seconds that people talk when it does not matter how long
BEFORE_ANSWER = 0.5
SETTLE = 1.0  # seconds that the product gets to look around when its AMI link is back
RECONNECT = 60.0  # seconds that it may take to come back


class Stage:
    """``phones``: leased to this situation alone. ``client``: an outside number that nobody has had before."""

    def __init__(
        self,
        pbx: RealPbx,
        witness: Witness,
        phones: Sequence[Phone],
        providers: dict[str, Phone],
        numbers: count[int],
    ) -> None:
        self.pbx = pbx
        self.phones = phones
        self.provider = providers[plan.FIRST_TRUNK]
        self.second_provider = providers[plan.SECOND_TRUNK]
        self._witness = witness
        self._numbers = numbers
        self._legs: list[Leg] = []
        self.client = self.outsider()

    def outsider(self) -> str:
        """Another outside number of that kind."""
        return f"79{self.pbx.version}{next(self._numbers):07d}"

    # ---- what people do

    def dial_in(self, did: str, client: str = "", name: str = "", provider: Phone | None = None) -> Leg:
        """The client dials one of our numbers."""
        return self._keep((provider or self.provider).dial(did, client or self.client, name))

    def dial(self, phone: Phone, number: str) -> Leg:
        """An employee dials."""
        return self._keep(phone.dial(number))

    async def rings(self, phone: Phone, dialled: str = "") -> Leg:
        """The phone rings, or the provider's with the number dialled."""
        return self._keep(await phone.rings(dialled))

    async def first_to_ring(self) -> Leg:
        """Whichever of this situation's phones rings first."""
        waiting = [asyncio.create_task(phone.rings()) for phone in self.phones]
        done, rest = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
        return self._keep(done.pop().result())

    async def answers(self, phone: Phone, dialled: str = "") -> Leg:
        """It rings a moment and is answered."""
        leg = await self.rings(phone, dialled)
        await self.pass_time(BEFORE_ANSWER)
        leg.answer()
        return leg

    async def pass_time(self, seconds: float = TALK) -> None:
        """People talk, listen or let it ring; nothing is waited for."""
        await asyncio.sleep(seconds)

    # ---- what the PBX says

    async def parking_slot(self, client: str) -> str:
        """Number to dial to get the parked client back."""
        return await self._witness.until(lambda: self._witness.parking_slot(client), "a parked call")

    def all_parked(self) -> dict[str, str]:
        """Number to dial for each channel that was ever parked, by its Uniqueid."""
        return dict(self._witness.parked)

    async def next_parked(self, before: dict[str, str]) -> str:
        """Number to dial for whoever is parked next, through Local pairs or not; ``before``: as ``all_parked`` said."""
        await self._witness.until(lambda: self._witness.parked != before, "a parked call")
        return next(place for one, place in self._witness.parked.items() if before.get(one) != place)

    async def joined(self, client: str, party: str) -> None:
        """Wait until the client and that extension or outside number talk, as far as the PBX knows."""
        await self._witness.until(lambda: self._witness.joined(client, party), f"{client} and {party} in one bridge")

    # ---- the product's AMI link

    async def cut_ami(self) -> int:
        """Cut it; returns how many connections it had."""
        users = self.pbx.ami_users
        await asyncio.to_thread(self.pbx.cut_ami)
        return users

    async def heal_ami(self, users: int) -> None:
        """Let it through again and wait until as many connections are back."""
        await asyncio.to_thread(self.pbx.heal_ami)
        await self.ami_is_back(users)

    async def ami_is_back(self, users: int) -> None:
        """Wait until the PBX is up and the product, if it was there (``users`` connections), is back on its AMI port.

        One connection is enough: a second one for actions is opened when it is needed.
        """
        await self._witness.watching.wait()
        if not users:
            return
        async with asyncio.timeout(RECONNECT):
            while not self.pbx.ami_users:
                await asyncio.sleep(0.05)
        await self.pass_time(SETTLE)

    # ---- the end

    async def clear(self) -> None:
        """End every call that is left, after a situation that went wrong."""
        for leg in self._legs:
            if leg.ended:
                continue
            if leg.answered:
                leg.hang_up()
            elif leg.outgoing:
                leg.cancel()
            else:
                leg.reject(603)
        for leg in self._legs:
            try:
                await leg.ended.wait(2.0)
            except NothingHappened:
                leg.drop()

    def _keep(self, leg: Leg) -> Leg:
        self._legs.append(leg)
        return leg
