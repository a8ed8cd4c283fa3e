# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate: who passes, what is passed on, and what never is."""

from __future__ import annotations

import hashlib
import threading
from urllib.parse import urlsplit

import pytest
import requests

from tests.gate.stage import CONTENT, EVENTS, GATE, Browser, Service

BIG = bytes(range(251)) * 40_000  # 10 MB, more than PHP would take as an upload


def test_without_a_session_nothing_reaches_the_service(browser: Browser, service: Service) -> None:
    for path in (
        "/",
        "/calls/",
        "/static/panel.css",
        "/status",
        "/metrics",
        "/api/status",
        "/recordings",
        "/route?number=1",
    ):
        assert browser.ask(path).status_code == 401
    assert browser.ask("/", "POST", data="x").status_code == 401
    assert service.seen == []


def test_an_unknown_session_is_no_session(browser: Browser, service: Service) -> None:
    for value in ("0123456789abcdef0123456789", "../../etc/passwd", "a" * 300, "0123456789abcdef0123456789;x"):
        browser.session.cookies.set("PHPSESSID", value)
        assert browser.ask().status_code == 401
    assert service.seen == []


def test_a_visitor_is_handed_over_with_name_rights_and_place(admin: Browser) -> None:
    seen = admin.ask("/calls/?q=%D0%B8&q=2").json()
    assert seen["visitor"] == {"name": "admin", "rights": ["administer", "change", "listen", "see"]}
    assert seen["target"] == "/calls/?q=%D0%B8&q=2"
    assert seen["prefix"] == GATE
    assert seen["address"] == "127.0.0.1"
    assert seen["headers"]["HTTP_HOST"] == urlsplit(admin.base).netloc


@pytest.mark.parametrize(
    ("sections", "rights"),
    [
        ("itgrix", ["see"]),
        ("core;itgrix;itgrix_listen", ["listen", "see"]),
        ("itgrix;itgrix_change", ["change", "see"]),
        ("itgrix;itgrix_administer", ["administer", "see"]),
    ],
)
def test_rights_follow_the_sections_of_the_gui(browser: Browser, sections: str, rights: list[str]) -> None:
    browser.login(sections, "Иван")
    assert browser.ask().json()["visitor"] == {"name": "Иван", "rights": rights}


def test_without_the_section_there_is_no_access(browser: Browser, service: Service) -> None:
    browser.login("core;itgrix_change")
    answer = browser.ask(headers={"Accept": "text/html"})
    assert answer.status_code == 403
    assert "Нет доступа" in answer.text
    assert service.seen == []


def test_logout_ends_access_at_once(admin: Browser) -> None:
    assert admin.ask().status_code == 200
    admin.logout()
    assert admin.ask().status_code == 401


def test_a_session_that_somebody_holds_does_not_stall_the_panel(admin: Browser) -> None:
    assert admin.ask().status_code == 200
    holder = requests.get(
        f"{admin.base}/admin/login.php?hold=15", cookies=admin.session.cookies, stream=True, timeout=20
    )
    try:
        assert next(holder.iter_content(4)) == b"held"
        # On a connection of its own: PHP's small server may keep the other one at the process that is held.
        with requests.get(f"{admin.base}{GATE}/", cookies=admin.session.cookies, timeout=5) as answer:
            assert answer.json()["visitor"]["name"] == "admin"
    finally:
        holder.close()


def test_a_ticket_of_another_session_opens_nothing(admin: Browser) -> None:
    admin.ask()
    ticket = admin.session.cookies["itgrix_ticket"]
    stranger = Browser(admin.base)
    with stranger.session:
        for cookies in (
            {"itgrix_ticket": ticket},
            {"itgrix_ticket": ticket, "PHPSESSID": "0123456789abcdef0123456789"},
        ):
            stranger.session.cookies.update(cookies)
            assert stranger.ask().status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": None, "Referer": "http://evil.example/admin/modules/itgrix/gate/"},
        {"Origin": None},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_writes_of_other_sites_are_refused(
    admin: Browser, service: Service, method: str, headers: dict[str, str | None]
) -> None:
    assert admin.ask("/deliveries/change", method, data="order=drop", headers=headers).status_code == 403
    assert service.seen == []


def test_a_write_of_the_panel_passes(admin: Browser) -> None:
    seen = admin.ask("/deliveries/change", "POST", data={"order": "retry"}, headers={"X-CSRFToken": "t"}).json()
    assert (seen["method"], seen["length"], seen["headers"]["HTTP_X_CSRFTOKEN"]) == ("POST", 11, "t")
    seen = admin.ask("/x", "POST", headers={"Origin": None, "Referer": f"{admin.base}{GATE}/x"}).json()
    assert (seen["method"], seen["length"]) == ("POST", 0)


def test_an_upload_arrives_byte_by_byte(admin: Browser) -> None:
    seen = admin.ask("/import", "PUT", data=BIG).json()
    assert seen["digest"] == hashlib.sha256(BIG).hexdigest()
    request = requests.Request("POST", "http://x", files={"file": ("a.bin", BIG)}).prepare()
    assert isinstance(request.body, bytes)
    seen = admin.ask(
        "/import", "POST", data=request.body, headers={"Content-Type": request.headers["Content-Type"]}
    ).json()
    assert seen["digest"] == hashlib.sha256(request.body).hexdigest()
    assert seen["headers"]["CONTENT_TYPE"] == request.headers["Content-Type"]


