# SPDX-License-Identifier: GPL-3.0-or-later
"""The health of the running service, part by part, in words."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from itgrix_module.app.deliver import PortalState
from itgrix_module.app.directory import DirectoryState
from itgrix_module.app.health import Check, Health, Level
from itgrix_module.asterisk.link import LinkState
from itgrix_module.domain.failures import Failure

if TYPE_CHECKING:
    from itgrix_module.service import Service

_STALE = 300.0  # seconds that a delivery may be late before it is worth a warning


def health(service: Service, version: str) -> Health:
    """How each part is now."""
    now = time.time()
    database, counts = _database(service)
    directory = service.directory.state
    checks = (
        pbx_check(service.pbx.state),
        portal_check(service.deliverer.state),
        database,
        deliveries_check(counts, now),
        employees_check(directory),
    )
    counted = {**counts, "live_calls": service.tracker.live_calls, "employees": len(directory.employees)}
    return Health(version, service.node, service.started, now, checks, counted, _budget(service))


def _budget(service: Service) -> float:
    try:
        return service.portal.pressure()
    except Failure:
        return 0.0


def _database(service: Service) -> tuple[Check, Mapping[str, int]]:
    try:
        counts = dict(service.core.outbox.counts())
    except Failure as failure:
        return _bad("database", failure), {}
    return Check("database", Level.OK, "database_ok", "the database answers"), counts


def _bad(part: str, failure: Failure, since: float | None = None) -> Check:
    return Check(part, Level.ERROR, failure.code, failure.text, failure.hint, since)


def pbx_check(state: LinkState) -> Check:
    """The AMI link."""
    if state.phase in ("up", "resyncing"):
        if state.missing:
            names = ", ".join(state.missing)
            text = f"the manager user may not use {names}"
            hint = "Give the manager user the rights read=call,cdr,agent,system and write=originate,call,reporting."
            return Check("pbx", Level.WARNING, "ami_rights", text, hint, state.since, {"missing": names})
        text = f"connected to Asterisk {state.asterisk_version}".strip()
        params = {"version": state.asterisk_version}
        return Check("pbx", Level.OK, "ami_up", text, since=state.since, params=params)
    level = Level.WARNING if state.phase == "connecting" else Level.ERROR
    return Check("pbx", level, state.code or "ami_connecting", state.reason or "connecting", state.hint, state.since)


def portal_check(state: PortalState) -> Check:
    """Whether the portal takes calls."""
    if state.reason is None:
        return Check("portal", Level.OK, "portal_up", "the portal takes calls")
    return _bad("portal", state.reason, state.since)


def deliveries_check(counts: Mapping[str, int], now: float) -> Check:
    """What waits, and since when."""
    failed, waiting = counts.get("failed", 0), counts.get("waiting", 0)
    oldest = counts.get("oldest_due")
    if failed:
        text = f"{failed} deliveries failed for good"
        hint = "Look at them on the deliveries page: mend the cause and retry, or drop them."
        return Check("deliveries", Level.WARNING, "deliveries_failed", text, hint, params={"count": failed})
    if oldest is not None and now - oldest > _STALE:
        text = f"{waiting} deliveries wait, the oldest for {int((now - oldest) / 60)} minutes"
        return Check("deliveries", Level.WARNING, "deliveries_late", text, params={"count": waiting})
    return Check("deliveries", Level.OK, "deliveries_ok", f"{waiting} deliveries wait", params={"count": waiting})


def employees_check(state: DirectoryState) -> Check:
    """The employee map."""
    if state.failure is not None and not state.employees:
        return _bad("employees", state.failure)
    if state.doubles:
        names = ", ".join(state.doubles)
        hint = "Give every employee an internal number of his own in the portal."
        text = f"more than one portal user has the extension {names}"
        return Check("employees", Level.WARNING, "extension_doubled", text, hint, params={"extensions": names})
    if state.unknown:
        names = ", ".join(state.unknown)
        hint = "Enter the internal numbers in the portal, or map them on the employees page."
        text = f"no portal user has the extension {names}; its calls go to the default user"
        return Check("employees", Level.WARNING, "extension_unknown", text, hint, params={"extensions": names})
    if state.failure is not None:
        text = f"employees could not be refreshed: {state.failure.text}"
        return Check("employees", Level.WARNING, state.failure.code, text, state.failure.hint)
    count = len(state.employees)
    return Check("employees", Level.OK, "employees_ok", f"{count} employees known", params={"count": count})
