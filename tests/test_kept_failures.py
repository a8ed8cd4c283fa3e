# SPDX-License-Identifier: GPL-3.0-or-later
"""A failure that is kept and raised more than once: each time it would hold all frames of all times before."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import itgrix_module
import web
from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.portal_door import PortalDoor
from tests.fakes.migrated import migrated
from tests.web.settled import settled

SOURCES = (Path(itgrix_module.__file__).parent, Path(web.__file__).parent)
KEPT = re.compile(r"^ +raise ((?:self|cls)\.\w+|_?[A-Z][A-Z_]+)$", re.MULTILINE)


def test_what_is_kept_is_raised_without_where_it_was_raised_before() -> None:
    found = [
        f"{path.name}: {name}"
        for folder in SOURCES
        for path in folder.rglob("*.py")
        if "sandbox" not in path.parts
        for name in KEPT.findall(path.read_text(encoding="utf-8"))
    ]
    assert not found, "raise it .with_traceback(None)"


def test_portal_that_is_not_set_up_is_refused_for_weeks_in_the_same_memory(tmp_path: Path) -> None:
    empty = tmp_path / "empty.db"
    migrated(f"sqlite:///{empty}")
    with settled(empty, tmp_path) as office:
        lengths = {_depth(office.service.portal) for _ in range(50)}
    assert len(lengths) == 1


def _depth(portal: PortalDoor) -> int:
    with pytest.raises(NeedsOwner) as caught:
        portal.client  # noqa: B018
    place, length = caught.value.__traceback__, 0
    while place is not None:
        place, length = place.tb_next, length + 1
    return length
