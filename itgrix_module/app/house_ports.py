# SPDX-License-Identifier: GPL-3.0-or-later
"""What the processes of one house share: the settings, and the duties that one of them has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class SettingStore(Protocol):
    """Dotted keys to JSON values; secrets are encrypted at rest."""

    def load(self) -> Mapping[str, Any]: ...

    def save(self, values: Mapping[str, Any], removed: Sequence[str] = ()) -> None:
        """All or nothing."""

    def version(self) -> int:
        """Grows with every save, so that other processes notice."""


class Leases(Protocol):
    """Duties that only one process has at a time."""

    def take(self, name: str, owner: str, now: float, seconds: float) -> bool: ...

    def release(self, name: str, owner: str) -> None: ...
