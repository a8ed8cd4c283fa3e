# SPDX-License-Identifier: GPL-3.0-or-later
"""Every page of the running product under axe-core: nothing that keeps somebody from using it."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.service.house import House, house
from tests.web.test_browser import CHROMIUM, WIDTHS, browser

pytestmark = pytest.mark.live
__all__ = ["browser"]

AXE = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
RUN = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
SERIOUS = ("serious", "critical")
LANGUAGE = {"desk": "ru", "phone": "en"}


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A service that has seen calls of several kinds on lines that somebody described and others."""
    assert Path(CHROMIUM).exists()
    lines = [{"match": "74950000002", "line": "74950000002", "source": "WEB"}]
    with house(tmp_path_factory.mktemp("axe"), {"lines": lines, "hooks.enabled": True}) as here:
        for kind, client in (("incoming", "79161110001"), ("missed", "79161110002"), ("outgoing", "79161110003")):
            here.ring(kind, client=client)
        here.wait_delivered()
        yield here


def walk(page: Page, start: str) -> Iterator[str]:
    """Open every page that a person can get to by links, each once; of pages with ids or filters the first."""
    seen, waiting = {""}, [start]
    while waiting:
        page.goto(waiting.pop(0))
        yield page.url.removeprefix(start)
        for link in page.evaluate("[...document.querySelectorAll('a[href]:not([download])')].map(each => each.href)"):
            plain = link.partition("#")[0].partition("?")[0]
            kind = _kind(plain.removeprefix(start))
            if plain.startswith(start) and kind not in seen and not _is_file(plain):
                seen.add(kind)
                waiting.append(plain)


def violations(page: Page) -> list[str]:
    """What axe-core finds serious on the open page."""
    page.evaluate(AXE)
    found = [item for item in page.evaluate(RUN) if item["impact"] in SERIOUS]
    return [f"{item['id']}: {item['help']}: {[node['html'][:160] for node in item['nodes'][:3]]}" for item in found]


def _kind(path: str) -> str:
    """Calls, customizations and guides look alike: two of each are enough."""
    parts = path.strip("/").split("/")
    return "/".join(parts[:1] if parts[0] in ("calls", "customizations", "help") and len(parts) == 2 else parts[:2])


def _is_file(address: str) -> bool:
    return any(
        part in address
        for part in ("/static/", "/export", "/transcript", "/download", ".csv", "/language", "/recording")
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_keeps_anybody_out(browser: Browser, lived_in: House, width: str) -> None:
    context = browser.new_context(viewport={"width": WIDTHS[width], "height": 900})
    context.add_cookies([{"name": "itgrix_lang", "value": LANGUAGE[width], "url": lived_in.panel}])
    page = context.new_page()
    found = {path: bad for path in walk(page, f"{lived_in.panel}/") for bad in [violations(page)]}
    context.close()
    assert len(found) > 20, found
    assert not {path: bad for path, bad in found.items() if bad}


def test_page_that_keeps_somebody_out_is_found(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<html lang='en'><title>x</title><main><h1>x</h1><input><img src='data:,'></main>")
    assert {bad.partition(":")[0] for bad in violations(page)} == {"image-alt", "label"}
    page.close()
