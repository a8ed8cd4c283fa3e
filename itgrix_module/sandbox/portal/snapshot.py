# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole state as JSON values, for programs that drive the sandbox from outside."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from itgrix_module.sandbox.portal.portal import SandboxPortal


def whole(portal: SandboxPortal) -> dict[str, Any]:
    """Everything but secrets and the bytes of recordings."""
    state = portal.state
    with state.lock:
        return {
            "revision": state.revision,
            "url": state.url,
            "oauth_url": state.oauth_url,
            "member_id": state.member_id,
            "now": state.now(),
            "crm_mode": state.crm_mode,
            "users": plain(list(state.users.values())),
            "lines": plain(list(state.lines.values())),
            "calls": plain(portal.calls()),
            "leads": plain(portal.leads),
            "contacts": plain(portal.contacts),
            "companies": plain(portal.companies),
            "deals": plain(portal.deals),
            "activities": plain(portal.activities),
            "tasks": plain(portal.tasks),
            "messages": plain(portal.messages),
            "notifications": plain(portal.notifications),
            "comments": plain(portal.comments),
            "http": dict(portal.http),
            "methods": dict(state.log.methods),
            "errors": dict(state.log.errors),
            "requests": plain(portal.requests[-200:]),
            "deliveries": plain(portal.deliveries[-200:]),
            "bucket": bucket(portal),
            "refreshes": portal.refreshes,
            "faults": portal.faults.rules(),
            "outage": portal.faults.outage_kind,
        }


def bucket(portal: SandboxPortal) -> dict[str, float]:
    """How full the rate bucket is."""
    limits = portal.state.bucket
    with portal.state.lock:
        level = limits.highest(portal.state.now())
        return {"level": round(level, 1), "burst": limits.burst, "drain": limits.drain, "refused": limits.refused}


def plain(value: Any, name: str = "") -> Any:
    """Dataclasses as maps, sets as sorted lists; bytes and tokens left out."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): plain(item, str(key)) for key, item in value.items() if not isinstance(item, bytes)}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return "***" if name in ("access_token", "refresh_token", "application_token") else value
