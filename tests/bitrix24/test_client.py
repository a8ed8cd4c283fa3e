# SPDX-License-Identifier: GPL-3.0-or-later
"""One request to the portal: renamed portals, time limits, names of methods, kept connections."""

from __future__ import annotations

from functools import partial

import pytest

from itgrix_module.bitrix24.auth import AppAuth
from itgrix_module.bitrix24.memory import MemoryTokens
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from tests.bitrix24.conftest import Connect, Serve, pair
from tests.bitrix24.wires import Cut, Server, moved, reply, result, wait_for
from tests.known import known

REGISTER = "telephony.externalCall.register"
SHOW = "telephony.externalCall.show"


def test_renamed_portal_gets_the_same_post_and_its_new_name_is_reported(serve: Serve, connect: Connect) -> None:
    new = serve(lambda request: result("ok"))
    old = serve(moved(new.url))
    names: list[str] = []
    client = connect(old.webhook, on_renamed=names.append)
    assert client.call("crm.lead.add", {"fields": {"TITLE": "x"}}) == "ok"
    request = new.requests[0]
    assert (request.verb, request.path, request.json) == (
        "POST",
        "/rest/1/secretcode1234/crm.lead.add",
        {"fields": {"TITLE": "x"}},
    )
    assert names == [new.host]
    client.call("profile")
    assert old.methods == ["crm.lead.add"]  # from now on straight to the new name


def test_renamed_portal_of_an_application_is_kept_in_the_store(serve: Serve, connect: Connect) -> None:
    new = serve(lambda request: result("ok"))
    old = serve(moved(new.url))
    store = MemoryTokens(pair(old.url))
    assert connect(AppAuth(store, "i", "s")).call("profile") == "ok"
    assert known(store.load()).domain == new.host
    assert known(store.load()).client_endpoint == f"{new.url}/rest/"


def test_new_name_counts_only_when_a_portal_answers_there(serve: Serve, connect: Connect) -> None:
    new = serve(lambda request: reply(b"<html>parked domain</html>", 200))
    old = serve(moved(new.url))
    names: list[str] = []
    client = connect(old.webhook, on_renamed=names.append)
    with pytest.raises(Temporary):
        client.call("profile")
    assert names == []
    assert client.auth.grant().base == old.webhook


def test_listener_that_fails_does_not_fail_the_request(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_: object) -> None:
        raise RuntimeError("listener broken")

    new = serve(lambda request: result("ok"))
    client = connect(serve(moved(new.url)).webhook, on_renamed=fails, on_exchange=fails)
    assert client.call("profile") == "ok"
    assert "listener broken" in caplog.text


def test_body_of_a_redirect_is_not_read_beyond_the_limit(serve: Serve, connect: Connect) -> None:
    server = serve(lambda request: reply(b"x" * 100_000, 302, {"Location": "https://p.example/"}))
    with pytest.raises(Failure) as caught:
        connect(server.webhook, max_answer=1000).call("profile")
    assert caught.value.code == "answer_too_large"


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("/auth/?backurl=%2Frest%2F", "redirect_elsewhere"),
        ("https://www.example.com/no-such-portal.html", "redirect_elsewhere"),
        ("http://portal.example/rest/1/secretcode1234/profile", "plain_http"),
        ("", "redirect_elsewhere"),
        ("ftp://x/", "bad_address"),
        ("https://[bad/", "bad_address"),
    ],
)
def test_redirect_that_is_no_new_name_needs_the_owner(serve: Serve, connect: Connect, location: str, code: str) -> None:
    server = serve(lambda request: reply(b"", 302, {"Location": location}))
    with pytest.raises(Failure) as caught:
        connect(server.webhook).call("profile")
    assert (type(caught.value), caught.value.code, caught.value.executed) == (NeedsOwner, code, False)
    assert caught.value.hint
    assert len(server.requests) == 1


def test_redirect_in_a_circle_ends(serve: Serve, connect: Connect) -> None:
    peers: list[Server] = []
    first = serve(lambda request: moved(peers[1].url)(request))
    second = serve(lambda request: moved(peers[0].url)(request))
    peers += [first, second]
    with pytest.raises(Temporary) as caught:
        connect(first.webhook).call("profile")
    assert caught.value.code == "redirect_loop"
    assert len(first.requests) + len(second.requests) == 4


def test_read_timeout_is_short_for_call_control_and_long_for_the_rest() -> None:
    from itgrix_module.bitrix24.client import read_timeout

    assert read_timeout(REGISTER) == 15
    assert read_timeout("user.get") == read_timeout("batch") == 60


@pytest.mark.parametrize("method", ["", "../1/other/profile", "profile?x=1", "a b", "профиль", "a\r\nb"])
def test_name_that_is_no_method_is_not_sent(serve: Serve, connect: Connect, method: str) -> None:
    server = serve(lambda request: result(1))
    with pytest.raises(Permanent) as caught:
        connect(server.webhook).call(method)
    assert (caught.value.code, server.requests) == ("bad_request", [])


def test_kept_connection_that_the_portal_closed_meanwhile_is_no_fault(serve: Serve, connect: Connect) -> None:
    server = serve(lambda request: Cut(result("ok")))
    client = connect(server.webhook)

    def closes(number: int) -> bool:
        return server.closed == number

    for number in range(1, 4):
        assert client.call("profile") == "ok"
        wait_for(partial(closes, number))
    assert server.connections == 3
