# SPDX-License-Identifier: GPL-3.0-or-later
"""A token store in a file with a lock that holds between processes; run as a program it makes one call per thread."""

from __future__ import annotations

import fcntl
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from itgrix_module.app.rest_ports import Tokens
from itgrix_module.bitrix24.auth import AppAuth
from itgrix_module.bitrix24.client import PortalClient
from itgrix_module.bitrix24.limiter import Limiter
from itgrix_module.bitrix24.memory import MemoryLimits


class FileTokens:
    """TokenStore in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Tokens | None:
        known = json.loads(self._path.read_text())
        return Tokens(**{**known, "scope": frozenset(known["scope"])})

    def save(self, tokens: Tokens) -> None:
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps({**asdict(tokens), "scope": sorted(tokens.scope)}))
        fresh.replace(self._path)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def call_in_threads(path: Path, threads: int) -> list[str]:
    """What ``profile`` answered in each thread."""
    auth = AppAuth(FileTokens(path), "local.id", "secret")
    limits = Limiter(MemoryLimits())
    with PortalClient(auth, limits=limits) as client, ThreadPoolExecutor(threads) as pool:
        answers = [pool.submit(client.call, "profile") for _ in range(threads)]
        found = [str(answer.result()) for answer in answers]
    auth.close()
    return found


if __name__ == "__main__":
    print(json.dumps(call_in_threads(Path(sys.argv[1]), int(sys.argv[2]))))
