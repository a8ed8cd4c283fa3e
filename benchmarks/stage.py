# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole installation for a benchmark: sandbox PBX, sandbox portal, the service between them, on SQLite."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from itgrix_module.core import open_core
from itgrix_module.place import Place
from itgrix_module.sandbox.pbx import AmiUser, Extension, Group, PbxConfig, SandboxPbx
from itgrix_module.sandbox.portal import PortalConfig, SandboxPortal
from itgrix_module.sandbox.portal.config import UserSeed
from itgrix_module.service import Service, running

LATENCY = 0.150  # seconds of every answer of the portal, as the peers were measured with


@dataclass(frozen=True)
class Stage:
    """Everything that runs."""

    pbx: SandboxPbx
    portal: SandboxPortal
    service: Service

    def settle(self, timeout: float) -> bool:
        """Wait until nothing is left to deliver."""
        return until(lambda: self.service.core.outbox.counts()["lanes"] == 0, timeout)

    def settle_with_recording(self, linkedid: str, timeout: float) -> bool:
        """Wait until the recording of a call is in the portal, and nothing is left to deliver."""

        def is_there() -> bool:
            calls = self.portal.calls()
            return any(call.external_call_id == f"pbx1-{linkedid}" and call.record is not None for call in calls)

        return until(is_there, timeout) and self.settle(timeout)


def until(true: Callable[[], bool], timeout: float, pause: float = 0.05) -> bool:
    """Wait for a condition; False when it does not come in time."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(pause)
    return true()


@contextmanager
def stage(employees: int = 20, latency: float = LATENCY, limited: bool = True) -> Iterator[Stage]:
    """``employees``: extensions from 201 on. ``limited``: 2 requests a second, burst 50."""
    numbers = [str(201 + number) for number in range(employees)]
    with tempfile.TemporaryDirectory(prefix="itgrix-bench-") as folder:
        home = Path(folder)
        monitor = home / "monitor"
        monitor.mkdir()
        pbx = SandboxPbx(
            PbxConfig(
                extensions=tuple(Extension(number, f"Employee {number}") for number in numbers),
                group=Group("600", tuple(numbers), timeout=60.0),
                queue=Group("700", tuple(numbers[:3])),
                users=(AmiUser("itgrix", "bench"),),
                monitor_dir=monitor,
                timestamps=True,
            )
        )
        users = tuple(
            UserSeed(number - 200, f"Name{number}", "Bench", str(number)) for number in range(201, 201 + employees)
        )
        config = dataclasses.replace(
            PortalConfig(users=(UserSeed(900, "Admin", "Bench", "", admin=True), *users)),
            webhook_telephony="lenient",
            bucket_burst=None if limited else 1e9,
            bucket_drain=None if limited else 1e9,
            webhooks=(dataclasses.replace(PortalConfig().webhooks[0], user_id=900),),
        )
        with SandboxPortal(config) as portal, pbx:
            portal.faults.latency("*", latency)
            place = Place(home, f"sqlite:///{home / 'itgrix.db'}")
            place.prepare()
            with open_core(place) as core:
                core.settings.save(
                    {
                        "portal.webhook_url": portal.webhook_url(),
                        "ami.port": pbx.port,
                        "routing.listen": "127.0.0.1:0",
                        "ami.username": "itgrix",
                        "ami.secret": "bench",
                        "recordings.directory": str(monitor),
                        **({} if limited else {"limits.rate": 1000.0, "limits.burst": 10000}),
                    }
                )
            with running(place) as service:
                assert until(lambda: service.pbx.state.phase == "up" and service.directory.is_ready, 20)
                yield Stage(pbx, portal, service)
