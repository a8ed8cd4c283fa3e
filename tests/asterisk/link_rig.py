# SPDX-License-Identifier: GPL-3.0-or-later
"""A link, its queue and its clock, against a fake manager."""

from __future__ import annotations

import queue
import threading
from typing import Any

from itgrix_module.asterisk.link import Delivery, Link, LinkSettings
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.snapshot import Snapshot
from tests.asterisk.support import wait_for
from tests.fakes.ami_server import AmiServer


class Pace:
    """Notes how long the link wants to wait, and does not wait that long. ``now`` is its clock."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.now = 1795220000.0

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.waits.append(seconds)
        return event.wait(seconds if seconds == LinkSettings().boot_wait else min(seconds, 0.01))

    def clock(self) -> float:
        return self.now


class Rig:
    """A link to a fake manager and its queue."""

    def __init__(self, ami: AmiServer, size: int = 1000, **settings: Any) -> None:
        self.ami = ami
        self.pace = Pace()
        self.inbox: queue.Queue[Delivery] = queue.Queue(size)
        given = {"port": ami.port, "username": ami.username, "secret": ami.secret, **settings}
        self.link = Link(
            LinkSettings(**given), self.inbox, clock=self.pace.clock, draw=lambda: 0.5, wait=self.pace.wait
        )

    def wait_for_phase(self, phase: str) -> None:
        wait_for(lambda: self.link.state.phase == phase)

    def take(self, deadline: float = 10.0) -> Delivery:
        return self.inbox.get(timeout=deadline)

    def take_until(self, event: str) -> list[Delivery]:
        """Everything up to this event."""
        taken = [self.take()]
        while not (isinstance(taken[-1], Message) and taken[-1].event == event):
            taken.append(self.take())
        return taken


def names(deliveries: list[Delivery]) -> list[str]:
    return ["snapshot" if isinstance(one, Snapshot) else one.event for one in deliveries]
