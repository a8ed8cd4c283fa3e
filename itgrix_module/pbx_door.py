# SPDX-License-Identifier: GPL-3.0-or-later
"""The PBX as the settings describe it at this moment; rebuilt when its settings change."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

from itgrix_module.asterisk.filters import VARIABLES, Wanted
from itgrix_module.asterisk.link import Link, LinkSettings, LinkState
from itgrix_module.asterisk.sides import Sides
from itgrix_module.asterisk.wire import TlsOptions
from itgrix_module.domain.facts import CallOrdered, OrderFailed
from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.settings import Settings

_GETVAR_TIMEOUT = 3.0  # seconds
_STOP = 1.5  # seconds that the AMI link may take to end
REFUSED_AGAIN = 30.0  # seconds between logins that the PBX refused: more often, and fail2ban shuts us out


class PbxDoor:
    """The AMI link; replaced when its settings change. ``inbox``: where its messages go."""

    def __init__(self, inbox: queue.Queue[Any], clock: Callable[[], float]) -> None:
        self.inbox, self._clock = inbox, clock
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._settings: LinkSettings | None = None
        self.sides = Sides()

    def configure(self, settings: Settings) -> None:
        """Use these settings from now on; the link is only replaced when they concern it."""
        self.sides.pattern = settings["extensions.pattern"]
        self.sides.know(settings["extensions.list"], settings["trunks.list"])
        wanted = link_settings(settings)
        with self._lock:
            if wanted == self._settings:
                return
            old, self._link, self._settings = self._link, None, wanted
            if old is not None:
                old.stop(_STOP)
            self._link = Link(wanted, self.inbox, clock=self._clock)
            self._link.start()

    def reconnect(self) -> None:
        """Log in anew: the PBX gives rights at the login only."""
        with self._lock:
            if self._link is not None and self._settings is not None:
                self._link.stop(_STOP)
                self._link = Link(self._settings, self.inbox, clock=self._clock)
                self._link.start()

    @property
    def state(self) -> LinkState:
        """How the link is."""
        link = self._link
        return link.state if link else LinkState()

    @property
    def link(self) -> Link:
        """Raises NeedsOwner before the first settings."""
        if self._link is None:
            raise NeedsOwner("not_configured", "the PBX is not set up", "Set ami.username and ami.secret.")
        return self._link

    @property
    def taken(self) -> tuple[int, int, int]:
        """Messages taken since the link began, and those dropped for want of room: noise, needed ones."""
        link = self._link
        return (link.intake.received, link.intake.noise_dropped, link.intake.needed_dropped) if link else (0, 0, 0)

    def tell(self, fact: CallOrdered | OrderFailed) -> None:
        """Into the stream of the PBX's own events, in its place there. Waits while that is full."""
        self.inbox.put(fact)

    def recording_path(self, channel: str) -> str:
        """Path of the recording that runs on a channel, empty when the PBX has none. Raises Failure."""
        answer = self.link.action(
            "Getvar", [("Channel", channel), ("Variable", "MIXMONITOR_FILENAME")], timeout=_GETVAR_TIMEOUT
        )
        return answer.get("Value")

    def close(self) -> None:
        """End the link."""
        with self._lock:
            if self._link is not None:
                self._link.stop(_STOP)
                self._link = None


def link_settings(settings: Settings) -> LinkSettings:
    """The AMI part of the settings."""
    tls = None
    if settings["ami.tls"]:
        tls = TlsOptions(ca_file=settings["ami.tls_ca"], verify=settings["ami.tls_verify"])
    return LinkSettings(
        host=settings["ami.host"],
        port=settings["ami.port"],
        username=settings["ami.username"],
        secret=settings["ami.secret"],
        tls=tls,
        refused_retry=REFUSED_AGAIN,
        wanted=Wanted(variables=VARIABLES | {settings["calls.vote_variable"]} - {""}),
    )
