# SPDX-License-Identifier: GPL-3.0-or-later
"""Links to recordings as browsers, players and the portal open them."""

from __future__ import annotations

import http.client
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from flask.testing import FlaskClient

from itgrix_module.app.links import Audience, Link, Ready
from itgrix_module.app.ports import CallRow
from tests.fakes.recorded import NODE, START, Recorded, recorded
from tests.fakes.web_server import served
from tests.web.markup import problems, words

LAN = {"REMOTE_ADDR": "192.168.1.5"}
WORLD = {"REMOTE_ADDR": "8.8.8.8"}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Recorded]:
    with recorded(tmp_path) as found:
        yield found


@pytest.fixture
def call(here: Recorded) -> CallRow:
    made = here.call("1.1", "a.wav")
    assert isinstance(here.settle(made), Ready)
    return made


@pytest.fixture
def client(here: Recorded) -> FlaskClient:
    return here.app().test_client()


def path_of(here: Recorded, call: CallRow, audience: Audience = Audience.PEOPLE) -> str:
    return urlsplit(here.library.link(call, audience)).path


def file_of(here: Recorded, call: CallRow) -> bytes:
    found = here.library.file(call)
    assert isinstance(found, Ready)
    return found.path.read_bytes()


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["Call from +7 916 123-45-67", "21 November, 03:24:33", "1:00", "Анна", "101 Ольга Петрова"]),
        ("ru", ["Звонок с +7 916 123-45-67", "21 ноября, 03:24:33", "Разговор", "101 Ольга Петрова", "Сохранить"]),
    ],
)
def test_page_says_who_called_when_and_plays(
    here: Recorded, call: CallRow, client: FlaskClient, language: str, expected: list[str]
) -> None:
    path = path_of(here, call)
    answer = client.get(path, headers={"Accept-Language": language}, environ_base=LAN)
    assert answer.status_code == 200
    assert problems(answer.text) == []
    assert [word for word in expected if word not in words(answer.text)] == []
    assert f'src="{path.rpartition("/")[2]}/audio"' in answer.text
    assert f'<html lang="{language}">' in answer.text
    assert len(answer.data) < 5000


def test_page_of_an_outgoing_call_and_of_a_hidden_number(here: Recorded, client: FlaskClient) -> None:
    out = here.call("1.2", "b.wav", direction="outgoing", caller="102", client_name="")
    hidden = here.call("1.3", "c.wav", client="anonymous", client_name="<script>alert(1)</script>")
    assert "Call to +7 916 123-45-67" in client.get(path_of(here, out), environ_base=LAN).text
    text = client.get(path_of(here, hidden), environ_base=LAN).text
    assert "Call from a caller who hides his number" in text
    assert "<script" not in text


@pytest.mark.parametrize("audience", Audience)
def test_everything_answered_to_the_outside_is_closed_tight(
    here: Recorded, call: CallRow, client: FlaskClient, audience: Audience
) -> None:
    path = path_of(here, call, audience)
    for place in (path, f"{path}/audio", "/recordings/nonsense", "/recordings/page.css", "/recordings/a/b/c"):
        answer = client.get(place, environ_base=LAN)
        headers = answer.headers
        assert "default-src 'none'" in headers["Content-Security-Policy"], place
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "noindex" in headers["X-Robots-Tag"]
        assert headers["Cache-Control"].startswith("private, no-")
        assert "Set-Cookie" not in headers
        answer.close()


def test_page_loads_nothing_but_its_style_and_its_sound(here: Recorded, call: CallRow, client: FlaskClient) -> None:
    import re

    path = path_of(here, call)
    text = client.get(path, environ_base=LAN).text
    token = path.rpartition("/")[2]
    assert set(re.findall(r'(?:href|src)="([^"]+)"', text)) == {"page.css", f"{token}/audio"}
    assert client.get("/recordings/page.css").mimetype == "text/css"
    deep = client.get(f"{path}x/audio", environ_base=LAN).text
    assert 'href="../page.css"' in deep


# -- who may


def test_people_from_elsewhere_are_told_so(here: Recorded, call: CallRow, client: FlaskClient) -> None:
    path = path_of(here, call)
    for place in (path, f"{path}/audio"):
        answer = client.get(place, environ_base=WORLD)
        assert answer.status_code == 403
        assert "company's network" in words(answer.text)
        assert "916" not in answer.text


