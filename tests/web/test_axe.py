# SPDX-License-Identifier: GPL-3.0-or-later
"""Every page of the running product: it loads cleanly, fits the screen, and axe-core finds nothing that keeps
somebody from using it."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page

from tests.service.house import House, house
from tests.web.chromium import WIDTHS, Chromium, Watched, fits, fits_now, resize, window
from tests.web.test_settings_forms import ALL

pytestmark = pytest.mark.live

AXE = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
RUN = """async (contrast) => (await axe.run(document, {
    resultTypes: ['violations'], rules: {'color-contrast': {enabled: contrast}},
})).violations"""
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A service that has seen calls of several kinds on lines that somebody described and others."""
    lines = [{"match": "74950000002", "line": "74950000002", "source": "WEB"}]
    with house(tmp_path_factory.mktemp("axe"), {"lines": lines, "hooks.enabled": True}) as here:
        for kind, client in (("incoming", "79161110001"), ("missed", "79161110002"), ("outgoing", "79161110003")):
            here.ring(kind, client=client)
        here.wait_delivered()
        yield here


def walk(watched: Watched, start: str) -> Iterator[str]:
    """Open every page that a person can get to by links, each once; of pages with ids or filters the first."""
    seen, waiting = {""}, [start]
    while waiting:
        watched.open(waiting.pop(0))
        yield watched.page.url.removeprefix(start)
        for link in watched.page.evaluate(
            "[...document.querySelectorAll('a[href]:not([download])')].map(each => each.href)"
        ):
            plain = link.partition("#")[0].partition("?")[0]
            kind = _kind(plain.removeprefix(start))
            if plain.startswith(start) and kind not in seen and not _is_file(plain):
                seen.add(kind)
                waiting.append(plain)


def violations(page: Page, *, contrast: bool = True) -> list[str]:
    """What axe-core finds serious on the open page. ``contrast``: that takes longest; a width changes no colour."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = [item for item in page.evaluate(RUN, contrast) if item["impact"] in SERIOUS]
    return [f"{item['id']}: {item['help']}: {[node['html'][:160] for node in item['nodes'][:3]]}" for item in found]


def _kind(path: str) -> str:
    """Calls, customizations and guides look alike: one of each is enough, beside their list."""
    parts = path.strip("/").split("/")
    return f"{parts[0]}/*" if parts[0] in ("calls", "customizations", "help") and parts[1:] else "/".join(parts[:2])


def _is_file(address: str) -> bool:
    parts = ("/static/", "/export", "/transcript", "/download", ".csv", "/language")
    return address.endswith("/recording") or any(part in address for part in parts)


@contextmanager
def reader(browser: Chromium, house: House, language: str) -> Iterator[Watched]:
    with window(browser) as seen:
        seen.page.context.add_cookies([{"name": "itgrix_lang", "value": language, "url": house.panel}])
        yield seen
        assert not seen.troubles


def all_kinds(paths: Iterable[str]) -> bool:
    """Nothing that can be set is left out."""
    return {_kind(path) for path in ALL} <= {_kind(path) for path in paths}


@pytest.mark.timeout(400)
def test_no_page_keeps_anybody_out_on_a_desk_and_on_a_phone(browser: Chromium, lived_in: House) -> None:
    found = dict[str, list[str]]()
    with reader(browser, lived_in, "ru") as seen:
        for path in walk(seen, f"{lived_in.panel}/"):
            for name, width in WIDTHS.items():
                resize(seen.page, width)
                fits_now(seen.page)
                found[f"{path}?{name}"] = violations(seen.page, contrast=name == "desk")
    assert all_kinds(key.partition("?")[0] for key in found)
    assert not {path: bad for path, bad in found.items() if bad}


def test_pages_in_english_fit_the_screen(browser: Chromium, lived_in: House) -> None:
    opened: list[str] = []
    with reader(browser, lived_in, "en") as seen:
        for path in walk(seen, f"{lived_in.panel}/"):
            if not opened:
                assert not violations(seen.page)
            fits(seen.page)
            opened.append(path)
    assert all_kinds(opened)


def test_page_that_keeps_somebody_out_is_found(browser: Chromium) -> None:
    with window(browser) as seen:
        seen.page.set_content("<html lang='en'><title>x</title><main><h1>x</h1><input><img src='data:,'></main>")
        assert {bad.partition(":")[0] for bad in violations(seen.page)} == {"image-alt", "label"}
