# SPDX-License-Identifier: GPL-3.0-or-later
"""A full disk without a disk: a database whose file cannot grow. SQLite says of it what it says of a full disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

_MOST = 1073741823  # pages, SQLite's own limit


@contextmanager
def full_disk(engine: Engine) -> Iterator[None]:
    """Within the block the file of this SQLite engine stays as large as it is."""
    event.listen(engine, "checkout", _hold)
    try:
        yield
    finally:
        event.remove(engine, "checkout", _hold)
        event.listen(engine, "checkout", _let)


def _hold(connection: Any, *_: object) -> None:
    connection.execute("PRAGMA max_page_count=1")  # less than there are means: as many as there are


def _let(connection: Any, *_: object) -> None:
    connection.execute(f"PRAGMA max_page_count={_MOST}")
