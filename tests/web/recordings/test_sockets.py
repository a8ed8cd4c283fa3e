# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings over real sockets: players that jump, names of files, listeners who stop, relays."""

from __future__ import annotations

import http.client
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from itgrix_module.app.ports import CallRow
from tests.fakes.recorded import Recorded
from tests.fakes.web_server import served
from tests.web.recordings.listening import file_of, path_of


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

    def relay(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
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
