# SPDX-License-Identifier: GPL-3.0-or-later
"""The page in a real browser: cards come and go by themselves, recordings play, a telephone's width is enough."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from itgrix_module.sandbox.portal import SandboxPortal
from itgrix_module.sandbox.portal.pages import TABS
from tests.sandbox.portal.conftest import Api, wav

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.live
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, portal: SandboxPortal) -> Iterator[Callable[..., Page]]:
    """Open a page of the portal; anything the browser complains about fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_(path: str = "/", locale: str = "ru", width: int = 1280) -> Page:
        context = browser.new_context(locale=locale, viewport={"width": width, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(portal.url + path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def test_card_appears_and_disappears_for_the_chosen_employee(open_page: Callable[..., Page], api: Api) -> None:
    mine, other = open_page("/?user=2"), open_page("/?user=4", locale="en")
    call_id = api.register(EXTERNAL_CALL_ID="x", LINE_NUMBER="74951234567")
    mine.get_by_role("heading", name="Андрей Крылов").wait_for()
    assert "Москва, реклама" in mine.locator(".card").inner_text()
    assert other.locator(".card").count() == 0
    api.ok("telephony.externalCall.show", CALL_ID=call_id, USER_ID=4)
    other.get_by_role("heading", name="Андрей Крылов").wait_for()
    api.ok("telephony.externalCall.hide", CALL_ID=call_id, USER_ID=2)
    mine.get_by_text("Сейчас никто не звонит").wait_for()
    api.ok("telephony.externalCall.finish", CALL_ID=call_id, USER_ID=4, DURATION=3)
    other.get_by_text("Nobody is calling now").wait_for()


def test_recording_plays_and_is_not_interrupted_by_news(open_page: Callable[..., Page], api: Api) -> None:
    page = open_page()
    call_id = api.finished()
    offered = api.ok("telephony.externalCall.attachRecord", CALL_ID=call_id, FILENAME="a.wav")
    api.session.post(offered["uploadUrl"], files={"file": wav(3)}, timeout=10)
    sound = page.locator("audio").first
    sound.wait_for()
    sound.evaluate("node => { node.muted = true; return node.play(); }")
    played = "(node, to) => new Promise(done => { node.ontimeupdate = () => node.currentTime > to && done(true); })"
    assert sound.evaluate(played, 0.1)
    assert sound.evaluate("node => Math.round(node.duration)") == 3
    api.finished(phone="+79031112233")
    assert sound.evaluate(played, 1.0)
    assert sound.evaluate("node => node.isConnected && !node.paused")
    page.locator(".calls li").nth(1).wait_for()


def test_panel_clicks_a_number_and_takes_the_portal_away(open_page: Callable[..., Page], portal: SandboxPortal) -> None:
    page = open_page("/control", locale="en")
    page.get_by_role("button", name="Call", exact=True).click()
    page.get_by_text("Done").wait_for()
    assert len(portal.calls()) == 1
    page.get_by_role("button", name="Take it away").click()
    page.get_by_text("The portal is away").wait_for()
    page.get_by_role("button", name="Bring it back").click()
    page.get_by_text("The portal is away").wait_for(state="detached")
    assert portal.faults.outage_kind == ""


def test_employee_and_language_are_chosen_without_a_button(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.get_by_label("Сотрудник").select_option("3")
    page.wait_for_url("**/?user=3")
    page.get_by_role("link", name="EN").click()
    page.get_by_text("Call cards").wait_for()
    assert page.get_by_label("Employee").input_value() == "3"


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_fits_a_telephone(open_page: Callable[..., Page], api: Api, tab: str) -> None:
    api.finished(phone="+79990001122", CRM_CREATE=1, LINE_NUMBER="74951234567")
    api.register(EXTERNAL_CALL_ID="x" * 60, CRM_CREATE=1)
    page = open_page("/" if tab == "calls" else f"/{tab}", width=360)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