def test_address_in_a_header_opens_nothing(here: Recorded, call: CallRow, client: FlaskClient) -> None:
    headers = {"X-Forwarded-For": "192.168.1.5", "X-Real-IP": "192.168.1.5", "Forwarded": "for=192.168.1.5"}
    assert client.get(path_of(here, call), headers=headers, environ_base=WORLD).status_code == 403


def test_behind_a_web_server_on_this_machine_nobody_is_taken_for_local(
    here: Recorded, call: CallRow, client: FlaskClient
) -> None:
    here.core.settings.save({"portal.public_url": "https://pbx.example.com"})
    path = path_of(here, call)
    local = {"REMOTE_ADDR": "127.0.0.1"}
    assert client.get(path, environ_base=local).status_code == 403
    assert client.get(path, headers={"X-Forwarded-For": "192.168.1.5"}, environ_base=local).status_code == 403


def test_anybody_may_where_the_settings_say_so(here: Recorded, call: CallRow, client: FlaskClient) -> None:
    here.core.settings.save({"recordings.link_access": "anyone"})
    assert client.get(path_of(here, call), environ_base=WORLD).status_code == 200


def test_portal_gets_the_file_itself_from_anywhere(here: Recorded, call: CallRow, client: FlaskClient) -> None:
    path = path_of(here, call, Audience.PORTAL)
    answer = client.get(path, environ_base=WORLD)
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "audio/mpeg", file_of(here, call))
    assert client.get(f"{path}/audio", environ_base=WORLD).status_code == 404


def test_host_does_not_matter_for_links_and_the_panel_stays_closed(
    here: Recorded, call: CallRow, client: FlaskClient
) -> None:
    headers = {"Host": "pbx.example.com"}
    assert client.get(path_of(here, call), headers=headers, environ_base=LAN).status_code == 200
    assert client.get("/", headers=headers, environ_base=LAN).status_code == 421
    assert client.get("/recordings/", environ_base=LAN).status_code in (403, 404)
    assert client.get("/calls/", environ_base=LAN).status_code == 403


# -- what opens nothing


@pytest.mark.parametrize(
    "path",
    ["/recordings/nonsense", "/recordings/..%2f..%2fetc%2fpasswd", "/recordings/../calls/", "/recordings/%00",
     "/recordings/<script>", "/recordings/a/b", "/recordings/" + "A" * 5000, "/recordings/💥", "/recordings//x"],
)  # fmt: skip
def test_what_is_no_link_is_not_there(client: FlaskClient, path: str) -> None:
    answer = client.get(path, environ_base=LAN)
    assert answer.status_code in (404, 308)
    assert "<script" not in answer.text


def test_changed_link_is_not_there(here: Recorded, call: CallRow, client: FlaskClient) -> None:
    path = path_of(here, call)
    changed = path[:-2] + ("A" if path[-2] != "A" else "B") + path[-1]
    assert client.get(changed, environ_base=LAN).status_code == 404
    assert client.get(f"{changed}/audio", environ_base=LAN).status_code == 404


def test_link_to_a_call_that_is_not_kept_any_more_is_not_there(here: Recorded, client: FlaskClient) -> None:
    never = CallRow(NODE, "9.9", "incoming", "ended", started=START, ended=START)
    assert client.get(path_of(here, never), environ_base=LAN).status_code == 404


@pytest.mark.parametrize("language", ["en", "ru"])
def test_expired_link_says_so(here: Recorded, call: CallRow, client: FlaskClient, language: str) -> None:
    path = path_of(here, call)
    here.now += 400 * 86_400
    answer = client.get(path, headers={"Accept-Language": language}, environ_base=LAN)
    assert answer.status_code == 410
    assert {"en": "expired", "ru": "истёк"}[language] in words(answer.text)
    assert problems(answer.text) == []
    assert client.get(f"{path}/audio", environ_base=LAN).status_code == 410


def test_recording_that_is_nowhere_is_gone(here: Recorded, client: FlaskClient) -> None:
    call = here.call("1.1", "a.wav")
    (here.monitor / "2026/11/21/a.wav").unlink()
    path = path_of(here, call)
    for place in (path, f"{path}/audio"):
        answer = client.get(place, environ_base=LAN)
        assert answer.status_code == 410
        assert "not there any more" in words(answer.text)


