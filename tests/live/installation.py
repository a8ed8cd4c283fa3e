# SPDX-License-Identifier: GPL-3.0-or-later
"""The product beside a real PBX: service, database and sandbox portal, as an administrator would set them up."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from itgrix_module.app.reconcile_ports import Order
from itgrix_module.core import open_core
from itgrix_module.domain.failures import Temporary
from itgrix_module.place import Place
from itgrix_module.sandbox.portal import PortalConfig, SandboxPortal
from itgrix_module.sandbox.portal.config import UserSeed
from itgrix_module.sandbox.portal.views import CallView
from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.pbx import RealPbx
from itgrix_module.service import Service, running

DEFAULT_USER = 900
MOBILE_USER = 10  # the employee of plan.FOLLOW_ME
FIRST_USER = 1


def user_of(party: str | None) -> int:
    """Portal user of an extension or of the employee's mobile; the default user for nobody."""
    if party == plan.MOBILE:
        return MOBILE_USER
    return int(party) - 100 if party in plan.EMPLOYEES else DEFAULT_USER


@dataclass(frozen=True)
class Installation:
    """Everything that runs for one PBX."""

    service: Service
    portal: SandboxPortal

    def call(self, linkedid: str) -> CallView | None:
        """The portal's call for a call of the PBX; fails when there are two."""
        found = [call for call in self.portal.calls() if call.external_call_id == f"{self.service.node}-{linkedid}"]
        assert len(found) <= 1, found
        return found[0] if found else None

    def wait_until_delivered(self, seconds: float) -> None:
        """Until nothing is left to send."""
        outbox = self.service.core.outbox
        assert until(lambda: outbox.counts()["lanes"] == 0, seconds), outbox.counts()

    def compare(self, seconds: float) -> None:
        """With what the PBX wrote down of all calls until now."""
        reconciling = self.service.reconciling

        def begun() -> bool:
            try:
                reconciling.begin(Order(self.service.started, time.time()))
            except Temporary:  # it runs by itself at this moment
                return False
            return True

        assert until(begun, seconds), "the comparison cannot begin"
        assert until(lambda: (now := reconciling.progress) is not None and now.state != "running", seconds)
        assert reconciling.progress is not None
        assert reconciling.progress.state == "done", reconciling.progress


def until(true: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def portal_config() -> PortalConfig:
    """A portal with the company's employees, as strict about requests as the cloud is, without its request limit."""
    users = [
        UserSeed(user_of(number), name, "", number, mobile=f"+{plan.MOBILE}" if number == plan.FOLLOW_ME else "")
        for number, name in plan.EMPLOYEES.items()
    ]
    default = PortalConfig()
    return dataclasses.replace(
        default,
        users=(UserSeed(DEFAULT_USER, "Admin", "", "", admin=True), *users),
        webhooks=(dataclasses.replace(default.webhooks[0], user_id=DEFAULT_USER),),
        webhook_telephony="lenient",
        bucket_burst=10_000,
        bucket_drain=1000,
    )


@contextmanager
def installation(pbx: RealPbx, home: Path, database_url: str) -> Iterator[Installation]:
    """Set up and run the product for this PBX."""
    place = Place(home, database_url)
    place.prepare()
    with SandboxPortal(portal_config()) as portal:
        with open_core(place) as core:
            core.settings.save(
                {
                    "pbx.node": f"live{pbx.version}",
                    "ami.host": pbx.ami.host,
                    "ami.port": pbx.ami.port,
                    "routing.listen": "127.0.0.1:0",
                    "ami.username": pbx.ami.username,
                    "ami.secret": pbx.ami.secret,
                    "cdr.url": pbx.cdr_url,
                    "portal.webhook_url": portal.webhook_url(),
                    "calls.default_user": DEFAULT_USER,
                    "recordings.directory": str(pbx.monitor_dir),
                    "limits.rate": 500.0,
                    "limits.burst": 5000,
                }
            )
        with running(place) as service:
            ready = until(lambda: service.pbx.state.phase == "up" and service.directory.is_ready, 60)
            assert ready, service.health()
            yield Installation(service, portal)
