# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium for the tests: one browser, whose windows serve one test after the other; panels that it opens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, Response, expect, sync_playwright
from werkzeug.serving import make_server

from tests.service.house import until

CHROMIUM = "/usr/bin/chromium"
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--js-flags=--no-opt",  # no page lives long enough for what the compiler makes of it
]
WIDTHS = {"desk": 1280, "phone": 390}
HEIGHT = 800
USUAL = {"locale": "en-US", "timezone_id": "Europe/Moscow"}
PATIENCE = 30_000  # milliseconds that a loaded machine may take for what usually comes at once


@dataclass
class Chromium:
    """A browser. ``idle``: its windows that nobody looks at, by what they were opened with.

    Opening a window costs as much computing as five pages: it is used again, without what the last test left in it.
    """

    opened: Browser
    idle: dict[str, list[Page]] = field(default_factory=dict)

    def take(self, options: dict[str, Any], *, is_hurried: bool) -> Page:
        """A blank window with these options. ``is_hurried``: see ``hurry``."""
        waiting = self.idle.get(_key(options, is_hurried))
        if waiting:
            return waiting.pop()
        context = self.opened.new_context(**USUAL | options)
        context.set_default_timeout(PATIENCE)
        if is_hurried:
            context.clock.install()
        return context.new_page()

    def give_back(self, page: Page, options: dict[str, Any], *, is_hurried: bool) -> None:
        page.goto("about:blank")
        page.context.clear_cookies()
        self.idle.setdefault(_key(options, is_hurried), []).append(page)


def _key(options: dict[str, Any], is_hurried: bool) -> str:
    return repr((sorted(options.items()), is_hurried))


@contextmanager
def chromium() -> Iterator[Chromium]:
    if not Path(CHROMIUM).exists():
        pytest.fail("Chromium is not installed: python3 tools/setup.py --system test")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield Chromium(opened)
        opened.close()


@dataclass
class Watched:
    """A browser window that notes everything that goes wrong in it. ``asked``: what the browser still waits for."""

    page: Page
    troubles: list[str] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)

    def note(self, message: ConsoleMessage) -> None:
        self.troubles.append(f"{message.type}: {message.text}")

    def fault(self, error: Error) -> None:
        self.troubles.append(f"error: {error}")

    def ask(self, request: Request) -> None:
        self.asked.append(request)

    def answer(self, response: Response) -> None:
        self.end(response.request)

    def end(self, request: Request) -> None:
        if request in self.asked:  # it may be of the page before
            self.asked.remove(request)

    def fail(self, request: Request) -> None:
        """What the browser gave up itself, because the next page was opened meanwhile, is no fault."""
        self.end(request)
        if request.failure != "net::ERR_ABORTED":
            self.troubles.append(f"failed: {request.url}")

    def settle(self) -> None:
        """Until everything that the page has asked for is answered, and what is wrong with it is noted."""
        until(self._is_quiet, PATIENCE / 1000, lambda: [one.url for one in self.asked])

    def _is_quiet(self) -> bool:
        self.page.evaluate("0")  # the browser's messages come in during calls only
        return not self.asked

    def open(self, address: str) -> None:
        self.page.goto(address)
        self.settle()

    def listen(self) -> None:
        self.page.on("console", self.note)
        self.page.on("pageerror", self.fault)
        self.page.on("request", self.ask)
        self.page.on("response", self.answer)
        self.page.on("requestfailed", self.fail)

    def leave(self) -> None:
        self.page.remove_listener("console", self.note)
        self.page.remove_listener("pageerror", self.fault)
        self.page.remove_listener("request", self.ask)
        self.page.remove_listener("response", self.answer)
        self.page.remove_listener("requestfailed", self.fail)


@contextmanager
def window(browser: Chromium, *, is_own: bool = False, is_hurried: bool = False, **options: Any) -> Iterator[Watched]:
    """A window without cookies. ``is_own``: nobody had it before or gets it afterwards."""
    size = options.pop("viewport", {"width": WIDTHS["desk"], "height": HEIGHT})
    browser = Chromium(browser.opened) if is_own else browser
    page = browser.take(options, is_hurried=is_hurried)
    page.set_viewport_size(size)
    seen = Watched(page)
    seen.listen()
    try:
        yield seen
    except BaseException:
        page.context.close()
        raise
    seen.leave()
    if is_own:
        page.context.close()
    else:
        browser.give_back(page, options, is_hurried=is_hurried)


def hurry(page: Page) -> None:
    """Let the page's timers believe that the pause between two refreshes is over."""
    page.clock.fast_forward(6000)


def resize(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": HEIGHT})


def fits(page: Page) -> None:
    """Nothing of the open page sticks out at the side, on a desk and on a phone."""
    assert page.viewport_size
    own = page.viewport_size["width"]
    fits_now(page)
    for width in set(WIDTHS.values()) - {own}:
        resize(page, width)
        fits_now(page)


def fits_now(page: Page) -> None:
    """Nothing of the open page sticks out at the side of the window as it is."""
    assert page.viewport_size
    inner, needed = page.evaluate("[innerWidth, document.documentElement.scrollWidth]")
    assert inner == page.viewport_size["width"]
    assert needed <= inner, f"{page.url} is {needed} px wide on a screen of {inner}"


@dataclass
class Served:
    """A panel on a real port."""

    address: str
    stop: Callable[[], None]


@contextmanager
def served(app: Flask) -> Iterator[Served]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="panel")
    thread.start()

    def stop() -> None:
        if thread.is_alive():
            server.shutdown()
            thread.join(10)
            server.server_close()

    try:
        yield Served(f"http://127.0.0.1:{server.server_port}", stop)
    finally:
        stop()
