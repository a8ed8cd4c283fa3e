# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way in which a request can go wrong on its way, on real sockets."""

from __future__ import annotations

import gzip
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from itgrix_module.bitrix24.client import PortalClient
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from tests.bitrix24.certificates import Authority
from tests.bitrix24.conftest import Connect, Serve
from tests.bitrix24.wires import Cut, Drip, Script, Sent, error, reply, result, serving
from tests.known import of_kind


def failure_of(client: PortalClient, method: str = "profile") -> Failure:
    with pytest.raises(Failure) as caught:
        client.call(method)
    return caught.value


def always(answer: Sent) -> Script:
    return lambda request: answer


def temporary_of(client: PortalClient) -> Temporary:
    return of_kind(failure_of(client), Temporary)


def test_result_comes_back_and_the_connection_is_kept(serve: Serve, connect: Connect) -> None:
    server = serve(lambda request: result({"ID": "1"}))
    client = connect(server.webhook)
    assert [client.call("profile") for _ in range(3)] == [{"ID": "1"}] * 3
    assert server.connections == 1
    assert server.requests[0].path == "/rest/1/secretcode1234/profile"
    assert server.requests[0].headers["content-type"] == "application/json"
    assert server.requests[0].headers["user-agent"].startswith("itgrix")


def test_cookies_are_not_kept_because_a_session_would_serialise_requests(serve: Serve, connect: Connect) -> None:
    server = serve(lambda request: reply({"result": 1}, headers={"Set-Cookie": "PHPSESSID=x; path=/"}))
    client = connect(server.webhook)
    client.call("profile")
    client.call("profile")
    assert "cookie" not in server.requests[1].headers


