# SPDX-License-Identifier: GPL-3.0-or-later
"""A PBX and a portal around a service that runs as a process of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from itgrix_module.place import Place
from itgrix_module.sandbox.pbx import SandboxPbx, Truth
from itgrix_module.sandbox.portal import SandboxPortal
from itgrix_module.sandbox.portal.views import CallView
from tests.service.house import configure, place_of, sandboxes, settings_of, the_call, until
from tests.service.outcome import SLACK, all_whole
from tests.service.process import Served

NODE = "pbx1"


@dataclass
class Outside:
    """What stands around the process."""

    place: Place
    pbx: SandboxPbx
    portal: SandboxPortal

    def wait_ready(self, process: Served) -> None:
        """Until the service hears the PBX and knows the employees."""
        until(lambda: self.pbx.connections and health(process)["counts"]["employees"], 20, process.lines)
        until(lambda: health(process)["checks"]["pbx"]["level"] == "ok", 20, process.lines)

    def has(self, *truths: Truth) -> bool:
        """Whether the portal has closed these calls and has their recordings."""
        return not self.lacks(*truths)

    def lacks(self, *truths: Truth) -> list[tuple[Truth, CallView | None]]:
        """Calls that are open, not recorded, or not there."""
        found = [(truth, the_call(self.portal, f"{NODE}-{truth.linkedid}")) for truth in truths]
        return [
            (truth, call)
            for truth, call in found
            if not call or not call.finished or call.records < int(truth.recorded)
        ]

    def assert_whole(self, process: Served, *truths: Truth, seconds: float = 30.0, slack: float = SLACK) -> None:
        """Every call once."""
        until(lambda: self.has(*truths), seconds, lambda: (self.lacks(*truths), process.lines[-30:]))
        all_whole(self.portal, NODE, *truths, slack=slack)


def health(process: Served) -> Any:
    """What ``/status`` says."""
    return requests.get(f"{process.panel}/status", timeout=20).json()


@contextmanager
def outside_of(
    folder: Path, settings: Mapping[str, Any] | None = None, *, pbx: Mapping[str, Any] | None = None
) -> Iterator[Outside]:
    """Everything but the service, which is set up and may be started. ``settings``: besides the usual ones.

    ``pbx``: changes of its configuration.
    """
    with sandboxes(folder, pbx=pbx) as (exchange, portal):
        place = place_of(folder / "home")
        configure(place, {**settings_of(exchange, portal), **(settings or {})})
        yield Outside(place, exchange, portal)
