# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel in Chromium: nothing in the console, no sideways scrolling, live parts, keyboard, without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import expect

from itgrix_module.app.health import Check, Level
from itgrix_module.domain.failures import Permanent
from itgrix_module.storage.engine import Database
from tests.web.chromium import Chromium, fits, hurry, served, window
from tests.web.seeds import NODE, NOW, TRANSCRIPTS, facts_of, health, play, row, save, save_many, step

pytestmark = pytest.mark.live

BROKEN = Check(
    "pbx", Level.ERROR, "refused", f"{'very-long-name-of-a-host.' * 4}example:5038 refuses the connection.", "Do."
)


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    with served(app) as running:
        yield running.address


def refused(kind: str) -> Permanent | None:
    """A portal that takes no ends of calls."""
    return Permanent("x", "no " * 40) if kind == "finish" else None


@pytest.fixture
def busy(database: Database) -> list[str]:
    """A company in the middle of its day; addresses of calls."""
    play(database, facts_of(TRANSCRIPTS / "22" / "in_queue_ringall.ami.gz"), NOW - 300)
    play(database, facts_of(TRANSCRIPTS / "22" / "in_direct_noanswer.ami.gz"), NOW - 200, refused)
    play(database, facts_of(TRANSCRIPTS / "22" / "in_direct_answered.ami.gz")[:-6], NOW - 5)
    long = "Оченьдлинноеимябезпробелов" * 6
    strange = {"client": "sip:very.long.address@" + "x" * 60, "client_name": long, "line": long[:90], "queue": "q" * 80}
    rang = ("101", "+79161234567", "x" * 70)
    save(database, row("9.1", **strange, rang=rang, answered_by="x" * 70), [step("attach")])
    save_many(database, [row(f"8.{number}", started=NOW - 1000 - number) for number in range(60)])
    return [f"/calls/{NODE}/9.1", f"/calls/{NODE}/8.1"]


