# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole installation for a test: sandbox PBX, sandbox portal and the service between them, over real sockets."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itgrix_module.app.health import Check, Level
from itgrix_module.commands.serving import Address, panel
from itgrix_module.core import open_core
from itgrix_module.place import Place
from itgrix_module.sandbox.pbx import AmiUser, PbxConfig, SandboxPbx, Situation, Truth
from itgrix_module.sandbox.portal import PortalConfig, SandboxPortal
from itgrix_module.sandbox.portal.config import UserSeed
from itgrix_module.sandbox.portal.views import CallView
from itgrix_module.service import Service, running
from tests.fakes.migrated import migrated

ADMIN = 900
AMI = {"ami.username": "itgrix", "ami.secret": "sandbox-secret"}
EXTENSIONS = range(101, 111)


def until(true: Callable[[], object], seconds: float = 15.0, what: object = "") -> None:
    """Wait for a condition; fails when it does not come."""
    deadline = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        if true():
            return
        now = time.monotonic()
        assert now < deadline, f"did not come in {seconds:g} s: {what() if callable(what) else what}"
        # Who waits must not take the processor from what he waits for.
        time.sleep(max(0.02, min(0.2, 5 * (now - began))))


def user_of(extension: str | int) -> int:
    """Portal user of an employee of the sandbox PBX."""
    return int(extension) - 100


def portal_config(**changes: Any) -> PortalConfig:
    """The company of the sandbox PBX, without a limit of requests."""
    default = PortalConfig()
    users = (
        UserSeed(ADMIN, "Admin", "", "", admin=True),
        *(UserSeed(user_of(number), f"Employee {number}", "", str(number)) for number in EXTENSIONS),
    )
    config = dataclasses.replace(
        default,
        users=users,
        webhooks=(dataclasses.replace(default.webhooks[0], user_id=ADMIN),),
        webhook_telephony="lenient",
        bucket_burst=10_000,
        bucket_drain=1000,
    )
    return dataclasses.replace(config, **changes)


def pbx_config(monitor: Path, **changes: Any) -> PbxConfig:
    """The usual sandbox PBX, which writes its recordings there."""
    monitor.mkdir(parents=True, exist_ok=True)
    return dataclasses.replace(PbxConfig(monitor_dir=monitor, users=(AmiUser("itgrix", "sandbox-secret"),)), **changes)


def settings_of(pbx: SandboxPbx, portal: SandboxPortal) -> dict[str, Any]:
    """As an administrator would enter them."""
    return {
        **AMI,
        "ami.host": "127.0.0.1",
        "ami.port": pbx.port,
        "routing.listen": "127.0.0.1:0",
        "portal.webhook_url": portal.webhook_url(),
        "recordings.directory": str(pbx.config.monitor_dir),
        "limits.rate": 500.0,
        "limits.burst": 5000,
    }


