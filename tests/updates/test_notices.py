# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that last and new versions, on the dashboard of the PBX and told to people."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from itgrix_module.app.alerts import Alert
from itgrix_module.app.health import Check, Level
from itgrix_module.app.updates import Outlook, feed_of, outlook
from itgrix_module.domain.failures import Failure, Temporary
from itgrix_module.notices import Notices
from itgrix_module.update_files import UpdateFiles
from itgrix_module.update_news import News
from tests.fakes.releases import Publisher
from tests.updates.desk import NOW

PUBLISHER = Publisher()


def found(installed: str, *versions: str, **changes: Any) -> Outlook:
    return outlook(installed, feed_of(PUBLISHER.data(*(PUBLISHER.release(each, **changes) for each in versions))), NOW)


@dataclass
class Board:
    """The dashboard of a PBX. ``checks``, ``outlook``: what is the matter now."""

    file: Path
    checks: list[Check] = field(default_factory=list)
    outlook: Outlook | None = None
    now: float = NOW

    def __post_init__(self) -> None:
        self.notices = Notices(
            self.file,
            lambda: self.checks,
            lambda: self.outlook,
            lambda: 300.0,
            lambda: "ru",
            lambda _language, text: {"the portal is away": "портал недоступен"}.get(text, text),
            lambda: self.now,
        )

    def shown(self) -> list[tuple[str, str, str]]:
        self.notices()
        return [(each["id"], each["kind"], each["title"]) for each in json.loads(self.file.read_text())]


def test_a_fault_is_shown_when_it_lasts_and_goes_when_it_is_over(tmp_path: Path) -> None:
    board = Board(tmp_path / "notices.json", [Check("portal", Level.ERROR, "x", "the portal is away", "Wait.")])
    assert board.shown() == []
    board.now += 299
    assert board.shown() == []
    board.now += 1
    assert board.shown() == [("portal", "error", "Itgrix: портал недоступен")]
    board.checks = [Check("portal", Level.OK, "portal_up", "well")]
    assert board.shown() == []


def test_only_what_lasts_counts_and_other_parts_are_not_shown(tmp_path: Path) -> None:
    old = NOW - 1000
    board = Board(
        tmp_path / "notices.json",
        [
            Check("disk", Level.WARNING, "disk_low", "little room", since=old),
            Check("pbx", Level.WARNING, "ami_rights", "rights", since=old),
            Check("employees", Level.ERROR, "x", "y", since=old),
            Check("service", Level.ERROR, "x", "y" * 500, since=old),
        ],
    )
    assert [(name, kind, len(title)) for name, kind, title in board.shown()] == [
        ("disk", "warning", 19),
        ("service", "error", 250),
    ]


def test_versions_are_shown_and_stay_when_the_service_stops(tmp_path: Path) -> None:
    broken = Check("pbx", Level.ERROR, "x", "y", since=NOW - 1000)
    board = Board(tmp_path / "notices.json", [broken], found("1.0.0", "1.0.0", "1.1.0", "1.2.0", "1.3.0"))
    assert [name for name, _, _ in board.shown()] == ["update", "support", "pbx"]
    board.notices.close()
    left = json.loads(board.file.read_text())
    assert [(each["id"], each["kind"]) for each in left] == [("update", "update"), ("support", "warning")]
    assert left[0]["title"] == "Itgrix: вышла версия 1.3.0"
    board.outlook = found("1.3.0", "1.3.0")
    board.checks = []
    assert board.shown() == []


def test_a_security_hole_is_a_notice_of_its_own_kind(tmp_path: Path) -> None:
    board = Board(tmp_path / "notices.json", outlook=found("1.0.0", "1.1.0", security=True))
    assert board.shown() == [("update", "security", "Itgrix: версия 1.1.0 закрывает уязвимость")]


def test_an_unchanged_list_is_not_written_again(tmp_path: Path) -> None:
    board = Board(tmp_path / "notices.json", outlook=found("1.0.0", "1.1.0"))
    board.shown()
    before = board.file.stat().st_ino
    board.shown()
    assert board.file.stat().st_ino == before


@dataclass
class Way:
    """A way to a person. ``failure``: what it raises."""

    name: str
    failure: Failure | None = None
    told: list[str] = field(default_factory=list)

    def tell(self, alert: Alert) -> None:
        if self.failure is not None:
            raise self.failure
        self.told.append(alert.text)


def test_each_version_is_told_once_by_each_way_and_a_way_that_fails_is_tried_again(tmp_path: Path) -> None:
    mail, chat = Way("mail"), Way("chat", Temporary("away", "away"))
    now: list[Outlook] = [found("1.0.0", "1.1.0")]

    def news(elsewhere: bool = False) -> News:
        return News(UpdateFiles(tmp_path), lambda: now[0], lambda: [mail, chat], lambda: elsewhere, lambda: NOW)

    news(elsewhere=True)()
    assert mail.told == []
    news()()
    news()()
    chat.failure = None
    news()()
    assert (len(mail.told), len(chat.told)) == (1, 1)
    now[0] = found("1.0.0", "1.2.0")
    news()()
    assert mail.told[-1] == "version 1.2.0 is there, 1.0.0 is installed"
    assert len(mail.told) == 2