def test_downloads_whole_and_in_part(admin: Browser) -> None:
    assert admin.ask("/file.mp3").content == CONTENT
    part = admin.ask("/file.mp3", headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, CONTENT[1000:2000])
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(CONTENT)}"
    assert part.headers["Content-Type"] == "audio/mpeg"


def test_events_arrive_while_they_are_made(admin: Browser, service: Service) -> None:
    with admin.ask("/events", stream=True) as answer:
        lines = answer.iter_lines(chunk_size=1)
        assert next(lines) == b"data: 0"  # the service makes the next one only after this
        service.go_on.set()
        rest = [line for line in lines if line]
    assert len(rest) == EVENTS - 1


def test_redirects_states_and_cookies_come_back(admin: Browser) -> None:
    moved = admin.ask("/leave")
    assert (moved.status_code, moved.headers["Location"]) == (302, f"{GATE}/calls/")
    for status in (204, 304, 404, 503):
        answer = admin.ask(f"/status/{status}")
        assert (answer.status_code, answer.headers["X-Kept"]) == (status, "yes")
    cookies = [cookie for cookie in admin.session.cookies if cookie.name.startswith("itgrix_") and cookie.value != "1"]
    assert {cookie.path for cookie in cookies} == {f"{GATE}/"}
    assert admin.ask("/x").headers["Content-Type"] == "text/css"


def test_head_has_no_body(admin: Browser) -> None:
    answer = admin.ask("/file.mp3", "HEAD")
    assert (answer.status_code, answer.content) == (200, b"")


def test_the_session_of_the_gui_and_forged_headers_stay_outside(admin: Browser) -> None:
    admin.session.cookies.set("lang", "ru_RU")
    forged = {
        "X-Itgrix-Gate": "x.y",
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Prefix": "/evil",
        "Authorization": "Basic x",
    }
    seen = admin.ask(headers=forged).json()
    assert seen["visitor"]["name"] == "admin"
    assert seen["headers"]["HTTP_COOKIE"] == "lang=ru_RU"
    assert "HTTP_AUTHORIZATION" not in seen["headers"]
    assert not [name for name in seen["headers"] if "FORWARDED" in name or "ITGRIX" in name]


@pytest.mark.parametrize(
    "path",
    [
        "/static/app.css",
        "/a.php",
        "/a/b.php",
        "/.hidden",
        "/.git/config",
        "/node/helpers/libraries/i18n",
        "/x%20y",
        "/д",
        "//a",
    ],
)
def test_every_name_is_answered_by_the_service(admin: Browser, path: str) -> None:
    answer = admin.ask(path)
    assert answer.status_code == 200
    assert answer.json()["prefix"] == GATE


@pytest.mark.parametrize(
    "path", ["/../../../login.php", "/..%2f..%2fetc", "/a/../../php/Gate.php", "/index.php/calls/"]
)
def test_path_tricks_reach_nothing_but_the_service(admin: Browser, path: str) -> None:
    request = requests.Request("GET", f"{admin.base}{GATE}/x", cookies=admin.session.cookies).prepare()
    request.url = f"{admin.base}{GATE}{path}"
    answer = admin.session.send(request, timeout=20, allow_redirects=False)
    assert answer.status_code in (200, 400, 403, 404)
    assert "class Gate" not in answer.text


def test_what_the_portal_fetches_passes_without_a_session_and_without_rights(
    browser: Browser, service: Service
) -> None:
    event = browser.ask("/bitrix24/events", "POST", data="event=X", headers={"Origin": "https://company.bitrix24.ru"})
    assert event.status_code == 200
    assert browser.ask("/recordings/abc.def-_1").status_code == 200
    nobody = {"name": "", "rights": []}
    assert [(seen["visitor"], seen["method"]) for seen in service.seen] == [(nobody, "POST"), (nobody, "GET")]
    # Behind a relay nobody is local, see web.access.
    assert all(seen["headers"]["HTTP_X_FORWARDED_FOR"] == "127.0.0.1" for seen in service.seen)


@pytest.mark.parametrize(
    "path",
    ["/bitrix24/events/../calls", "/recordings/../calls", "/recordings/..", "/recordings/a/b/c", "/bitrix24/eventsx"],
)
def test_nothing_hides_behind_the_open_paths(browser: Browser, service: Service, path: str) -> None:
    request = requests.Request("GET", browser.base).prepare()
    request.url = f"{browser.base}{GATE}{path}"
    assert browser.session.send(request, timeout=20, allow_redirects=False).status_code in (400, 401, 404)
    assert service.seen == []


def test_other_methods_are_refused(admin: Browser, service: Service) -> None:
    assert admin.ask("/", "PROPFIND").status_code == 405
    assert service.seen == []


def test_many_at_once(admin: Browser) -> None:
    cookies = dict(admin.session.cookies)
    states: list[int] = []

    def ask() -> None:
        states.append(requests.get(f"{admin.base}{GATE}/", cookies=cookies, timeout=20).status_code)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states == [200] * 8
