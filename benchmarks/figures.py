# SPDX-License-Identifier: GPL-3.0-or-later
"""A measured figure beside its budget and beside what the best open peer reached."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """``budget``: of the design; ``peer``: asterlink, measured the same way."""

    name: str
    value: str
    budget: str
    peer: str

    def line(self) -> str:
        """One row of the report."""
        return f"{self.name:66} {self.value:28} {self.budget:18} {self.peer}"


HEADING = Figure("what", "measured", "budget", "asterlink")
