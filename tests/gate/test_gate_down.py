# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate while the service is down, breaks off, or is not installed; and the real panel behind it."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from itgrix_module.storage.engine import open_database
from itgrix_module.storage.migrate import upgrade
from tests.fakes.ports import free_port
from tests.gate import stage
from tests.web.seeds import health
from web import PanelDeps, create_app, gateway


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    stage.site(tmp_path)
    stage.home(tmp_path, free_port())
    return tmp_path


@pytest.fixture
def admin(folder: Path) -> Iterator[stage.Browser]:
    with stage.php_server(folder / "html", folder / "home", folder / "sessions") as address:
        found = stage.Browser(address)
        found.login()
        yield found
        found.session.close()


def use_port(folder: Path, port: int) -> None:
    (folder / "home" / "service.json").write_text(json.dumps({"bind": f"127.0.0.1:{port}"}))


def test_a_service_that_is_down_is_told_in_both_languages(admin: stage.Browser) -> None:
    answer = admin.ask(headers={"Accept": "text/html"})
    assert answer.status_code == 503
    assert "fwconsole itgrix restart" in answer.text
    assert "Служба Itgrix не работает" in answer.text
    assert answer.headers["Retry-After"] == "10"
    assert admin.ask("/api/status").json()["status"] == 503


def test_without_an_installation_nobody_is_let_in(admin: stage.Browser, folder: Path) -> None:
    (folder / "home" / "gate.key").unlink()
    assert admin.ask().status_code == 503


def test_a_buffer_that_cannot_be_ended_holds_nobody_up(admin: stage.Browser, folder: Path) -> None:
    """A server's auto_prepend_file may have begun one."""
    index = folder / "html" / "admin" / "modules" / "itgrix" / "gate" / "index.php"
    index.write_text(index.read_text().replace("require ", "ob_start(null, 0, 0);\nrequire ", 1))
    assert admin.ask().status_code == 503


def test_signed_out_is_told_to_the_page_around_the_frame(admin: stage.Browser) -> None:
    admin.logout()
    answer = admin.ask(headers={"Accept": "text/html"})
    assert answer.status_code == 401
    assert 'data-itgrix="401"' in answer.text


def test_a_service_that_breaks_off_before_it_answers(admin: stage.Browser, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        use_port(folder, server.getsockname()[1])
        thread = threading.Thread(target=lambda: server.accept()[0].close())
        thread.start()
        assert admin.ask().status_code == 502
        thread.join()


def test_the_real_panel_works_through_the_gate(admin: stage.Browser, folder: Path) -> None:
    url = f"sqlite:///{folder / 'panel.db'}"
    upgrade(url)
    database = open_database(url)
    app = create_app(PanelDeps(database=database, health=health, secret_key="s", viewer=gateway.viewer))
    try:
        with stage.serving(app, folder / "home" / "gate.key") as port:
            use_port(folder, port)
            page = admin.ask(headers={"Accept": "text/html"})
            assert page.status_code == 200
            style = re.search(rf'href="({stage.GATE}/static/panel\.css[^"]*)"', page.text)
            assert style is not None
            assert admin.session.get(admin.base + style[1], timeout=20).headers["Content-Type"].startswith("text/css")
            assert admin.ask("/?lang=ru", allow_redirects=True).text.count("Звонки")
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', admin.ask("/deliveries/").text)
            form = {"csrf_token": token[1] if token else "", "order": "retry", "state": "failed"}
            assert admin.ask("/deliveries/change", "POST", data=form).status_code in (302, 400)
            assert admin.ask("/healthz").text == "ok\n"
    finally:
        database.close()
