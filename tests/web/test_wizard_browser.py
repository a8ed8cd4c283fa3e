# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole first run in Chromium: from an empty installation to a call that is followed live; and the reports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.service.bare_house import PBX_SECRET, bare_house
from tests.service.house import House, short
from tests.web.chromium import Chromium, fits, window

pytestmark = pytest.mark.live

SAVE = "button[value=save]"
WORDS = {
    "en": {
        "refused": "refuses the login of itgrix",
        "remark": "no click-to-call",
        "good": "The call went the whole way.",
        "done": "Everything is set up",
    },
    "ru": {
        "refused": "не пускает пользователя itgrix",
        "remark": "ебхук",
        "good": "Звонок прошёл весь путь.",
        "done": "Всё настроено",
    },
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with bare_house(tmp_path) as found:
        yield found


def sound(page: Page) -> None:
    """Nothing sticks out at the side, and each field has a name."""
    fits(page)
    nameless = page.evaluate(
        "[...document.querySelectorAll('input:not([type=hidden]), select')]"
        ".filter(one => !one.labels.length && !one.ariaLabel).map(one => one.name)"
    )
    assert nameless == [], page.url


def at(page: Page, step: str) -> None:
    expect(page).to_have_url(re.compile(f"/wizard/{step}$"))
    sound(page)


def set_up(page: Page, house: House, words: dict[str, str]) -> None:
    """Every step with the right answers, and a wrong password before the right one."""
    page.fill("#panel__time_zone", "Europe/Moscow")
    page.click(SAVE)
    at(page, "database")
    page.click(SAVE)
    at(page, "pbx")
    page.fill("#ami__port", str(house.pbx.port))
    page.fill("#ami__secret", "wrong")
    page.click(SAVE)
    expect(page.locator(".banner.error")).to_contain_text(words["refused"])
    sound(page)
    page.fill("#ami__secret", PBX_SECRET)
    page.click(SAVE)
    at(page, "records")
    page.click("button[value=skip]")
    at(page, "portal")
    page.check("input[value=app]")
    expect(page.locator("#portal__webhook_url")).to_be_hidden()
    sound(page)
    page.check("input[value=webhook]")
    page.fill("#portal__webhook_url", house.portal.webhook_url())
    page.click(SAVE)
    expect(page.locator(".banner.warning").first).to_contain_text(words["remark"])
    assert "/rest/" not in page.locator("main").inner_text().replace("/rest/1/", "")
    sound(page)


def walk_to_the_test(page: Page, house: House) -> None:
    page.click(".orders a[href$=employees]")
    at(page, "employees")
    page.click(SAVE)
    page.goto(f"{house.panel}/wizard/lines")
    sound(page)
    page.click(SAVE)
    at(page, "recordings")
    page.fill("#recordings__directory", str(house.pbx.config.monitor_dir))
    page.click(SAVE)
    page.goto(f"{house.panel}/wizard/test")
    sound(page)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_whole_first_run_ends_with_a_call_in_the_portal(browser: Chromium, house: House, language: str) -> None:
    words = WORDS[language]
    with window(browser) as seen:
        page = seen.page
        page.goto(f"{house.panel}/?lang={language}")
        at(page, "language")
        set_up(page, house, words)
        walk_to_the_test(page, house)
        page.click("button[value=begin]")
        house.wait_ready()
        house.pbx.play(short(ring=0.5, talk=0.5))
        expect(page.locator("#verdict.ok")).to_contain_text(words["good"], timeout=30_000)
        expect(page.locator("#stage-finished.ok")).to_be_visible()
        sound(page)
        page.click("#verdict a")
        expect(page.locator("main")).to_contain_text(words["done"])
        sound(page)
        page.goto(f"{house.panel}/")
        assert page.url == f"{house.panel}/"
        assert seen.troubles == []


def test_test_call_is_followed_without_scripts_by_looking_again(browser: Chromium, house: House) -> None:
    with window(browser, java_script_enabled=False) as seen:
        page = seen.page
        page.goto(f"{house.panel}/?lang=en")
        set_up(page, house, WORDS["en"])
        walk_to_the_test(page, house)
        page.click("button[value=begin]")
        house.wait_ready()
        house.wait_finished(house.pbx.play(short()))
        house.wait_delivered()
        page.click("a[href$='/wizard/test'].button")
        expect(page.locator("#verdict.ok")).to_be_visible()


def test_reports_of_a_real_call_fit_the_screen(browser: Chromium, tmp_path: Path) -> None:
    with bare_house(tmp_path) as house, window(browser) as seen:
        page = seen.page
        house.service.core.settings.save(
            {"ami.port": house.pbx.port, "ami.secret": PBX_SECRET, "portal.webhook_url": house.portal.webhook_url()}
        )
        house.wait_ready()
        house.wait_finished(house.pbx.play(short()))
        for view in ("", "hours", "lines", "sources", "employees"):
            page.goto(f"{house.panel}/reports/{view}?period=today")
            expect(page.locator("#table tfoot")).to_contain_text("1")
            sound(page)
        with page.expect_download() as found:
            page.click("a[download]")
        assert found.value.suggested_filename.endswith(".csv")
        page.goto(house.panel)
        page.locator("#last-day-table summary").click()
        sound(page)
        assert seen.troubles == []
