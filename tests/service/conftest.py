# SPDX-License-Identifier: GPL-3.0-or-later
"""A service in a hurry: pauses that spare a password lock or a sick portal would make each test last for minutes."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from itgrix_module import core, pbx_door, reconciling, routine, surroundings
from itgrix_module.app import directory, errands, pace, standing, upload
from itgrix_module.media import ready


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried every few seconds or half a minute in the field is tried every fraction of a second."""
    monkeypatch.setattr(routine, "SETTINGS", 0.2)
    monkeypatch.setattr(routine, "WATCH", 0.5)
    monkeypatch.setattr(routine, "RECONCILE", 0.3)
    monkeypatch.setattr(routine, "DIALLING", 0.3)
    monkeypatch.setattr(pbx_door, "REFUSED_AGAIN", 0.5)
    monkeypatch.setattr(routine, "RIGHTS_AGAIN", 1.0)
    monkeypatch.setattr(core, "PATIENCE", 1.0)
    monkeypatch.setattr(core, "ANSWER", 2.0)
    monkeypatch.setattr(standing, "OWNER_PAUSE", 0.5)
    monkeypatch.setattr(upload, "OWNER_PAUSE", 0.5)
    monkeypatch.setattr(upload, "LONGEST_LOOK", 0.1)
    monkeypatch.setattr(errands, "LONGEST_LOOK", 0.2)
    monkeypatch.setattr(reconciling, "_SETTLE", 1.0)
    monkeypatch.setattr(pace, "LONGEST_LOOK", 0.1)
    monkeypatch.setattr(ready, "APART", 0.1)
    monkeypatch.setattr(ready, "QUIET", 0.1)
    monkeypatch.setattr(surroundings, "_AGAIN", 0.2)
    monkeypatch.setattr(directory, "FIRST_PAUSE", 0.5)
    monkeypatch.setattr(directory, "UNKNOWN_PAUSE", 0.5)


@pytest.fixture(autouse=True)
def quiet_libraries() -> Iterator[None]:
    """As in ``itgrix serve``."""
    library = logging.getLogger("urllib3")
    before = library.level
    library.setLevel(logging.ERROR)
    yield
    library.setLevel(before)
