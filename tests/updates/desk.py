# SPDX-License-Identifier: GPL-3.0-or-later
"""The look for new versions beside a publisher whose lists come over a real wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from itgrix_module.domain.failures import Failure
from itgrix_module.updates import Updates
from tests.fakes.releases import Publisher, Shelf

NOW = 1_795_000_000.0


@dataclass
class Desk:
    """``settings``: of the look."""

    home: Path
    shelf: Shelf
    publisher: Publisher
    now: float = NOW
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.publisher.url = f"http://{self.shelf.address}"
        self.settings |= {"updates.check": True, "updates.url": f"{self.publisher.url}/itgrix.json"}
        self.updates = self.anew()

    def anew(self) -> Updates:
        """As after a restart."""
        return Updates(
            self.home,
            lambda: self.settings,
            "1.0.0",
            key=lambda: self.publisher.key,
            shipped_url=lambda: "",
            clock=lambda: self.now,
            chance=lambda: 0.5,
        )

    def publish(self, *versions: str, **changes: Any) -> bytes:
        found = self.publisher.list(*(self.publisher.release(version) for version in versions), **changes)
        self.shelf.files["/itgrix.json"] = found
        return found

    def refused(self) -> Failure:
        with pytest.raises(Failure) as failure:
            self.updates.check()
        checked = self.updates.state().checked
        assert (checked.code, checked.text) == (failure.value.code, failure.value.text), "it is kept for the panel"
        return failure.value
