# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of updates: what is new in the reader's language, who may install, how an update goes and ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from itgrix_module.app.update_run import DONE, FAILED, ROLLED_BACK, Run
from itgrix_module.app.updates import Checked, UpdateState, feed_of, outlook
from itgrix_module.domain.failures import NeedsOwner, Temporary
from tests.fakes.releases import Publisher
from tests.web.house import Household, household
from tests.web.seeds import NOW

PUBLISHER = Publisher()


def looked(installed: str, *versions: str, **changes: Any) -> UpdateState:
    releases = [PUBLISHER.release(version, **changes) for version in versions]
    found = outlook(installed, feed_of(PUBLISHER.data(*releases)), NOW) if versions else None
    return UpdateState(installed, True, "https://example.org/x", Checked(at=NOW - 60 if versions else 0.0), found)


@dataclass
class Desk:
    """Fulfils ``UpdateDesk``. ``failure``: what is raised in the place of the next answer."""

    now: UpdateState = field(default_factory=lambda: looked("1.0.0", "1.0.0", "1.1.0"))
    failure: Exception | None = None
    started: list[tuple[str, str]] = field(default_factory=list)
    log: str = ""

    def state(self) -> UpdateState:
        return self.now

    def check(self) -> UpdateState:
        if self.failure is not None:
            raise self.failure
        return self.now

    def start(self, who: str, version: str = "") -> Run:
        if self.failure is not None:
            raise self.failure
        self.started.append((who, version))
        return Run("1.0.0", version, who, NOW)

    def said(self) -> str:
        return self.log

    def went(self, run: Run, *, is_running: bool = False) -> None:
        self.now = replace(self.now, run=run.as_data(), is_running=is_running)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def house(tmp_path: Path, desk: Desk) -> Iterator[Household]:
    with household(tmp_path / "home", updates=desk) as made:
        yield made


def page(house: Household, language: str = "en") -> str:
    return house.visitor(language=language).get("/updates/").get_data(as_text=True)


def test_what_is_new_is_told_in_the_readers_language(house: Household) -> None:
    assert "News of 1.1.0" in page(house)
    russian = page(house, "ru")
    assert "Новое в 1.1.0" in russian
    assert "Поддерживается до" in russian


def test_notes_are_text_and_nothing_else(house: Household, desk: Desk) -> None:
    desk.now = looked("1.0.0", "1.1.0", notes={"en": "<script>alert(1)</script>"})
    assert "<script>alert" not in page(house)
    assert "&lt;script&gt;alert" in page(house)


def test_install_starts_the_version_that_was_read_of(house: Household, desk: Desk) -> None:
    answer = house.visitor().post("/updates/start", {"version": "1.1.0", "sure": "yes"}, "/updates/")
    assert answer.status_code == 303
    assert desk.started == [("local", "1.1.0")]
    assert house.journal()[0] == ("local", "updates.start", "1.1.0")


@pytest.mark.parametrize("data", [{"version": "1.1.0"}, {"sure": "yes"}, {}, {"version": "1.1.0", "sure": "no"}])
def test_without_the_confirmation_nothing_starts(house: Household, desk: Desk, data: dict[str, str]) -> None:
    visitor = house.visitor()
    visitor.post("/updates/start", data, "/updates/")
    assert desk.started == []
    assert "Tick the box" in visitor.get("/updates/").get_data(as_text=True)


def test_without_the_token_nothing_starts(house: Household, desk: Desk) -> None:
    answer = house.visitor().client.post("/updates/start", data={"version": "1.1.0", "sure": "yes"})
    assert answer.status_code == 400
    assert desk.started == []


@pytest.mark.parametrize("role", ["view", "operate"])
def test_only_who_administers_looks_installs_and_reads_the_log(house: Household, desk: Desk, role: str) -> None:
    house.operations.accounts.add("anna", "correct horse battery", "administer")
    desk.log = "secret path"
    desk.went(Run("1.0.0", "1.1.0", "anna", NOW).over(NOW, FAILED, "x", "why"))
    member = house.member("igor", role)
    shown = member.get("/updates/").get_data(as_text=True)
    assert "News of 1.1.0" in shown
    assert "/updates/start" not in shown
    assert "/updates/check" not in shown
    assert "secret path" not in shown
    for path in ("/updates/start", "/updates/check"):
        assert member.post(path, {"version": "1.1.0", "sure": "yes"}, "/account").status_code == 403
    assert desk.started == []


