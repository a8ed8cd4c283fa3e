# SPDX-License-Identifier: GPL-3.0-or-later
"""The page for Prometheus: the counters since the start, and the service at this moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from itgrix_module.domain.failures import Failure
from itgrix_module.telemetry.counters import Now

if TYPE_CHECKING:
    from itgrix_module.service import Service


def page(service: Service) -> bytes:
    """Prometheus' text format."""
    health = service.health()
    messages, noise, needed = service.pbx.taken
    now = Now(
        version=health.version,
        node=health.node,
        started=health.started,
        parts={check.part: check.level.value for check in health.checks},
        counts=health.counts,
        budget=health.budget,
        oldest=_oldest(service, health.now),
        messages=messages,
        noise=noise,
        needed=needed,
    )
    return service.counters.page(now)


def _oldest(service: Service, now: float) -> float:
    """Seconds that the oldest delivery is overdue; 0 while the database does not answer, which is told by its part."""
    try:
        due = service.core.outbox.next_due(now)
    except Failure:
        return 0.0
    return 0.0 if due is None else max(0.0, now - due)
