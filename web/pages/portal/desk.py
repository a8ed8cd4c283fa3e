# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page and the address for events work with."""

from __future__ import annotations

from typing import Protocol

from itgrix_module.app.application import Mended
from itgrix_module.app.happenings import Taken
from itgrix_module.app.joining import Overview, Trial

PATH = "/bitrix24/events"


class PortalDesk(Protocol):
    """Fulfilled by ``itgrix_module.way_in.WayIn``. All but ``take`` may raise Failure."""

    def take(self, body: bytes) -> Taken:
        """An event, of any content."""

    def overview(self, *, recent: bool = False) -> Overview: ...

    def authorise(self) -> str:
        """Address of the portal's page where a person agrees."""

    def authorised(self, state: str, code: str, server: str = "") -> str:
        """What came back from that page; returns the portal's domain."""

    def test(self) -> Trial: ...

    def mend(self) -> Mended: ...
