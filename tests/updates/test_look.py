# SPDX-License-Identifier: GPL-3.0-or-later
"""When new versions are looked for, and what must be there for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from itgrix_module import feed as releases
from itgrix_module.domain.failures import NeedsOwner, Permanent
from itgrix_module.settings import Settings, SettingsError
from itgrix_module.update_files import UpdateFiles
from itgrix_module.updates import AGAIN, DAY, Updates
from tests.updates.desk import NOW, Desk


def test_without_key_or_address_nothing_is_asked(desk: Desk) -> None:
    keyless = Updates(desk.home, lambda: desk.settings, "1.0.0", key=lambda: None, shipped_url=lambda: "")
    with pytest.raises(NeedsOwner, match="no key"):
        keyless.check()
    desk.settings["updates.url"] = ""
    assert desk.refused().code == "updates_no_url"
    assert desk.shelf.asked == []


def test_damaged_key_is_said(tmp_path: Path) -> None:
    (tmp_path / "release.pub").write_text("nonsense")
    with pytest.raises(Permanent):
        releases.shipped_key(tmp_path / "release.pub")
    assert releases.shipped_key(tmp_path / "none") is None
    assert releases.shipped_url(tmp_path / "none") == ""


def test_the_look_comes_once_a_day_and_sooner_after_a_failure(desk: Desk) -> None:
    desk.publish("1.1.0")
    desk.updates.look()
    assert desk.shelf.asked == [], "not all machines at the moment of their start"
    desk.now += 1000
    desk.updates.look()
    assert len(desk.shelf.asked) == 1
    desk.now += DAY
    desk.anew().look()
    assert len(desk.shelf.asked) == 1
    desk.now += DAY * 0.13
    del desk.shelf.files["/itgrix.json"]
    desk.updates.look()
    assert len(desk.shelf.asked) == 2
    desk.now += AGAIN * 0.99
    desk.updates.look()
    assert len(desk.shelf.asked) == 2
    desk.now += AGAIN * 0.15
    desk.updates.look()
    assert len(desk.shelf.asked) == 3


def test_a_clock_that_was_set_back_does_not_put_the_look_off_for_years(desk: Desk) -> None:
    desk.publish("1.1.0")
    desk.now = NOW + 10 * 365 * DAY
    desk.updates.check()
    desk.now = NOW
    desk.updates.look()
    desk.now += 1000
    desk.updates.look()
    assert len(desk.shelf.asked) == 2


def test_switched_off_nobody_asks(desk: Desk) -> None:
    desk.settings["updates.check"] = False
    desk.updates.look()
    desk.now += 10 * DAY
    desk.updates.look()
    assert desk.shelf.asked == []


def test_damaged_files_of_the_look_are_passed_over(desk: Desk) -> None:
    files = UpdateFiles(desk.home)
    files.prepare()
    for content in (b"", b"[", b'{"at": "x", "code": 5}', b"[1]", b"\xff"):
        for name in ("checked.json", "run.json", "releases.json"):
            (files.folder / name).write_bytes(content)
        assert desk.anew().state().outlook is None
    desk.publish("1.1.0")
    assert desk.anew().check().outlook is not None


def test_where_nothing_was_installed_no_update_starts(desk: Desk) -> None:
    desk.publish("1.1.0")
    desk.updates.check()
    with pytest.raises(NeedsOwner) as refused:
        desk.updates.start("anna")
    assert refused.value.code == "updates_not_installed"
    with pytest.raises(NeedsOwner) as refused:
        desk.updates.start("anna", "nonsense")
    assert refused.value.code == "updates_no_version"
    with pytest.raises(NeedsOwner) as refused:
        desk.updates.start("anna", "7.0.0")
    assert refused.value.code == "updates_nothing"


@pytest.mark.parametrize("address", ["http://example.org/x", "https://u:p@example.org", "x", "https://a b"])
def test_an_address_that_is_not_safe_is_no_setting(address: str) -> None:
    with pytest.raises(SettingsError):
        Settings({"updates.url": address})
    Settings({"updates.url": ""})
    Settings({"updates.url": "https://example.org/itgrix.json"})
