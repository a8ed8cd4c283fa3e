# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups are made when they are due, belong to their owner alone and do not fill the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from itgrix_module.app import backups as rules
from itgrix_module.domain.failures import NeedsOwner
from tests.backups.installations import NOW, home


def test_backup_belongs_to_its_owner_alone_and_leaves_nothing_behind(archive: Path) -> None:
    assert archive.stat().st_mode & 0o077 == 0
    assert archive.parent.stat().st_mode & 0o077 == 0
    assert list((archive.parent.parent / "work").iterdir()) == []
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]


def test_rotation_keeps_the_newest_of_each_kind(tmp_path: Path) -> None:
    with home(tmp_path / "home") as made:
        made.core.settings.save({"backups.keep": 2})
        for _ in range(4):
            made.now += 86_400
            made.backups.make(rules.DAILY)
        made.now += 60
        made.backups.make(rules.BY_HAND)
        assert [backup.kind for backup in made.backups.all()] == ["manual", "daily", "daily"]


def test_daily_backup_comes_once_after_its_hour(tmp_path: Path) -> None:
    with home(tmp_path / "home") as made:
        made.core.settings.save({"panel.time_zone": "UTC", "backups.hour": 3})
        made.core.place.key_file.touch()
        moments = []
        made.now = max(NOW, made.core.place.key_file.stat().st_mtime)
        for _ in range(60):
            made.now += 3600.0
            made.backups.daily()
            moments.append(len(made.backups.all()))
        assert moments[-1] in (2, 3)


@pytest.mark.parametrize(
    ("now", "last", "due"),
    [
        ("2026-11-21T02:59:00", "2026-11-20T03:00:10", False),
        ("2026-11-21T03:00:00", "2026-11-20T03:00:10", True),
        ("2026-11-21T09:00:00", "2026-11-21T03:00:10", False),
        ("2026-11-25T01:00:00", "2026-11-20T03:00:10", True),
    ],
)
def test_backup_is_due_when_its_hour_has_passed(now: str, last: str, due: bool) -> None:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("Europe/Moscow")
    at, before = (datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() for text in (now, last))
    assert rules.is_due(at, before, 3, zone) is due


def test_too_little_room_is_said_and_tried_again_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from itgrix_module import backing

    with home(tmp_path / "home") as made:
        monkeypatch.setattr(backing, "RESERVE", 2**60)
        with pytest.raises(NeedsOwner, match="too little room"):
            made.backups.make(rules.BY_HAND)
        assert made.backups.state().failure
        monkeypatch.undo()
        made.backups.make(rules.BY_HAND)
        assert not made.backups.state().failure
