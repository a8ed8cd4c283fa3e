# SPDX-License-Identifier: GPL-3.0-or-later
"""The application as a whole: making it, its headers, its place behind a relay, its errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from itgrix_module.domain.failures import Temporary
from itgrix_module.storage.engine import Database
from tests.web.markup import problems, words
from tests.web.seeds import NODE, row, save, step

PAGES = ["/", "/calls/", "/deliveries/", f"/calls/{NODE}/1795260000.1", "/no/such/page", "/live", "/calls/news"]
LINKS = re.compile(r'(?:href|src|action|data-live)="([^"#]+)')


@pytest.fixture
def seeded(database: Database) -> None:
    save(database, row(), [step()])


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'self'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "Accept-Language" in headers["Vary"]


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_well_made_and_small(reader: FlaskClient, path: str) -> None:
    answer = reader.get(path)
    assert not problems(answer.text, whole="<html" in answer.text)
    assert len(answer.data) < 40_000


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("path", PAGES)
def test_pages_load_nothing_from_elsewhere(client: FlaskClient, path: str) -> None:
    assert not [link for link in LINKS.findall(client.get(path).text) if not link.startswith("/")]


def test_static_files_are_kept_as_long_as_their_content_is_the_same(client: FlaskClient) -> None:
    links = [link for link in LINKS.findall(client.get("/").text) if link.startswith("/static/")]
    assert len(links) >= 3
    for link in links:
        answer = client.get(link)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        bare = client.get(link.partition("?")[0])
        assert "immutable" not in bare.headers["Cache-Control"]
        answer.close()
        bare.close()


@pytest.mark.parametrize("strips", [True, False])
def test_behind_a_relay_every_link_begins_with_its_path(make_panel: Callable[..., Flask], strips: bool) -> None:
    path = "/admin/modules/itgrix/gate"
    client = make_panel(base_path=path).test_client()
    for page in ("/", "/calls/", "/deliveries/", "/nothing"):
        answer = client.get(page if strips else path + page)
        links = LINKS.findall(answer.text)
        assert links
        assert not [link for link in links if not link.startswith(f"{path}/")]


def test_cookies_stay_on_the_path_of_the_relay(make_panel: Callable[..., Flask]) -> None:
    client = make_panel(base_path="/pbx/itgrix/").test_client()
    answer = client.get("/?lang=ru")
    assert answer.location == "/pbx/itgrix/"
    assert "Path=/pbx/itgrix" in answer.headers["Set-Cookie"]


def test_path_that_only_begins_like_the_prefix_is_no_part_of_it(make_panel: Callable[..., Flask]) -> None:
    assert make_panel(base_path="/gate").test_client().get("/gatecalls/").status_code == 404


@pytest.mark.parametrize("path", ["/a//b", "/a/../b", "https://evil.example", "/a?b", "/a b", "/а", '/a"'])
def test_base_path_that_is_no_path_is_refused(make_panel: Callable[..., Flask], path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        make_panel(base_path=path)


def test_two_panels_in_one_process_know_nothing_of_each_other(make_panel: Callable[..., Flask]) -> None:
    one, other = make_panel(support=lambda: "one@example.org"), make_panel(base_path="/other")
    assert "one@example.org" in one.test_client().get("/").text
    text = other.test_client().get("/").text
    assert "one@example.org" not in text
    assert "/other/calls/" in text


def test_missing_page_says_so_and_leads_back(russian: FlaskClient) -> None:
    answer = russian.get("/nothing")
    assert answer.status_code == 404
    assert "Здесь ничего нет" in words(answer.text)
    assert "К состоянию" in words(answer.text)


@pytest.mark.parametrize("path", ["/calls/<script>", "/calls/a/%3Cscript%3E", "/'\"><img src=x>", "/calls/%00/x"])
def test_hostile_address_is_never_shown_as_markup(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (404, 308)
    assert "<script>" not in answer.text
    assert "<img" not in answer.text


def test_fault_of_a_page_tells_no_details(make_panel: Callable[..., Flask]) -> None:
    def broken() -> str:
        raise RuntimeError("password=hunter2")

    app = make_panel(health=broken)
    answer = app.test_client().get("/")
    assert answer.status_code == 500
    assert "A fault in the panel" in words(answer.text)
    assert "hunter2" not in answer.text


def test_without_the_database_the_health_is_still_shown(database: Database, russian: FlaskClient) -> None:
    database.close()
    Path(str(database.engine.url.database)).write_bytes(b"no database at all" * 100)
    status, calls = russian.get("/"), russian.get("/calls/")
    assert status.status_code == 200
    assert "Файл базы данных повреждён" in words(status.text)
    assert calls.status_code == 503
    assert "Остановите службу и восстановите" in words(calls.text)


def test_database_failure_is_json_for_scripts(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object) -> None:
        raise Temporary("database_locked", "the database is locked by another program")

    monkeypatch.setattr("web.reading.find_calls", locked)
    answer = client.get("/api/calls/recent")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["text"] == "the database is locked by another program"


def test_too_large_a_request_is_refused(client: FlaskClient) -> None:
    assert client.post("/deliveries/change", data={"x": "y" * 100_000}).status_code == 413


def test_wrong_method_is_refused(client: FlaskClient) -> None:
    assert client.get("/deliveries/change").status_code == 405
