# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel in its frame inside the GUI, under Apache, in Chromium."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from itgrix_module.storage.engine import open_database
from itgrix_module.storage.migrate import upgrade
from tests.gate import apache, stage
from tests.web.chromium import CHROMIUM, OPTIONS
from tests.web.seeds import health
from web import PanelDeps, create_app, gateway

pytestmark = pytest.mark.live


@pytest.fixture
def gui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of the GUI with the real panel behind its gate."""
    html = stage.site(tmp_path)
    module = html / "admin" / "modules" / "itgrix"
    for name in ("assets", "views", "i18n"):
        shutil.copytree(stage.ROOT / name, module / name)
    for name in ("Itgrix.class.php", "functions.inc.php"):
        shutil.copy(stage.ROOT / name, module)
    shutil.copy(stage.HERE / "config.php", html / "admin")
    stand_ins = module / "stand_ins.php"
    text = (stage.ROOT / "tests" / "module" / "php" / "freepbx.php").read_text()
    stand_ins.write_text(text.replace("dirname(__DIR__, 3)", "__DIR__"))
    (html / "admin" / ".htaccess").write_text(stage.GUI_RULES.replace("login", "(login|config)"))
    place = stage.home(tmp_path, 0)
    url = f"sqlite:///{tmp_path / 'panel.db'}"
    upgrade(url)
    database = open_database(url)
    app = create_app(PanelDeps(database=database, health=health, secret_key="s", viewer=gateway.viewer))
    monkeypatch.setenv("ITGRIX_STAND_INS", str(stand_ins))
    try:
        with stage.serving(app, place / "gate.key") as port:
            (place / "service.json").write_text(json.dumps({"bind": f"127.0.0.1:{port}"}))
            with apache.apache_server(html, place, tmp_path / "sessions") as address:
                yield f"{address}/admin/config.php?display=itgrix"
    finally:
        database.close()


@pytest.fixture
def page() -> Iterator[Page]:
    assert os.path.exists(CHROMIUM)  # noqa: PTH110
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser.new_page(viewport={"width": 1280, "height": 900})
        browser.close()


def test_the_panel_fills_the_window_works_and_asks_for_a_lost_login(gui: str, page: Page) -> None:
    faults: list[str] = []
    page.on("response", lambda answer: faults.append(answer.url) if answer.status >= 400 else None)
    page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{gui}&login=1")
    frame = page.frame_locator("#itgrix-panel")
    expect(frame.locator("h1").first).to_be_visible()
    box = page.locator("#itgrix-panel").bounding_box()
    assert box is not None
    assert 500 < box["height"] < 900
    assert abs(box["y"] + box["height"] - 900) < 40
    frame.locator("nav.menu a").nth(1).click()
    expect(frame.locator("nav.menu a").nth(1)).to_have_attribute("aria-current", "page")
    assert faults == []
    page.goto(gui)
    expect(frame.locator("h1").first).to_be_visible()
    page.request.get(gui.replace("config.php", "login.php") + "&out=1")
    frame.locator("nav.menu a").nth(2).click()
    expect(page.locator("#login")).to_be_visible()


def test_a_page_that_refreshes_itself_notices_that_the_session_is_over(gui: str, page: Page) -> None:
    page.goto(f"{gui}&login=1")
    page.goto(gui)
    expect(page.frame_locator("#itgrix-panel").locator("[data-live]").first).to_be_visible()
    page.request.get(gui.replace("config.php", "login.php") + "&out=1")
    expect(page.locator("#login")).to_be_visible(timeout=30_000)


def test_a_destination_is_added_in_the_gui(gui: str, page: Page) -> None:
    page.goto(f"{gui}&login=1&view=destinations&new=1")
    page.fill("#itgrix-name", "Sales")
    page.fill("#itgrix-ring", "999")
    page.click("form.itgrix-form button")
    expect(page.locator(".text-danger").first).to_be_visible()
    assert page.locator("#itgrix-name").input_value() == "Sales"
