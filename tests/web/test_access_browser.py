# SPDX-License-Identifier: GPL-3.0-or-later
"""Login, users, journal, log and backups in Chromium: both languages, wide and narrow, with a clean console."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from itgrix_module.app import passwords
from itgrix_module.app.user_ports import ADMINISTER, VIEW
from tests.web.chromium import Chromium, fits, hurry, served, window
from tests.web.house import PASSWORD, Household, household

pytestmark = pytest.mark.live

PAGES = ("/access/", "/audit/", "/access/client", "/log/", "/backups/", "/account")
SHOTS = os.environ.get("ITGRIX_SHOTS", "")


@pytest.fixture
def house(tmp_path: Path, empty_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Household]:
    monkeypatch.setattr(passwords, "_COST", 2**8)
    with household(tmp_path / "home", empty_file) as made:
        made.operations.accounts.add("anna", PASSWORD, ADMINISTER)
        made.operations.accounts.add("очень-длинное-имя-пользователя-без-единого-пробела@example.org", PASSWORD, VIEW)
        log = made.operations.log.file
        log.parent.mkdir()
        lines = [
            f"2026-11-21 11:{number // 60:02d}:{number % 60:02d},000 INFO    itgrix.calls: call 1.{number}: register"
            for number in range(250)
        ]
        lines += ["2026-11-21 11:59:00,000 ERROR   itgrix.portal: " + "x" * 300, "    Traceback (most recent call):"]
        log.write_text("\n".join(lines) + "\n")
        made.operations.store.make("manual")
        for number in range(60):
            made.operations.note("anna", "settings.save", {"subject": f"key{number}", "values": "z" * 90}, "10.0.0.7")
        yield made


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_login_leads_to_pages_that_fit_the_screen(browser: Chromium, house: Household, language: str) -> None:
    with served(house.app) as running, window(browser) as seen:
        page = seen.page
        seen.open(f"{running.address}/log/?lang={language}")
        fits(page)
        shoot(page, f"login-{language}")
        page.locator("#name").fill("anna")
        page.locator("#password").fill("wrong password")
        page.locator("main button").click()
        expect(page.get_by_role("alert")).to_be_visible()
        fits(page)
        shoot(page, f"wrong-{language}")
        seen.troubles.clear()  # the browser notes the refusal itself
        page.locator("#password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/log/")
        for path in PAGES:
            seen.open(f"{running.address}{path}")
            fits(page)
            assert len(page.content()) < 100_000, path
            shoot(page, f"{path.strip('/').replace('/', '-')}-{language}")
        assert seen.troubles == []


def test_whole_round_works_by_keyboard_and_without_scripts(browser: Chromium, house: Household) -> None:
    with served(house.app) as running, window(browser, java_script_enabled=False) as seen:
        page = seen.page
        page.goto(running.address)
        page.keyboard.type("anna")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{running.address}/")
        page.goto(f"{running.address}/log/?level=ERROR")
        expect(page.locator(".log li")).to_have_count(1)
        page.goto(f"{running.address}/log/")
        page.get_by_role("link", name="Older lines").click()
        expect(page.locator(".log li")).to_have_count(100)
        page.goto(f"{running.address}/audit/")
        page.get_by_role("link", name="Next page").click()
        expect(page.locator("tbody tr")).to_have_count(11)
        page.goto(f"{running.address}/backups/")
        page.get_by_role("link", name="Restore…").first.click()
        page.locator("[name=sure]").check()
        page.get_by_role("button", name="Restore").click()
        expect(page.get_by_text("The service restarts")).to_be_visible()
        assert house.restarts == ["now"]
        page.goto(f"{running.address}/account")
        page.get_by_role("button", name="Log out", exact=True).click()
        page.wait_for_url("**/login")
        page.goto(f"{running.address}/access/")
        page.wait_for_url("**/login?next=**")


def test_new_lines_of_the_log_appear_by_themselves(browser: Chromium, house: Household) -> None:
    with served(house.app) as running, window(browser, is_hurried=True) as seen:
        page = seen.page
        page.goto(f"{running.address}/log/")
        page.locator("#name").fill("anna")
        page.locator("#password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/log/")
        with house.operations.log.file.open("a") as log:
            log.write("2026-11-21 12:00:00,000 WARNING itgrix.calls: something new\n")
        hurry(page)
        expect(page.locator(".log li").first).to_contain_text("something new")


def test_backup_is_downloaded_and_uploaded_again(browser: Chromium, house: Household, tmp_path: Path) -> None:
    with served(house.app) as running, window(browser) as seen:
        page = seen.page
        page.goto(f"{running.address}/backups/")
        page.locator("#name").fill("anna")
        page.locator("#password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/backups/")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").first.click()
        file = tmp_path / "taken.zip"
        download.value.save_as(file)
        page.locator("#file").set_input_files(file)
        page.get_by_role("button", name="Upload").click()
        page.wait_for_url("**/backups/restore/**")
        expect(page.get_by_text("Restore a backup?").first).to_be_visible()
        (tmp_path / "bad.zip").write_bytes(b"no backup" * 20_000)
        page.goto(f"{running.address}/backups/")
        page.locator("#file").set_input_files(tmp_path / "bad.zip")
        page.get_by_role("button", name="Upload").click()
        expect(page.get_by_text("it is no archive")).to_be_visible()
