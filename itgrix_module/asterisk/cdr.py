# SPDX-License-Identifier: GPL-3.0-or-later
"""The PBX's call records: what happened while nobody listened.

FreePBX keeps them in ``asteriskcdrdb.cdr``. Times are the PBX's local wall clock with a resolution of one second; there
is no index on ``linkedid``, but one on ``uniqueid``. A PBX that dies writes no record of the calls it had.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, bindparam, create_engine, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from itgrix_module.domain.failures import NeedsOwner, Temporary

log = logging.getLogger("itgrix.calls")

_ENDS = text("SELECT uniqueid, calldate, duration FROM cdr WHERE uniqueid IN :legs").bindparams(
    bindparam("legs", expanding=True)
)
_AT_ONCE = 500  # unique ids in one query
_TIMEOUT = 5  # seconds
_SAME = 1.5  # seconds between a beginning as heard and as written


def open_records(url: str) -> Engine:
    """Raises NeedsOwner for an address that is none."""
    try:
        options = {"connect_timeout": _TIMEOUT} if url.startswith("mysql") else {"timeout": _TIMEOUT}
        return create_engine(url, connect_args=options, pool_pre_ping=True, pool_size=1, max_overflow=1)
    except (ArgumentError, ImportError) as error:
        raise NeedsOwner(
            "cdr_url", f"the address of the call records is not usable: {error}", "Check cdr.url."
        ) from None


def ends(engine: Engine, legs: Mapping[str, float]) -> dict[str, float]:
    """When legs ended, epoch seconds, of those that the records know. ``legs``: unique id to when it began.

    Raises Temporary when the records cannot be read.
    """
    found: dict[str, float] = {}
    wanted = sorted(legs)
    try:
        with engine.connect() as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                rows = connection.execute(_ENDS, {"legs": wanted[start : start + _AT_ONCE]})
                for leg, end in _ended(rows, legs):
                    found[leg] = max(end, found.get(leg, 0.0))
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise Temporary("cdr_unreadable", f"the call records cannot be read: {reason}", "Check cdr.url.") from error
    return found


def _ended(rows: Any, legs: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    for uniqueid, calldate, duration in rows:
        written = calldate if isinstance(calldate, datetime) else _moment(str(calldate))
        if written is None:
            continue
        began, leg = written.timestamp(), str(uniqueid)
        # Both are cut to whole seconds; where we heard the beginning ourselves, only half a second is left to guess.
        exact = legs.get(leg, 0.0)
        start = exact if abs(exact - began) <= _SAME else began + 0.5
        yield leg, start + float(duration or 0) + 0.5


def _moment(text_: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text_)
    except ValueError:
        return None
