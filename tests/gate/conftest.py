# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate on PHP's own server and on Apache."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gate import apache, stage


@pytest.fixture(scope="session")
def service() -> stage.Service:
    return stage.Service()


@pytest.fixture(
    scope="session", params=["php", pytest.param("apache", marks=pytest.mark.live)], ids=["php -S", "Apache"]
)
def web_server(
    request: pytest.FixtureRequest, service: stage.Service, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Address of a web server with the gate; the service is behind it."""
    folder = tmp_path_factory.mktemp("gui")
    html = stage.site(folder)
    place = stage.home(folder, 0)
    run = stage.php_server if request.param == "php" else apache.apache_server
    with stage.serving(service, place / "gate.key") as port:
        service.port = port
        (place / "service.json").write_text(f'{{"bind": "127.0.0.1:{port}"}}')
        with run(html, place, folder / "sessions") as address:
            yield address


@pytest.fixture
def browser(web_server: str, service: stage.Service) -> Iterator[stage.Browser]:
    """Not logged in yet."""
    service.seen.clear()
    service.go_on.clear()
    found = stage.Browser(web_server)
    yield found
    found.session.close()


@pytest.fixture
def admin(browser: stage.Browser) -> stage.Browser:
    browser.login()
    return browser


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "gate.key"
    path.write_text(stage.KEY + "\n")
    return path