def test_looking_tells_what_was_found_or_what_failed(house: Household, desk: Desk) -> None:
    visitor = house.visitor(language="ru")
    visitor.post("/updates/check", {}, "/updates/")
    assert "Вышла версия 1.1.0." in visitor.get("/updates/").get_data(as_text=True)
    desk.failure = Temporary("updates_unreachable", "the address of updates cannot be reached: ConnectionError")
    visitor.post("/updates/check", {}, "/updates/")
    assert "Адрес обновлений недоступен: ConnectionError." in visitor.get("/updates/").get_data(as_text=True)


def test_a_refused_start_tells_why(house: Household, desk: Desk) -> None:
    desk.failure = NeedsOwner("updates_under_way", "an update is under way", "Wait for its end.")
    visitor = house.visitor(language="ru")
    visitor.post("/updates/start", {"version": "1.1.0", "sure": "yes"}, "/updates/")
    assert "Идёт обновление. Дождитесь его окончания." in visitor.get("/updates/").get_data(as_text=True)


def test_while_an_update_goes_on_its_steps_are_shown_and_none_can_be_started(house: Household, desk: Desk) -> None:
    desk.log = "12:00:00 == download <b>"
    desk.went(Run("1.0.0", "1.1.0", "anna", NOW).at("download", 0.42), is_running=True)
    shown = page(house)
    assert 'aria-current="step"' in shown
    assert "42 %" in shown
    assert 'data-live="/updates/live"' in shown
    assert "&lt;b&gt;" in shown
    assert 'action="/updates/start"' not in shown
    assert "Go back" not in shown
    desk.went(Run("1.0.0", "1.1.0", "anna", NOW).at("back"), is_running=True)
    answer = house.visitor().get("/updates/live")
    assert "Go back to the former version" in answer.get_data(as_text=True)
    assert "X-Live" not in answer.headers


def test_when_an_update_is_over_the_whole_page_is_loaded_anew(house: Household, desk: Desk) -> None:
    desk.went(Run("1.0.0", "1.1.0", "anna", NOW, NOW + 60, result=DONE))
    assert house.visitor().get("/updates/live").headers["X-Live"] == "anew"


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (DONE, "Версия 1.1.0 установлена"),
        (FAILED, "Обновиться до 1.1.0 не удалось; ничего не изменено"),
        (ROLLED_BACK, "Обновиться до 1.1.0 не удалось; снова работает 1.0.0"),
        ("broken", "вернуться назад тоже"),
        ("", "Обновление до 1.1.0 прервалось"),
    ],
)
def test_how_an_update_ended_is_told(house: Household, desk: Desk, result: str, expected: str) -> None:
    run = Run("1.0.0", "1.1.0", "anna", NOW).at("health")
    desk.went(run.over(NOW, result, "updates_silent", "version 1.1.0 does not start") if result else run)
    shown = page(house, "ru")
    assert expected in shown
    assert not result or "Версия 1.1.0 не запускается" in shown


def test_an_unsupported_version_and_a_suspicious_list_are_warned_of(house: Household, desk: Desk) -> None:
    now = looked("1.0.0", "1.0.0", "1.1.0", "1.2.0", "1.3.0", security=True)
    desk.now = replace(now, checked=Checked(NOW, code="updates_forged", text="the list of releases is bad"))
    shown = page(house)
    assert "no longer supported" in shown
    assert "banner error" in shown
    assert "mends a security hole" in shown


@pytest.mark.parametrize("state", [looked("1.0.0"), looked("1.0.0", "1.0.0"), looked("9.0.0", "1.0.0")])
def test_nothing_known_and_nothing_new_are_pages_too(house: Household, desk: Desk, state: UpdateState) -> None:
    desk.now = state
    assert "/updates/start" not in page(house)
    assert len(page(house, "ru")) < 100_000


def test_where_it_cannot_be_installed_the_reason_stands_in_place_of_the_button(house: Household, desk: Desk) -> None:
    desk.now = replace(desk.now, obstacle="there is no fwconsole here")
    shown = page(house, "ru")
    assert "Здесь нет fwconsole." in shown
    assert 'action="/updates/start"' not in shown


def test_very_many_versions_stay_a_small_page(house: Household, desk: Desk) -> None:
    desk.now = looked("0.1.0", *(f"1.{number}.0" for number in range(300)))
    assert len(page(house)) < 100_000


def test_without_a_desk_there_is_no_page(tmp_path: Path) -> None:
    with household(tmp_path / "bare") as bare:
        assert bare.visitor().get("/updates/").status_code == 404
        assert "/updates/" not in bare.visitor().get("/").get_data(as_text=True)
