# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page of updates works with; the service fulfils it."""

from __future__ import annotations

from typing import Protocol

from itgrix_module.app.update_run import Run
from itgrix_module.app.updates import UpdateState


class UpdateDesk(Protocol):
    """Versions of the product."""

    def state(self) -> UpdateState:
        """What is known now."""

    def check(self) -> UpdateState:
        """Look for new versions now. Raises Failure."""

    def start(self, who: str, version: str = "") -> Run:
        """Begin an update; it goes on by itself. Raises Failure."""

    def said(self) -> str:
        """What the last update said."""
