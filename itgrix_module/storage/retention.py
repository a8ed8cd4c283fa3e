# SPDX-License-Identifier: GPL-3.0-or-later
"""Forgetting the past in small slices, so that live calls never wait for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Column, Connection, Table, delete, select

from itgrix_module.storage.engine import Database
from itgrix_module.storage.models import Call, Client, Timeline
from itgrix_module.storage.models_access import Audit
from itgrix_module.storage.writing import table_of

calls = table_of(Call)
SLICE = 50
SLICE_OF_LINES = 500
LEAST_REST = 0.02  # seconds


@dataclass(frozen=True)
class Horizon:
    """What is older than these epoch seconds goes; None keeps all.

    ``calls``: whole calls with everything that belongs to them, by their start. ``timeline``: lines only, the bulk
    of the data. ``audit``: who changed what.
    """

    calls: float | None = None
    timeline: float | None = None
    audit: float | None = None


def prune(
    database: Database,
    horizon: Horizon,
    goes_on: Callable[[], bool] = lambda: True,
    rest: Callable[[float], object] = time.sleep,
) -> int:
    """Deletes slice by slice while ``goes_on``; returns how many calls and lines went.

    Calls that are live or have waiting steps stay, whatever their age. ``rest``: waits so many seconds after each
    slice, as long as the slice took: SQLite has one writer, and calls go first.
    """
    gone = 0
    for delete_slice in _slices(horizon):
        while goes_on():
            began = time.monotonic()
            # Not durable: what a power cut brings back is deleted the next time.
            deleted = database.run(delete_slice, durable=False)
            gone += deleted
            if not deleted:
                break
            rest(max(time.monotonic() - began, LEAST_REST))
    return gone


def _slices(horizon: Horizon) -> list[Callable[[Connection], int]]:
    found: list[Callable[[Connection], int]] = []
    timeline, audit, clients = table_of(Timeline), table_of(Audit), table_of(Client)
    if horizon.timeline is not None:
        found.append(_older(timeline, timeline.c.id, timeline.c.at, horizon.timeline))
    if horizon.audit is not None:
        found.append(_older(audit, audit.c.id, audit.c.at, horizon.audit))
    if horizon.calls is not None:
        found.append(_calls_before(horizon.calls))
        found.append(_older(clients, clients.c.number, clients.c.seen, horizon.calls))
    return found


def _older(table: Table, key: Column[object], at: Column[float], before: float) -> Callable[[Connection], int]:
    def delete_slice(connection: Connection) -> int:
        keys = connection.scalars(select(key).where(at < before).limit(SLICE_OF_LINES)).all()
        return connection.execute(delete(table).where(key.in_(keys))).rowcount if keys else 0

    return delete_slice


def _calls_before(before: float) -> Callable[[Connection], int]:
    def delete_slice(connection: Connection) -> int:
        old = select(calls.c.id).where(calls.c.started < before, ~calls.c.live, calls.c.delivery != "waiting")
        ids = connection.scalars(old.order_by(calls.c.started).limit(SLICE)).all()
        # Their steps, lines and parties go with them by the foreign keys.
        return connection.execute(delete(calls).where(calls.c.id.in_(ids))).rowcount if ids else 0

    return delete_slice