def test_links_take_no_other_requests(here: Recorded, call: CallRow, client: FlaskClient) -> None:
    for method in (client.post, client.put, client.delete):
        answer = method(path_of(here, call), environ_base=LAN)
        assert answer.status_code == 405
        assert "GET" in answer.headers["Allow"]


def test_database_that_does_not_answer_is_said(here: Recorded, call: CallRow, client: FlaskClient) -> None:
    path = path_of(here, call)
    here.core.database.close()
    Path(str(here.core.database.engine.url.database)).write_bytes(b"no database" * 100)
    answer = client.get(path, environ_base=LAN)
    assert answer.status_code == 503
    assert "cannot be shown now" in words(answer.text)


# -- made again


def test_recording_is_made_again_while_the_page_says_so(here: Recorded, client: FlaskClient) -> None:
    call = here.call("1.1", "a.wav")
    path = path_of(here, call)
    page = client.get(path, environ_base=LAN)
    assert page.status_code == 200
    assert "being prepared" in words(page.text)
    assert int(page.headers["Refresh"]) <= 10
    assert "<audio" not in page.text
    assert problems(page.text) == []
    here.settle(call)
    assert "<audio" in client.get(path, environ_base=LAN).text


def test_file_that_is_being_made_is_asked_for_again(here: Recorded, client: FlaskClient) -> None:
    call = here.call("1.1", "a.wav")
    answer = client.get(f"{path_of(here, call)}/audio", environ_base=LAN)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) <= 10
    here.settle(call)
    assert client.get(f"{path_of(here, call)}/audio", environ_base=LAN).status_code == 200


def test_what_keeps_it_from_being_made_is_not_told_to_the_outside(here: Recorded, client: FlaskClient) -> None:
    call = here.call("1.1", "a.wav")
    (here.monitor / "2026/11/21/a.wav").write_bytes(b"RIFFnonsense" * 100)
    here.settle(call)
    text = client.get(path_of(here, call), environ_base=LAN).text
    assert "did not work at the first attempt" in words(text)
    assert "a.wav" not in text
    assert str(here.monitor) not in text


# -- over real sockets


@contextmanager
def connection(here: Recorded) -> Iterator[http.client.HTTPConnection]:
    with served(here.app()) as url:
        found = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        try:
            yield found
        finally:
            found.close()


def ask(
    server: http.client.HTTPConnection, path: str, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    server.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = server.getresponse()
    return answer, answer.read()


def test_player_moves_about_in_the_recording(here: Recorded, call: CallRow) -> None:
    whole = file_of(here, call)
    path = f"{path_of(here, call)}/audio"
    with connection(here) as server:
        answer, body = ask(server, path)
        assert (answer.status, body) == (200, whole)
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.headers["Content-Type"] == "audio/mpeg"
        tag, date = answer.headers["ETag"], answer.headers["Last-Modified"]
        for wanted, first, last in (("0-", 0, None), ("0-1", 0, 2), ("1000-1999", 1000, 2000), ("-500", -500, None)):
            answer, body = ask(server, path, Range=f"bytes={wanted}")
            assert (answer.status, body) == (206, whole[first:last])
            start = first % len(whole)
            assert answer.headers["Content-Range"] == f"bytes {start}-{start + len(body) - 1}/{len(whole)}"
            assert answer.headers["Content-Length"] == str(len(body))
        answer, body = ask(server, path, Range=f"bytes={len(whole)}-")
        assert (answer.status, answer.headers["Content-Range"], body) == (416, f"bytes */{len(whole)}", b"")
        for condition, status in ((tag, 206), (date, 206), ('"other"', 200)):
            assert ask(server, path, Range="bytes=5-9", If_Range=condition)[0].status == status
        answer, body = ask(server, path, If_None_Match=tag)
        assert (answer.status, body) == (304, b"")
        answer, body = ask(server, path, "HEAD", Range="bytes=5-9")
        assert (answer.status, answer.headers["Content-Length"], body) == (206, "5", b"")
        answer, body = ask(server, path, "HEAD")
        assert (answer.status, answer.headers["Content-Length"], body) == (200, str(len(whole)), b"")


def test_file_has_a_name_that_every_program_can_read(here: Recorded, call: CallRow) -> None:
    with connection(here) as server:
        answer, _ = ask(server, f"{path_of(here, call)}/audio")
    said = answer.headers["Content-Disposition"]
    assert said.startswith('inline; filename="2026-11-21 03-24 +7 916 123-45-67 ____.mp3"; filename*=UTF-8')
    assert unquote(said.partition("''")[2]) == "2026-11-21 03-24 +7 916 123-45-67 Анна.mp3"


@pytest.mark.parametrize("name", ['a"b\r\nSet-Cookie: x=1', "../../etc/passwd", "\x00", "x" * 500, "💥\u202e"])
def test_caller_with_a_hostile_name_breaks_no_header(here: Recorded, name: str) -> None:
    call = here.call("1.7", "a.wav", client_name=name)
    here.settle(call)
    with connection(here) as server:
        answer, body = ask(server, f"{path_of(here, call)}/audio")
    assert (answer.status, body) == (200, file_of(here, call))
    assert answer.headers["Set-Cookie"] is None
    said = answer.headers["Content-Disposition"]
    assert said.isascii()
    assert said.count('"') == 2
    assert "/" not in said.replace("UTF-8''", "")


def test_listener_keeps_his_file_while_it_is_made_again(here: Recorded) -> None:
    call, whole = here.call("1.8", "a.wav"), os.urandom(1_000_000)
    here.keep(call, whole)
    with (
        served(here.app()) as url,
        socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=10) as wire,
    ):
        wire.sendall(f"GET {path_of(here, call)}/audio HTTP/1.0\r\n\r\n".encode())
        head = wire.recv(1000)
        here.library.copies.remove(call)
        here.settle(call)
        rest = b"".join(iter(lambda: wire.recv(65536), b""))
    assert (head + rest).partition(b"\r\n\r\n")[2] == whole
    assert file_of(here, call) != whole


