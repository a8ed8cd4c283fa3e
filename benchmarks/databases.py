# SPDX-License-Identifier: GPL-3.0-or-later
"""The databases that the product runs on, each empty and for one benchmark."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.mariadb import installed, mariadb_server


@contextmanager
def databases() -> Iterator[Iterator[tuple[str, str]]]:
    """Name and address of a database of each kind; MariaDB where it is installed."""
    with tempfile.TemporaryDirectory(prefix="itgrix-bench-") as folder:
        yield _databases(Path(folder))


def _databases(folder: Path) -> Iterator[tuple[str, str]]:
    yield "SQLite", f"sqlite:///{folder / 'bench.db'}"
    if installed():
        with mariadb_server("--innodb-flush-log-at-trx-commit=1") as server:
            yield "MariaDB", server.create_database("itgrix_bench")