@pytest.mark.parametrize("language", ["en", "ru"])
def test_pages_load_cleanly_and_fit_the_screen(
    browser: Chromium, make_panel: Callable[..., Flask], busy: list[str], language: str, tmp_path: Path
) -> None:
    sound = tmp_path / "call.wav"
    sound.write_bytes(b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0@\x1f\0\0\x80>\0\0\x02\0\x10\0data\0\0\0\0")
    app = make_panel(health=lambda: health(BROKEN), recording_file=lambda _: sound, base_path="/pbx/gate")
    with served(app) as running, window(browser) as seen:
        page = seen.page
        seen.open(f"{running.address}/pbx/gate/?lang={language}")
        recent = page.request.get(f"{running.address}/api/calls/recent?limit=5").json()["calls"]
        calls = busy + [f"/calls/{call['node']}/{call['linkedid']}" for call in recent]
        lists = ["/", "/calls/", "/calls/?period=own&number=000111", "/deliveries/?state=waiting", "/deliveries/"]
        for path in [*lists, *calls, f"{calls[-1]}?technical=1"]:
            seen.open(f"{running.address}/pbx/gate{path}")
            fits(page)
            assert page.evaluate("document.documentElement.lang") == language
            assert page.locator("main .icon use").first.evaluate("icon => icon.getBBox().width") > 0
        assert not seen.troubles


def test_new_call_appears_on_the_status_page_by_itself(browser: Chromium, site: str, database: Database) -> None:
    with window(browser, is_hurried=True) as seen:
        page = seen.page
        page.goto(site)
        expect(page.locator("#now")).to_contain_text("No calls at the moment")
        save(
            database,
            row("7.1", live=True, phase="ringing", outcome="", started=NOW - 3, answered_by="", last_talker=""),
        )
        hurry(page)
        expect(page.locator("#now")).to_contain_text("Ringing")
        save(database, row("7.1", started=NOW - 3))
        hurry(page)
        expect(page.locator("#now")).to_contain_text("No calls at the moment")
        expect(page.locator("#last tbody tr")).to_have_count(1)
        assert not seen.troubles


def test_change_for_the_worse_is_said_aloud(browser: Chromium, make_panel: Callable[..., Flask]) -> None:
    checks: list[Check] = []
    with served(make_panel(health=lambda: health(*checks))) as running, window(browser, is_hurried=True) as seen:
        seen.page.goto(running.address)
        expect(seen.page.locator("#overall")).to_contain_text("Everything works")
        checks.append(BROKEN)
        hurry(seen.page)
        expect(seen.page.locator("[data-voice]")).to_have_text("1 part is broken")


def test_focus_and_opened_parts_survive_a_refresh(browser: Chromium, site: str, database: Database) -> None:
    facts = facts_of(TRANSCRIPTS / "22" / "in_direct_answered.ami.gz")
    play(database, facts[:-6], NOW - 5)
    with window(browser, is_hurried=True) as seen:
        page = seen.page
        page.goto(site)
        page.locator("#now a").click()
        page.locator("details.more summary").first.click()
        page.locator("details.more summary").first.focus()
        count = page.locator(".story > li").count()
        call = page.url.rsplit("/", 1)[-1]
        save(database, row(call, live=True, phase="talking", outcome="", client="+79031112233"))
        hurry(page)
        expect(page.locator(".facts")).to_contain_text("Talking")
        assert page.locator(".story > li").count() == count
        assert page.locator("details.more").first.get_attribute("open") is not None
        assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_page_of_a_running_call_ends_with_the_call(browser: Chromium, site: str, database: Database) -> None:
    save(database, row("7.1", live=True, phase="talking", outcome="", ended=None))
    with window(browser, is_hurried=True) as seen:
        seen.page.goto(f"{site}/calls/{NODE}/7.1")
        expect(seen.page.locator(".facts")).to_contain_text("Talking")
        save(database, row("7.1"))
        hurry(seen.page)
        expect(seen.page.locator(".facts")).to_contain_text("Answered")
        expect(seen.page.locator("#live")).to_have_attribute("data-over", "yes")


def test_lost_service_is_told_and_what_was_seen_stays(browser: Chromium, app: Flask, database: Database) -> None:
    save(database, row())
    with served(app) as running, window(browser, is_hurried=True) as seen:
        page = seen.page
        page.goto(running.address)
        expect(page.locator("[data-notice]")).to_be_hidden()
        running.stop()
        hurry(page)
        expect(page.locator("[data-notice]")).to_contain_text("No connection to the service")
        expect(page.locator("#last")).to_contain_text("+7 916 123-45-67")


def test_list_offers_newer_calls_without_moving_anything(browser: Chromium, site: str, database: Database) -> None:
    save(database, row("7.1", started=NOW - 100))
    with window(browser, is_hurried=True) as seen:
        page = seen.page
        page.goto(f"{site}/calls/")
        before = page.locator("#calls").bounding_box()
        save(database, row("7.2", started=NOW - 50))
        offer = page.get_by_role("link", name="1 new call: show")
        hurry(page)
        expect(offer).to_be_visible()
        assert page.locator("#calls").bounding_box() == before
        assert page.locator("#calls tbody tr").count() == 1
        offer.click()
        expect(page.locator("#calls tbody tr")).to_have_count(2)


def test_own_dates_show_when_they_are_chosen(browser: Chromium, site: str) -> None:
    with window(browser) as seen:
        page = seen.page
        page.goto(f"{site}/calls/")
        expect(page.get_by_label("From", exact=True)).to_be_hidden()
        page.get_by_label("Period").select_option("own")
        expect(page.get_by_label("From", exact=True)).to_be_visible()


def test_time_of_the_readers_own_zone_is_one_click_away(browser: Chromium, site: str) -> None:
    with window(browser, timezone_id="Asia/Yekaterinburg") as seen:
        page = seen.page
        page.goto(site)
        expect(page.locator("#overall")).to_contain_text("14:20:00")
        page.get_by_role("link", name="my time").click()
        expect(page.locator("#overall")).to_contain_text("16:20:00")
        page.get_by_role("link", name="PBX time").click()
        expect(page.locator("#overall")).to_contain_text("14:20:00")


def test_everything_can_be_reached_by_keyboard(browser: Chromium, site: str, database: Database) -> None:
    save(database, row(), [step()])
    with window(browser) as seen:
        page = seen.page
        page.goto(f"{site}/deliveries/?state=waiting")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="To the content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.name") == "step":
                break
        page.keyboard.press("Space")
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.value") == "drop":
                break
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Drop deliveries?")).to_be_visible()


def test_menu_of_a_phone_opens_by_keyboard(browser: Chromium, site: str) -> None:
    with window(browser, viewport={"width": 390, "height": 800}) as seen:
        page = seen.page
        page.goto(site)
        expect(page.get_by_role("link", name="Deliveries", exact=True)).to_be_hidden()
        page.get_by_label("Menu").focus()
        page.keyboard.press("Space")
        expect(page.get_by_role("link", name="Deliveries", exact=True)).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_deliveries_are_dropped_with_and_without_scripts(
    browser: Chromium, site: str, database: Database, scripts: bool
) -> None:
    save(database, row(), [step(), step("finish")])
    with window(browser, java_script_enabled=scripts) as seen:
        page = seen.page
        page.goto(f"{site}/deliveries/?state=waiting")
        if scripts:
            page.get_by_label("All on this page").check()
        else:
            expect(page.get_by_label("All on this page")).to_be_hidden()
            for box in page.locator("input[name=step]").all():
                box.check()
        page.get_by_role("button", name="Drop…").click()
        page.get_by_role("button", name="Drop", exact=True).click()
        expect(page.locator("main")).to_contain_text("2 deliveries were dropped.")
        expect(page.locator("main")).to_contain_text("Nothing waits")
        assert not seen.troubles


def test_hostile_values_run_nothing(browser: Chromium, site: str, database: Database) -> None:
    hostile = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    save(
        database,
        row("7.1", client=hostile, client_name=hostile, line=hostile[:100], live=True, phase="talking"),
        [step()],
    )
    with window(browser) as seen:
        page = seen.page
        for path in ("/", "/calls/", "/deliveries/?state=waiting", f"/calls/{NODE}/7.1"):
            seen.open(f"{site}{path}")
            assert "owned" not in page.title()
        assert not seen.troubles
