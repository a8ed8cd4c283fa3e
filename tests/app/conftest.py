# SPDX-License-Identifier: GPL-3.0-or-later
"""Surroundings of the use cases that must be closed after a test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.app.route_desk import Desk, MakeRoute


@pytest.fixture
def make_route() -> Iterator[MakeRoute]:
    made: list[Desk] = []

    def one(**settings: Any) -> Desk:
        made.append(Desk(**settings))
        return made[-1]

    yield one
    for desk in made:
        desk.close()
