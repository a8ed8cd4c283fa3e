# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages read of steps on their way to the portal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from itgrix_module.storage.models import Step
from itgrix_module.storage.outbox_admin import StepRow, step_columns, step_row
from web.reading import key, key_of, rows, value

_STEPS = Step.__table__.c


@dataclass(frozen=True)
class StepPage:
    """``next``: key for ``after``."""

    items: Sequence[StepRow] = ()
    next: str = ""
    is_later: bool = False


@dataclass(frozen=True)
class Figures:
    """Steps on their way. ``retrying`` are part of ``waiting``; ``oldest``: when the oldest of them was decided."""

    waiting: int = 0
    retrying: int = 0
    failed: int = 0
    oldest: float | None = None

    def __getitem__(self, name: str) -> int:
        return int(getattr(self, name))


def figures() -> Figures:
    """What is on its way, counted."""
    waiting = _STEPS.state == "waiting"
    counted = rows(select(func.count().label("number"), func.min(_STEPS.decided_at).label("oldest")).where(waiting))
    retrying = value(select(func.count()).where(waiting, _STEPS.attempts > 0)) or 0
    failed = value(select(func.count()).where(_STEPS.state == "failed")) or 0
    return Figures(counted[0]["number"], retrying, failed, counted[0]["oldest"])


def find_steps(state: str, limit: int, after: str) -> StepPage:
    """``waiting``, ``retrying`` or ``failed`` steps: what was decided last stands first."""
    query = _listed(step_columns(), state)
    edge = key_of(after)
    if edge is not None:
        at, row = edge
        older = or_(_STEPS.decided_at < at, _STEPS.id < row)
        query = query.where(and_(_STEPS.decided_at <= at, older))
    found = rows(query.order_by(_STEPS.decided_at.desc(), _STEPS.id.desc()).limit(limit + 1))
    shown = found[:limit]
    last = key(shown[-1]["decided_at"], shown[-1]["id"]) if len(found) > limit else ""
    return StepPage([step_row(row) for row in shown], last, edge is not None)


def step_ids(state: str) -> list[int]:
    """All steps of such a list, in the order in which they were decided."""
    query = _listed(select(_STEPS.id), state)
    return [row["id"] for row in rows(query.order_by(_STEPS.decided_at, _STEPS.id))]


def _listed(query: Select[Any], state: str) -> Select[Any]:
    query = query.where(_STEPS.state == ("failed" if state == "failed" else "waiting"))
    return query.where(_STEPS.attempts > 0) if state == "retrying" else query


def steps(ids: Sequence[int]) -> list[StepRow]:
    """Those of the ids that wait or failed, in the order of their decision."""
    query = step_columns().where(_STEPS.id.in_(ids), _STEPS.state.in_(("waiting", "failed")))
    return [step_row(row) for row in rows(query.order_by(_STEPS.decided_at, _STEPS.id))]