def test_netrc_does_not_add_an_authorisation(
    serve: Serve, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server = serve(lambda request: result(1))
    connect(server.webhook).call("profile")
    assert "authorization" not in server.requests[0].headers


def test_connection_refused_is_temporary_and_nothing_was_done(connect: Connect) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    failure = temporary_of(connect(f"http://127.0.0.1:{port}/rest/1/secretcode1234/"))
    assert (type(failure), failure.code, failure.executed) == (Temporary, "refused", False)
    assert failure.scope == "portal"
    assert f"127.0.0.1:{port}" in failure.text


def test_unknown_name_is_temporary_with_a_hint_at_the_address(connect: Connect) -> None:
    failure = failure_of(connect("https://no-such-portal.invalid/rest/1/secretcode1234/"))
    assert (type(failure), failure.code, failure.executed) == (Temporary, "dns", False)
    assert "no-such-portal.invalid" in failure.text
    assert "address" in failure.hint


def test_connection_that_is_not_accepted_in_time_was_not_executed(connect: Connect) -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for filler in (first, second):  # the kernel drops further requests once its queue is full
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        client = connect(f"http://127.0.0.1:{full.getsockname()[1]}/rest/1/secretcode1234/", connect=0.1)
        failure = failure_of(client)
    assert (type(failure), failure.code, failure.executed) == (Temporary, "connect_timeout", False)


def test_answer_that_does_not_come_may_have_been_executed(serve: Serve, connect: Connect) -> None:
    server = serve(lambda request: Drip((b"",) * 100))
    client = connect(server.webhook)
    with pytest.raises(Temporary) as caught:
        client.call("profile", timeout=0.1)
    assert (caught.value.code, caught.value.executed) == ("read_timeout", True)


def test_answer_that_drips_meets_the_deadline(serve: Serve, connect: Connect) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    server = serve(lambda request: Drip((head, *[b"x"] * 10000), pause=0.02))
    client = connect(server.webhook, connect=0.2)
    with pytest.raises(Temporary) as caught:
        client.call("profile", timeout=0.1)
    assert caught.value.code == "read_timeout"


@pytest.mark.parametrize("cut", [Cut(), Cut(reset=True), Cut(b"HTTP/1.1 ")])
def test_connection_cut_after_sending_may_have_been_executed(serve: Serve, connect: Connect, cut: Cut) -> None:
    failure = failure_of(connect(serve(lambda request: cut).webhook))
    assert (type(failure), failure.code, failure.executed) == (Temporary, "reset", True)


@pytest.mark.parametrize(
    "answer",
    [
        Cut(b"HTTP/1.1 200 OK\r\nContent-Le"),
        Cut(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"result":'),
        Cut(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"res'),
        Cut(b'HTTP/1.1 200 OK\r\n\r\n{"result":{"CALL_ID":"exte'),
        reply(b"not gzip", headers={"Content-Encoding": "gzip"}),
        reply(b"", 200),
    ],
)
def test_truncated_answer_may_have_been_executed(serve: Serve, connect: Connect, answer: bytes | Cut) -> None:
    content_type_free = answer if isinstance(answer, Cut) else answer.replace(b"text/html", b"application/json")
    failure = failure_of(connect(serve(lambda request: content_type_free).webhook))
    assert (type(failure), failure.code, failure.executed) == (Temporary, "truncated", True)


@pytest.mark.parametrize("status", [200, 500, 502, 503, 504])
def test_web_page_instead_of_data_is_temporary_and_may_have_been_executed(
    serve: Serve, connect: Connect, status: int
) -> None:
    failure = temporary_of(connect(serve(lambda request: reply(b"<html>502 Bad Gateway</html>", status)).webhook))
    assert (type(failure), failure.code, failure.executed, failure.scope) == (Temporary, "html", True, "portal")
    assert str(status) in failure.text


@pytest.mark.parametrize("status", [401, 403, 404])
def test_web_page_that_turns_away_was_not_executed_and_hints_at_the_address(
    serve: Serve, connect: Connect, status: int
) -> None:
    failure = failure_of(connect(serve(lambda request: reply(b"<html>Not Found</html>", status)).webhook))
    assert (type(failure), failure.code, failure.executed) == (Temporary, "html_refused", False)
    assert "address" in failure.hint


def test_answer_over_the_limit_is_not_read(serve: Serve, connect: Connect) -> None:
    server = serve(lambda request: reply({"result": "x" * 100_000}))
    failure = failure_of(connect(server.webhook, max_answer=10_000))
    assert (failure.code, failure.executed) == ("answer_too_large", True)


def test_compressed_answer_counts_by_what_it_unpacks_to(serve: Serve, connect: Connect) -> None:
    bomb = gzip.compress(b"0" * 5_000_000)
    server = serve(lambda request: reply(bomb, headers={"Content-Encoding": "gzip"}))
    failure = failure_of(connect(server.webhook, max_answer=100_000))
    assert failure.code == "answer_too_large"


def test_deeply_nested_answer_is_no_crash(serve: Serve, connect: Connect) -> None:
    server = serve(lambda request: reply(b"[" * 100_000))
    assert isinstance(failure_of(connect(server.webhook)), Temporary)


@pytest.mark.parametrize("status", [429, 503])
def test_wait_that_the_server_names_is_kept(serve: Serve, connect: Connect, status: int) -> None:
    server = serve(lambda request: reply({"error": "x"}, status, {"Retry-After": "17"}))
    assert temporary_of(connect(server.webhook)).retry_after == 17


def test_wait_that_the_server_names_is_bounded_and_may_be_nonsense(serve: Serve, connect: Connect) -> None:
    for said, expected in (("1e12", 3600), ("nan", 30), ("Fri, 31 Dec 1999 23:59:59 GMT", 30), ("-5", 0)):
        server = serve(always(reply({"error": "x"}, 503, {"Retry-After": said})))
        assert temporary_of(connect(server.webhook)).retry_after == expected


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


def test_certificate_of_an_unknown_authority_needs_the_owner(authority: Authority, connect: Connect) -> None:
    with serving(lambda request: result(1), authority.server_context()) as server:
        failure = failure_of(connect(server.webhook))
    assert (type(failure), failure.code, failure.executed) == (NeedsOwner, "tls_untrusted", False)
    assert "CA file" in failure.hint
    assert "secretcode" not in f"{failure!r} {failure}"


def test_certificate_of_an_own_authority_verifies_with_its_file(authority: Authority, connect: Connect) -> None:
    with serving(lambda request: result(1), authority.server_context()) as server:
        assert connect(server.webhook, verify=authority.file).call("profile") == 1
        assert connect(server.webhook, verify=str(authority.file)).call("profile") == 1


def test_certificate_for_another_name_needs_the_owner(authority: Authority, connect: Connect) -> None:
    with serving(lambda request: result(1), authority.server_context("other.example")) as server:
        failure = failure_of(connect(server.webhook, verify=authority.file))
    assert (type(failure), failure.code) == (NeedsOwner, "tls_untrusted")


def test_certificate_is_not_looked_at_when_the_owner_says_so(authority: Authority, connect: Connect) -> None:
    with serving(lambda request: result(1), authority.server_context()) as server:
        assert connect(server.webhook, verify=False).call("profile") == 1


def test_authority_file_that_is_missing_or_no_certificate_needs_the_owner(
    authority: Authority, connect: Connect, tmp_path: Path
) -> None:
    (tmp_path / "empty.pem").write_text("no certificate")
    for bundle in (tmp_path / "missing.pem", tmp_path / "empty.pem"):
        failure = failure_of(connect("https://localhost:1/rest/1/secretcode1234/", verify=bundle))
        assert (type(failure), failure.code) == (NeedsOwner, "ca_bundle")
        assert bundle.name in failure.text


def test_server_that_is_silent_instead_of_speaking_tls_was_not_executed(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://localhost:{silent.getsockname()[1]}/rest/1/secretcode1234/"
        failure = failure_of(connect(url, connect=0.1))
    assert (type(failure), failure.code, failure.executed) == (Temporary, "connect_timeout", False)


def test_server_that_answers_tls_with_something_else_is_a_clear_failure(connect: Connect) -> None:
    def greet() -> None:
        with listener.accept()[0] as peer:
            peer.sendall(b"220 mail.example ESMTP\r\n" * 3)
            peer.recv(65536)

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as pool:
        pool.submit(greet)
        failure = failure_of(connect(f"https://localhost:{listener.getsockname()[1]}/rest/1/secretcode1234/"))
    assert (type(failure), failure.code, failure.executed) == (Temporary, "tls", False)


def test_proxy_of_the_environment_is_used_but_not_to_this_machine(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(lambda request: reply(b"<html>no</html>", 407))
    monkeypatch.setenv("https_proxy", proxy.url)
    monkeypatch.setenv("http_proxy", proxy.url)
    assert connect(serve(lambda request: result(1)).webhook).call("profile") == 1
    failure = failure_of(connect("https://portal.invalid/rest/1/secretcode1234/"))
    assert (type(failure), failure.code, failure.executed) == (Temporary, "proxy", False)
    assert proxy.requests[0].verb == "CONNECT"


def test_exceptions_carry_no_address_with_secrets(serve: Serve, connect: Connect) -> None:
    for answer in (Cut(), reply(b"<html>", 502), error(403, "X", "see /rest/1/secretcode1234/ and auth=abcdef")):
        failure = failure_of(connect(serve(always(answer)).webhook))
        chain: list[BaseException] = [failure]
        while cause := chain[-1].__cause__ or chain[-1].__context__:
            chain.append(cause)
        assert "secretcode1234" not in repr(chain)
        assert "abcdef" not in repr(chain)


def test_parameter_that_json_cannot_hold_is_permanent(connect: Connect) -> None:
    client = connect("http://127.0.0.1:1/rest/1/secretcode1234/")
    for value in (float("nan"), object(), {1, 2}):
        with pytest.raises(Permanent) as caught:
            client.call("profile", {"X": value})
        assert caught.value.code == "bad_request"


def test_half_of_a_surrogate_pair_is_replaced_because_php_would_refuse_the_request(
    serve: Serve, connect: Connect
) -> None:
    server = serve(lambda request: result(1))
    connect(server.webhook).call("profile", {"NAME": "Иван \udcff"})
    assert server.requests[0].json == {"NAME": "Иван ?"}


def test_log_of_the_http_library_holds_no_secrets(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with pytest.raises(Failure):
        connect("http://127.0.0.1:1/rest/1/secretcode1234/").call("profile")
    with pytest.raises(Failure):
        connect(serve(lambda request: Cut(b"HTTP/1.1 200 OK\r\nContent-Le")).webhook).call("profile")
    connect(serve(lambda request: result(1)).webhook).call("profile", {"auth": "supersecret"})
    assert "/rest/1/***" in caplog.text
    assert "Retrying" in caplog.text
    assert "secretcode1234" not in caplog.text
    assert "supersecret" not in caplog.text
