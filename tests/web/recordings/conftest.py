# SPDX-License-Identifier: GPL-3.0-or-later
"""Finished calls with recordings, and the pages that give them to the outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from itgrix_module.app.links import Ready
from itgrix_module.app.ports import CallRow
from tests.fakes.recorded import Recorded, recorded


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Recorded]:
    with recorded(tmp_path) as found:
        yield found


@pytest.fixture
def call(here: Recorded) -> CallRow:
    made = here.call("1.1", "a.wav")
    assert isinstance(here.settle(made), Ready)
    return made


@pytest.fixture
def client(here: Recorded) -> FlaskClient:
    return here.app().test_client()
