# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording goes to the portal from where it lies, and what is reported of requests holds no secrets."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from itgrix_module.app.rest_ports import Command
from itgrix_module.bitrix24.auth import AppAuth
from itgrix_module.bitrix24.exchange import Exchange
from itgrix_module.bitrix24.memory import MemoryTokens
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from tests.bitrix24.conftest import Connect, Serve, pair
from tests.bitrix24.wires import Cut, Request, Script, Sent, batch_answer, error, moved, reply, result

REGISTER = "telephony.externalCall.register"
SHOW = "telephony.externalCall.show"


def test_file_is_sent_as_multipart_and_its_id_comes_back(serve: Serve, connect: Connect, tmp_path: Path) -> None:
    server = serve(lambda request: result({"FILE_ID": 9079}))
    (tmp_path / "call.mp3").write_bytes(b"ID3" + b"\x00\xff" * 100_000)
    url = f"{server.url}/rest/upload.json?auth=A1&token=telephony%7Cabc"
    answer = connect(server.webhook).upload(url, "file", tmp_path / "call.mp3", "pbx-1.mp3")
    assert answer == {"FILE_ID": 9079}
    request = server.requests[0]
    assert request.path == "/rest/upload.json?auth=A1&token=telephony%7Cabc"
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    head, _, rest = request.body.partition(b"\r\n\r\n")
    assert head.startswith(b"--" + boundary)
    assert b'name="file"; filename="pbx-1.mp3"' in head
    assert rest == b"ID3" + b"\x00\xff" * 100_000 + b"\r\n--" + boundary + b"--\r\n"
    assert int(request.headers["content-length"]) == len(request.body)


def test_open_file_is_sent_from_where_it_stands(serve: Serve, connect: Connect) -> None:
    server = serve(lambda request: result({"FILE_ID": 1}))
    file = io.BytesIO(b"headerCONTENT")
    file.seek(6)
    connect(server.webhook).upload(f"{server.url}/rest/upload.json?token=x", "file", file, "a.mp3")
    assert server.requests[0].body.partition(b"\r\n\r\n")[2].startswith(b"CONTENT\r\n--")
    assert not file.closed


def test_file_is_never_held_whole(serve: Serve, connect: Connect) -> None:
    class Endless(io.RawIOBase):
        """Two hundred megabytes that exist only as they are read; remembers the largest read."""

        size, position, largest = 200 * 1024 * 1024, 0, 0

        def seek(self, offset: int, whence: int = 0) -> int:
            self.position = offset + (self.size if whence == 2 else 0)
            return self.position

        def tell(self) -> int:
            return self.position

        def read(self, size: int = -1) -> bytes:
            self.largest = max(self.largest, size if size >= 0 else self.size)
            wanted = min(size if size >= 0 else self.size, self.size - self.position)
            self.position += wanted
            return b"\0" * wanted

    server = serve(lambda request: result({"FILE_ID": 1}))
    file = Endless()
    client = connect(server.webhook)
    client.upload(f"{server.url}/rest/upload.json?token=x", "file", cast("BinaryIO", file), "a.mp3")
    assert len(server.requests[0].body) > file.size
    assert file.largest <= 65536


@pytest.mark.parametrize("name", ['a"b.mp3', "a\r\nX-Evil: 1.mp3", "звонок.mp3", "a\0.mp3"])
def test_name_of_a_file_cannot_break_the_header(serve: Serve, connect: Connect, name: str) -> None:
    server = serve(lambda request: result({"FILE_ID": 1}))
    connect(server.webhook).upload(f"{server.url}/rest/upload.json", name, io.BytesIO(b"x"), name)
    head = server.requests[0].body.partition(b"\r\n\r\n")[0]
    assert head.count(b"\r\n") == 2
    assert head.count(b'"') == 4
    assert b"\0" not in head


@pytest.mark.parametrize("content", [None, b""])
def test_recording_that_is_missing_or_empty_is_permanent(
    connect: Connect, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "x.mp3").write_bytes(content)
    client = connect("http://127.0.0.1:1/rest/1/secretcode1234/")
    with pytest.raises(Permanent) as caught:
        client.upload("http://127.0.0.1:1/rest/upload.json", "file", tmp_path / "x.mp3", "x.mp3")
    assert (caught.value.code, caught.value.executed) == ("recording_missing", False)


