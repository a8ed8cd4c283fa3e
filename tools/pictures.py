# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of docs/images, taken anew from a running demonstration in Debian's Chromium.

Run by ``make pictures`` when pages have changed; needs what the tests need.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
SIZE: ViewportSize = {"width": 1180, "height": 900}
START = 60.0  # seconds
PLAYING = 60.0  # seconds until there is something to see
PAGES = {
    "status": "/",
    "lines": "/lines/",
    "wizard": "/wizard/pbx",
    "customizations": "/customizations/",
    "alarms": "/alerts/",
    "reports": "/reports/",
}
ENGLISH_ONLY = {"reports", "call"}
LANGUAGES = {"en": "", "ru": "-ru"}


def main() -> None:
    """Take all of them."""
    with demonstration() as (panel, portal), sync_playwright() as playwright:
        time.sleep(PLAYING)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for language, suffix in LANGUAGES.items():
            page = window(browser, panel, language)
            page.goto(f"{panel}/calls/?outcome=answered")
            call = page.locator("td a").first.get_attribute("href") or ""
            for name, path in {**PAGES, "call": call}.items():
                if not suffix or name not in ENGLISH_ONLY:
                    take(page, panel + path, f"{name}{suffix}")
        take(window(browser, portal, "en"), portal, "portal")
        browser.close()


@contextmanager
def demonstration() -> Iterator[tuple[str, str]]:
    """Addresses of a panel and a portal that are there while the context lasts."""
    with tempfile.TemporaryDirectory(prefix="itgrix-pictures-") as folder:
        output = Path(folder) / "output"
        command = [sys.executable, "-m", "itgrix_module", "demo", "--bind", "127.0.0.1:0"]
        with output.open("wb") as file:
            process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file, env={**os.environ, "LANG": "C"})
        try:
            yield addresses(process, output)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(START)


def addresses(process: subprocess.Popen[bytes], output: Path) -> tuple[str, str]:
    """What it says about itself: panel and portal."""
    deadline = time.monotonic() + START
    while process.poll() is None and time.monotonic() < deadline:
        found = dict(re.findall(r"(panel|portal):\s+(http://\S+)", output.read_text(errors="replace")))
        if len(found) > 1:
            return found["panel"].rstrip("/"), found["portal"]
        time.sleep(0.5)
    raise SystemExit(f"The demonstration does not start: {output.read_text(errors='replace')}")


def window(browser: Browser, address: str, language: str) -> Page:
    """A new one, in this language."""
    context = browser.new_context(viewport=SIZE, locale=language)
    context.add_cookies([{"name": "itgrix_lang", "value": language, "url": address}])
    return context.new_page()


def take(page: Page, address: str, name: str) -> None:
    """What a person sees first on this page."""
    page.goto(address)
    page.wait_for_timeout(500)
    page.screenshot(path=IMAGES / f"{name}.png")
    print(f"==> {name}.png", flush=True)


if __name__ == "__main__":
    main()