def test_listeners_who_stop_in_the_middle_leave_room_for_others(here: Recorded) -> None:
    """More of them than the server has threads: none is held by a listener who reads nothing."""
    call = here.call("1.9", "a.wav")
    here.keep(call, os.urandom(30_000_000))
    path = f"{path_of(here, call)}/audio"
    lazy: list[socket.socket] = []
    with served(here.app()) as url:
        place = (urlsplit(url).hostname, urlsplit(url).port)
        try:
            for number in range(12):
                lazy.append(socket.create_connection(place, timeout=10))
                lazy[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                lazy[-1].sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nRange: bytes={number}-\r\n\r\n".encode())
                assert b"206" in lazy[-1].recv(100)
            server = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
            answer, body = ask(server, path, Range="bytes=0-9")
            assert (answer.status, len(body)) == (206, 10)
            server.close()
        finally:
            for wire in lazy:
                wire.close()


def test_link_works_behind_a_relay_that_leaves_its_path(here: Recorded, call: CallRow) -> None:
    """Every address in the page is relative, so the path in front of it does not matter."""
    app = here.app()
    path = path_of(here, call)

    def relay(environ: dict[str, Any], start: Any) -> Any:
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix("/itgrix")
        return app(environ, start)

    with served(relay) as url:
        server = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        assert ask(server, f"/itgrix{path}")[0].status == 200
        assert ask(server, "/itgrix/recordings/page.css")[0].status == 200
        assert ask(server, f"/itgrix{path}/audio")[0].status == 200
        server.close()


def test_relay_on_this_machine_is_believed_only_when_it_was_made_known(here: Recorded, call: CallRow) -> None:
    here.core.settings.save({"portal.public_url": "https://pbx.example.com"})
    settings = dict(here.core.settings.current)
    here.library._settings = lambda: settings
    with connection(here) as server:
        path = path_of(here, call)
        assert ask(server, path)[0].status == 403
        assert ask(server, path, X_Forwarded_For="192.168.1.5")[0].status == 403
        settings["recordings.link_relay"] = True
        assert ask(server, path, X_Forwarded_For="192.168.1.5")[0].status == 200
        assert ask(server, path, X_Forwarded_For="192.168.1.5, 8.8.8.8")[0].status == 403
        assert ask(server, path)[0].status == 403


def test_token_of_an_audience_that_there_is_not_opens_nothing(
    here: Recorded, call: CallRow, client: FlaskClient
) -> None:
    link = here.library.read(path_of(here, call).rpartition("/")[2])
    assert isinstance(link, Link)
    odd = here.library._signer.sign(replace(link, audience=9))  # type: ignore[arg-type]
    assert client.get(f"/recordings/{odd}", environ_base=LAN).status_code == 404