def test_recording_that_shrinks_while_it_is_sent_is_a_clear_failure(serve: Serve, connect: Connect) -> None:
    class Shrinking(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return b"" if self.tell() >= 100_000 else super().read(size)

    server = serve(lambda request: result({"FILE_ID": 1}))
    with pytest.raises(Permanent) as caught:
        connect(server.webhook).upload(f"{server.url}/rest/upload.json", "f", Shrinking(b"x" * 300_000), "x.mp3")
    assert "shorter" in caught.value.text


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (error(401, "expired_token"), Temporary, "upload_expired"),
        (error(403, "ACCESS_DENIED"), Temporary, "upload_expired"),
        (reply(b"<html>413 Request Entity Too Large</html>", 413), Permanent, "upload_too_large"),
        (reply(b"<html>502</html>", 502), Temporary, "html"),
        (Cut(), Temporary, "reset"),
    ],
)
def test_upload_that_fails_says_what_follows(
    serve: Serve, connect: Connect, answer: bytes | Cut, kind: type[Failure], code: str
) -> None:
    server = serve(lambda request: answer)
    with pytest.raises(Failure) as caught:
        connect(server.webhook).upload(f"{server.url}/rest/upload.json?auth=A1", "f", io.BytesIO(b"x"), "x.mp3")
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert len(server.requests) == 1


def test_upload_is_repeated_from_the_start_after_a_refusal_for_the_rate_and_a_redirect(
    serve: Serve, connect: Connect
) -> None:
    answers = [error(503, "QUERY_LIMIT_EXCEEDED"), result({"FILE_ID": 7})]
    new = serve(lambda request: answers.pop(0))
    old = serve(moved(new.url))
    names: list[str] = []
    client = connect(old.webhook, on_renamed=names.append)
    url = f"{old.url}/rest/upload.json?token=x"
    sent = client.upload(url, "f", io.BytesIO(b"x" * 100_000), "x.mp3", priority=0)
    assert sent == {"FILE_ID": 7}
    assert {request.body.count(b"x" * 100_000) for request in (*old.requests, *new.requests)} == {1}
    assert names == []  # a file server is not the portal


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://files.example/rest/upload.json", "plain_http"),
        ("file:///etc/passwd", "bad_address"),
        ("", "bad_address"),
    ],
)
def test_upload_goes_by_https_only(connect: Connect, url: str, code: str) -> None:
    with pytest.raises(NeedsOwner) as caught:
        connect("https://p.bitrix24.ru/rest/1/secretcode1234/").upload(url, "f", io.BytesIO(b"x"), "x.mp3")
    assert caught.value.code == code


# exchanges


def test_each_attempt_is_reported_without_secrets(serve: Serve, connect: Connect) -> None:
    answers: list[Sent | Script] = [
        error(503, "QUERY_LIMIT_EXCEEDED"),
        result({"uploadUrl": "x"}),
        batch_answer,
        Cut(),
    ]

    def script(request: Request) -> Sent:
        answer = answers.pop(0)
        return answer(request) if callable(answer) else answer

    seen: list[Exchange] = []
    server = serve(script)
    client = connect(server.webhook, on_exchange=seen.append)
    client.call("profile", {"client_secret": "s3cr3t", "X": 1})
    client.batch([Command("a", "x", {"auth": "s3cr3t", "Y": 2})])
    with pytest.raises(Temporary):
        client.call("profile")
    assert [(e.method, e.status, e.code, e.batch) for e in seen] == [
        ("profile", 503, "QUERY_LIMIT_EXCEEDED", 0),
        ("profile", 200, "", 0),
        ("batch", 200, "", 1),
        ("profile", 0, "reset", 0),
    ]
    assert "s3cr3t" not in str([e.params for e in seen])
    assert seen[0].params["X"] == 1
    assert seen[2].params["cmd"]["a"] == "x?auth=***&Y=2"
    assert all(e.milliseconds > 0 for e in seen)


def test_debug_log_holds_no_secrets(serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    server = serve(lambda request: error(403, "ACCESS_DENIED", "token A1secret is bad"))
    store = MemoryTokens(pair(server.url, access="A1secret", refresh="R1secret"))
    with pytest.raises(Permanent) as caught:
        connect(AppAuth(store, "i", "client-s3cr3t")).call("profile", {"x": "A1secret"})
    assert "profile 403 ACCESS_DENIED" in caplog.text
    for secret in ("A1secret", "R1secret", "client-s3cr3t"):
        assert secret not in caplog.text + repr(caught.value) + str(caught.value)
