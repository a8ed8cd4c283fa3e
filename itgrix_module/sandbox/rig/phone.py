# SPDX-License-Identifier: GPL-3.0-or-later
"""A SIP phone, or the provider at the other end of a trunk: takes calls by number dialled, and makes them."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict

from itgrix_module.sandbox.rig.leg import PATIENCE, Leg, NothingHappened
from itgrix_module.sandbox.rig.media import Media, MediaClock
from itgrix_module.sandbox.rig.sip import ADDRESS, Dialog, Endpoint, SipMessage, first, parse, respond, token


class Phone(asyncio.DatagramProtocol):
    """Rings for every call by itself; whoever plays it takes the call with ``rings`` and does the rest."""

    def __init__(self, end: Endpoint, clock: MediaClock, frequency: int) -> None:
        """``frequency``: of the tone it talks with, in Hz."""
        self.end = end
        self.clock = clock
        self.frequency = frequency
        self._legs: dict[str, Leg] = {}
        self._ringing: dict[str, asyncio.Queue[Leg]] = defaultdict(asyncio.Queue)

    @property
    def number(self) -> str:
        return self.end.user

    @property
    def calls(self) -> int:
        """How many it has now, those that ring as well."""
        return len(self._legs)

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        address = (self.end.address, self.end.port)
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=address)

    def close(self) -> None:
        self.drop_all()
        self._transport.close()

    # ---- for who plays it

    async def rings(self, dialled: str = "", within: float = PATIENCE) -> Leg:
        """Next call that rings here; at a provider the number that was ``dialled`` says which.

        Raises NothingHappened after ``within`` seconds.
        """
        number = dialled or self.number
        try:
            async with asyncio.timeout(within):
                while True:
                    leg = await self._ringing[number].get()
                    if not leg.ended:
                        return leg
        except TimeoutError:
            raise NothingHappened(f"{number} does not ring within {within} s") from None

    def unasked(self, patience: float) -> list[Leg]:
        """Calls that have rung here for so many seconds and that nobody has taken; they are taken by this."""
        since = time.time() - patience
        return [leg for waiting in self._ringing.values() for leg in _taken(waiting, since)]

    def dial(self, number: str, show: str = "", name: str = "") -> Leg:
        """Call a number; ``show`` and ``name``: the caller's, if not our own."""
        shown = f'"{name}" ' if name else ""
        local = f"{shown}<sip:{show or self.number}@{self.end.address}:{self.end.port}>;tag={token()}"
        uri = self.end.uri(number)
        dialog = Dialog(self.end, f"{token()}@{self.end.address}", local, f"<{uri}>", uri)
        leg = self._add(dialog)
        leg.invite_peer()
        return leg

    def drop_all(self) -> None:
        """Forget every call without a word."""
        for leg in list(self._legs.values()):
            leg.drop()
        self._ringing.clear()

    # ---- Owner

    def send(self, datagram: bytes) -> None:
        self._transport.sendto(datagram, self.end.server)

    def forget(self, leg: Leg) -> None:
        self._legs.pop(leg.dialog.call_id, None)

    # ---- DatagramProtocol

    def error_received(self, exc: Exception) -> None:
        """Asterisk is away for the moment; what waits for it notices by itself."""

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        if not data.strip():
            return
        message = parse(data)
        leg = self._legs.get(message.get("call-id"))
        if leg is not None:
            leg.take_response(message) if message.code else leg.take_request(message)
        elif message.method == "INVITE" and not message.code:
            self._new_call(message)
        elif not message.code and message.method != "ACK":
            self.send(respond(message, 481 if message.method == "BYE" else 200, self.end, token()))

    def _new_call(self, invite: SipMessage) -> None:
        dialog = Dialog(
            self.end,
            invite.get("call-id"),
            local=f"{invite.get('to')};tag={token()}",
            remote=invite.get("from"),
            target=first(ADDRESS, invite.get("contact")),
        )
        leg = self._add(dialog, invite)
        leg.ring()
        self._ringing[invite.dialled or self.number].put_nowait(leg)

    def _add(self, dialog: Dialog, invite: SipMessage | None = None) -> Leg:
        leg = Leg(self, dialog, Media(self.end.address, self.frequency), invite)
        self._legs[dialog.call_id] = leg
        return leg


def _taken(waiting: asyncio.Queue[Leg], since: float) -> list[Leg]:
    """Those that have rung since then at least; the younger ones, behind them, stay."""
    found: list[Leg] = []
    for _ in range(waiting.qsize()):
        leg = waiting.get_nowait()
        if not leg.ended and leg.rang.time > since:
            waiting.put_nowait(leg)
        elif not leg.ended:
            found.append(leg)
    return found
