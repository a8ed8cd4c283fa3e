# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches one Asterisk over an AMI link that is never cut, and says what it saw of a call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.bridges import Bridges, Channel
from itgrix_module.sandbox.rig.leg import PATIENCE, NothingHappened
from itgrix_module.sandbox.rig.manager import AmiLogin, Fields, Messages, action
from itgrix_module.sandbox.rig.truth import Truth

Found = TypeVar("Found")


@dataclass(frozen=True)
class Seen:
    """What the events say of one call; the names are those of ``Truth``."""

    direction: str
    trunk: str | None
    did: str | None
    answered_by: str | None
    last_talker: str | None
    rang: tuple[str, ...]
    wait: float
    talk: float
    dial_statuses: frozenset[str]


class Witness:
    """Run ``watch`` as a task; everything else answers from what has arrived."""

    def __init__(self, login: AmiLogin) -> None:
        self._login = login
        self._arrived = asyncio.Condition()
        self.parked: dict[str, str] = {}  # Uniqueid -> slot, of everybody who ever was
        self.bridges = Bridges()
        self.watching = asyncio.Event()

    async def watch(self) -> None:
        """Never returns; after a restart of the PBX it comes back by itself."""
        while True:
            with suppress(OSError):
                await self._one_link()
            self.watching.clear()
            self.bridges.reset(time.time())
            await asyncio.sleep(0.05)

    async def until(self, fact: Callable[[], Found | None], what: str, within: float = PATIENCE) -> Found:
        """Wait until ``fact`` returns something true after some event. Raises NothingHappened."""
        try:
            async with asyncio.timeout(within), self._arrived:
                while not (found := fact()):
                    await self._arrived.wait()
                return found
        except TimeoutError:
            raise NothingHappened(f"AMI: {what}: not within {within} s") from None

    # ---- questions

    def linkedid(self, truth: Truth) -> str | None:
        """Of the call that is meant, as soon as the PBX has told of it."""
        channels = (one for one in self.bridges.channels.values() if one.born >= truth.started - 1)
        found = min((one for one in channels if belongs(one, truth)), key=lambda one: one.born, default=None)
        return found.linkedid if found else None

    def over(self, linkedid: str) -> bool:
        """No channel of the call is left."""
        return all(one.died is not None for one in self._channels(linkedid))

    def cut_off(self, linkedid: str) -> bool:
        """The PBX died in mid-call."""
        return any(one.cut_off for one in self._channels(linkedid))

    def recordings(self, linkedid: str) -> list[Path]:
        """Files that the call's channels began to write."""
        return [Path(path) for one in self._channels(linkedid) for path in one.recordings]

    def parking_slot(self, client: str) -> str | None:
        """Where the client was parked."""
        known = self.bridges.channels
        return next((slot for one, slot in self.parked.items() if known[one].number == client), None)

    def joined(self, client: str, party: str) -> bool:
        """The client talks with that extension or outside number now."""
        return any(
            one.number == client and party in (other.extension, other.number) for one, other in self.bridges.talking()
        )

    def seen(self, linkedid: str) -> Seen:
        """What happened to the call; ask when it is over."""
        root = self.bridges.channels[linkedid]
        channels = self._channels(linkedid)
        client = client_of(root, channels)
        talks = [talk for talk in self.bridges.talks_of(client) if talk.one is not talk.other]
        human = [talk for talk in talks if employee(talk.other)]
        start = min((talk.start for talk in human), default=None)
        end = max((talk.end for talk in talks), default=0.0)
        return Seen(
            direction=direction_of(root, client),
            trunk=client.device if client.extension is None else None,
            did=root.exten if root.extension is None else None,
            answered_by=employee(min(human, key=lambda talk: talk.start).other) if human else None,
            last_talker=employee(max(human, key=lambda talk: talk.end).other) if human else None,
            rang=tuple(sorted({one.extension for one in channels if one.extension and one.rang})),
            wait=(start or max(one.died or 0.0 for one in channels)) - root.born,
            talk=end - start - client.parked if start else 0.0,
            dial_statuses=frozenset(one.dial_status for one in channels if one.dial_status),
        )

    def _channels(self, linkedid: str) -> list[Channel]:
        known = self.bridges.channels
        return [known[one] for one in sorted(self.bridges.members[linkedid]) if one in known]

    # ---- the link

    async def _one_link(self) -> None:
        reader, writer = await asyncio.open_connection(self._login.host, self._login.port)
        try:
            who = {"Username": self._login.username, "Secret": self._login.secret}
            writer.write(action("Login", **who))
            messages = Messages()
            while data := await reader.read(65536):
                await self._take(list(messages.feed(data)), time.time())
        finally:
            writer.transport.abort()

    async def _take(self, events: list[Fields], at: float) -> None:
        async with self._arrived:
            for event in events:
                self._note(event, at)
                self.bridges.feed(event, at)
            self._arrived.notify_all()

    def _note(self, event: Fields, at: float) -> None:
        kind = event.get("Event")
        if kind == "FullyBooted":
            self.watching.set()
        elif kind == "ParkedCall":
            self.parked[event["ParkeeUniqueid"]] = event["ParkingSpace"]


def client_of(root: Channel, channels: list[Channel]) -> Channel:
    """Outside party: the root of an incoming call, the first trunk leg of an outgoing one, else the root."""
    if root.device and root.extension is None:
        return root
    outside = (one for one in channels if one.device and one.extension is None)
    return min(outside, key=lambda one: one.born, default=root)


def belongs(channel: Channel, truth: Truth) -> bool:
    if truth.client is None:
        return (channel.extension, channel.exten) == (truth.caller, truth.dialled)
    return channel.number == truth.client or channel.exten.endswith(truth.client)


def direction_of(root: Channel, client: Channel) -> str:
    if client.extension is not None:
        return "internal"
    return "incoming" if client is root else "outgoing"


def employee(channel: Channel) -> str | None:
    """Extension, or the number of an employee's mobile; None for an outside party."""
    return channel.extension or (channel.number if channel.number == plan.MOBILE else None)