@dataclass(frozen=True)
class House:
    """Everything that runs. ``panel``: address of the panel without a slash at the end."""

    pbx: SandboxPbx
    portal: SandboxPortal
    service: Service
    panel: str

    def ring(self, kind: str = "incoming", **changes: Any) -> Truth:
        """Play a short call to its end."""
        return self.pbx.play(short(kind, **changes))

    def call(self, truth: Truth) -> CallView | None:
        """The portal's call of a call of the PBX; fails when there are two."""
        return the_call(self.portal, f"{self.service.node}-{truth.linkedid}")

    def wait_ready(self) -> None:
        """Until the service hears the PBX and knows the employees."""
        until(lambda: self.service.pbx.state.phase == "up" and self.service.directory.is_ready, 15, self.service.health)

    def wait_delivered(self, seconds: float = 15.0) -> None:
        """Until nothing is left to send."""
        outbox = self.service.core.outbox
        until(lambda: outbox.counts()["lanes"] == 0, seconds, lambda: self.service.core.deliveries.steps("waiting"))

    def wait_finished(self, truth: Truth, seconds: float = 15.0) -> CallView:
        """Until the portal has closed the call."""
        until(lambda: (found := self.call(truth)) and found.finished, seconds, lambda: self.call(truth))
        found = self.call(truth)
        assert found is not None
        return found

    def check(self, part: str) -> Check:
        """What the panel shows of a part."""
        return next(check for check in self.service.health().checks if check.part == part)

    def wait_check(self, part: str, code: str, seconds: float = 10.0) -> Check:
        """Until the panel shows this finding; that finding, for the next look may be at another try of the link."""
        seen: list[Check] = []

        def is_shown() -> bool:
            seen.append(self.check(part))
            return seen[-1].code == code

        until(is_shown, seconds, lambda: seen[-1])
        return seen[-1]

    def steps(self, truth: Truth) -> dict[str, str]:
        """What became of the steps of a call, by kind."""
        story = self.service.core.calls.story(self.service.node, truth.linkedid)
        return {step.kind: step.state for step in story.steps} if story else {}

    def told(self, truth: Truth) -> list[str]:
        """The call's timeline."""
        story = self.service.core.calls.story(self.service.node, truth.linkedid)
        return [entry.text for entry in story.timeline] if story else []


def short(kind: str = "incoming", **changes: Any) -> Situation:
    """A call that takes less than a second."""
    times = {"ring": 0.2, "talk": 0.4, "pause": 0.2, "talk_after": 0.3}
    people = {"client": "79161234567", "extension": "101"} | changes
    return Situation(kind, **{**times, **people})


def the_call(portal: SandboxPortal, external_id: str) -> CallView | None:
    """The portal's call with this id of ours; fails when there are two."""
    found = [call for call in portal.calls() if call.external_call_id == external_id]
    assert len(found) <= 1, found
    return found[0] if found else None


def place_of(home: Path, database: str = "") -> Place:
    """A home, with SQLite in it unless another database is named."""
    return Place(home, database or f"sqlite:///{home / 'itgrix.db'}")


def configure(place: Place, settings: Mapping[str, Any]) -> None:
    """As ``itgrix settings`` does, whether the service runs or not."""
    place.prepare()
    migrated(place.database_url)
    with open_core(place) as core:
        core.settings.save(dict(settings))


@contextmanager
def sandboxes(
    folder: Path, *, pbx: Mapping[str, Any] | None = None, portal: Mapping[str, Any] | None = None
) -> Iterator[tuple[SandboxPbx, SandboxPortal]]:
    """A PBX and a portal. ``pbx``, ``portal``: changes of their configurations."""
    with (
        SandboxPortal(portal_config(**(portal or {}))) as made,
        SandboxPbx(pbx_config(folder / "monitor", **(pbx or {}))) as exchange,
    ):
        yield exchange, made


@contextmanager
def house(
    folder: Path,
    settings: Mapping[str, Any] | None = None,
    *,
    pbx: Mapping[str, Any] | None = None,
    portal: Mapping[str, Any] | None = None,
    ready: bool = True,
) -> Iterator[House]:
    """Set up and run everything. ``settings``: besides the usual ones; ``ready``: wait until both ends are up."""
    with sandboxes(folder, pbx=pbx, portal=portal) as ends, furnished(folder, *ends, settings or {}) as found:
        if ready:
            found.wait_ready()
        yield found


@contextmanager
def furnished(
    folder: Path, pbx: SandboxPbx, portal: SandboxPortal, settings: Mapping[str, Any], database: str = ""
) -> Iterator[House]:
    """The service between a PBX and a portal that are there already. ``database``: its address, else SQLite."""
    place = place_of(folder / "home", database)
    configure(place, {**settings_of(pbx, portal), **settings})
    with running(place) as service, panel(service, Address("127.0.0.1", 0)) as url:
        yield House(pbx, portal, service, url)


OK, WARNING, ERROR = Level.OK, Level.WARNING, Level.ERROR
