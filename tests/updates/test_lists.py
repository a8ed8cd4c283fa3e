# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of releases over a real wire: good, forged, replayed, cut, huge, redirected, slow."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from itgrix_module import feed as releases
from itgrix_module.app.health import Level
from itgrix_module.domain.failures import Failure, Permanent, Temporary
from tests.bitrix24.certificates import Authority
from tests.fakes.releases import Answer, Publisher, shelf
from tests.updates.desk import NOW, Desk


def test_a_newer_version_is_found_and_still_known_after_a_restart(desk: Desk) -> None:
    desk.publish("1.0.0", "1.1.0")
    state = desk.updates.check()
    assert state.outlook is not None
    assert state.outlook.newest is not None
    assert state.outlook.newest.version == "1.1.0"
    again = desk.anew().state()
    assert again.outlook is not None
    assert again.outlook.newest == state.outlook.newest
    assert again.checked.good_at == NOW


def test_nothing_about_this_machine_is_told(desk: Desk) -> None:
    desk.publish("1.0.0")
    desk.updates.check()
    ((path, headers),) = desk.shelf.asked
    assert path == "/itgrix.json"
    assert set(headers) <= {"host", "user-agent", "accept-encoding", "accept", "connection"}
    assert headers["user-agent"] == "itgrix"


def test_forged_lists_are_refused_whatever_they_are_forged_in(desk: Desk) -> None:
    good = json.loads(desk.publish("1.1.0"))
    other = Publisher(desk.publisher.url)
    for forged in (
        {**good, "issued": good["issued"] + 1},
        {**good, "more": 1},
        {**good, "signature": ""},
        {**good, "signature": 5},
        {**good, "signature": "é"},
        {name: value for name, value in good.items() if name != "signature"},
        json.loads(other.list(other.release("9.0.0"))),
    ):
        desk.shelf.files["/itgrix.json"] = json.dumps(forged).encode()
        assert desk.refused().code == "updates_forged"
    assert desk.updates.outlook() is None
    assert [check.level for check in desk.updates.checks()] == [Level.WARNING]


def test_a_list_older_than_one_seen_before_is_refused_and_the_newer_one_stays(desk: Desk) -> None:
    old = desk.publish("1.1.0", issued=1_700_000_000)
    desk.publish("1.1.0", "1.2.0", issued=1_700_000_100)
    desk.updates.check()
    desk.shelf.files["/itgrix.json"] = old
    desk.updates = desk.anew()
    assert desk.refused().code == "updates_replayed"
    found = desk.updates.outlook()
    assert found is not None
    assert found.newest is not None
    assert found.newest.version == "1.2.0"
    assert desk.updates.checks()[0].code == "updates_replayed"


def test_the_same_list_again_is_good(desk: Desk) -> None:
    desk.publish("1.1.0")
    desk.updates.check()
    desk.updates.check()


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"<html>", b"[]", b"null", b'{"a": 1, "a": 2}', b'{"a": 1.5}', b'{"a": NaN}'),
        *(b"[" * 100_000, b"\xff\xfe", b"1" * 5000),
    ],
    ids=["empty", "page", "array", "null", "twice", "fraction", "nan", "deep", "bytes", "number"],
)
def test_what_is_no_list_is_refused(desk: Desk, content: bytes) -> None:
    desk.shelf.files["/itgrix.json"] = content
    assert desk.refused().code == "updates_unreadable"


def test_signed_nonsense_is_refused(desk: Desk) -> None:
    desk.shelf.files["/itgrix.json"] = desk.publisher.signed({"rawname": "other"})
    assert desk.refused().code == "updates_bad"


def _cut(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b"{")
    handler.close_connection = True


def _endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" " * 65_536)


def _answer(status: int, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


@pytest.mark.parametrize(
    ("answer", "code", "kind"),
    [
        (_cut, "updates_cut", Temporary),
        (_endless, "updates_huge", Permanent),
        (_answer(404), "updates_status", Permanent),
        (_answer(503), "updates_status", Temporary),
        (_answer(429), "updates_status", Temporary),
        (_answer(302, Location="http://example.org/itgrix.json"), "updates_unsafe", Permanent),
        (_answer(302, Location="file:///etc/passwd"), "updates_unsafe", Permanent),
        (_answer(302, Location="https://user:word@example.org/"), "updates_unsafe", Permanent),
        (_answer(302, Location="/itgrix.json"), "updates_redirects", Permanent),
    ],
    ids=["cut", "endless", "404", "503", "429", "plain", "file", "login", "circle"],
)
def test_answers_that_bring_no_list(desk: Desk, answer: Answer, code: str, kind: type[Failure]) -> None:
    desk.shelf.files["/itgrix.json"] = answer
    failure = desk.refused()
    assert (failure.code, type(failure)) == (code, kind)


def test_a_redirection_that_stays_safe_is_followed(desk: Desk) -> None:
    desk.shelf.files["/there.json"] = desk.publish("1.1.0")
    desk.shelf.files["/itgrix.json"] = _answer(301, Location="/there.json")
    desk.updates.check()
    assert [path for path, _ in desk.shelf.asked] == ["/itgrix.json", "/there.json"]


def test_who_drips_is_not_waited_for(desk: Desk) -> None:
    desk.publish("1.1.0")
    with pytest.raises(Temporary) as slow:
        releases.fetch_list(desk.settings["updates.url"], seconds=-1.0)
    assert slow.value.code == "updates_slow"


def test_nobody_at_the_address(desk: Desk) -> None:
    desk.settings["updates.url"] = "http://127.0.0.1:9/itgrix.json"
    assert desk.refused().code == "updates_unreachable"


def test_over_https_the_certificate_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    with shelf(authority.server_context()) as server:
        made = Desk(tmp_path, server, Publisher())
        made.publish("1.1.0")
        made.settings["updates.url"] = f"https://localhost:{server.server_address[1]}/itgrix.json"
        assert made.refused().code == "updates_tls"
        assert server.asked == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
        made.updates.check()
