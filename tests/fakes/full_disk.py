# SPDX-License-Identifier: GPL-3.0-or-later
"""A full disk without a disk: a database whose file cannot grow. SQLite says of it what it says of a full disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, PoolProxiedConnection

_FULL = 1  # pages; less than there are means: as many as there are
_MOST = 1073741823  # pages, SQLite's own limit


@contextmanager
def full_disk(engine: Engine) -> Iterator[None]:
    """Within the block the file of this SQLite engine stays as large as it is.

    Not by a listener: SQLAlchemy's lists of them may not change while other threads go through them.
    """
    usual, most = engine.pool.connect, _FULL

    def connect() -> PoolProxiedConnection:
        connection = usual()
        connection.cursor().execute(f"PRAGMA max_page_count={most}")
        return connection

    vars(engine.pool)["connect"] = connect
    try:
        yield
    finally:
        most = _MOST
