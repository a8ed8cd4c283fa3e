# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io

import pytest

from itgrix_module.app.ports import Answer, Command
from itgrix_module.bitrix24.auth import AppAuth
from itgrix_module.bitrix24.encoding import decode, reference
from itgrix_module.bitrix24.memory import MemoryTokens
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from tests.bitrix24.conftest import pair
from tests.bitrix24.wires import Cut, error, reply, result, wait_for

REGISTER = "telephony.externalCall.register"
SHOW = "telephony.externalCall.show"


def moved(base: str):
    return lambda request: reply(b"<html>Found</html>", 302, {"Location": f"{base}{request.path}"})


def test_renamed_portal_gets_the_same_post_and_its_new_name_is_reported(serve, connect):
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


def test_renamed_portal_of_an_application_is_kept_in_the_store(serve, connect):
    new = serve(lambda request: result("ok"))
    old = serve(moved(new.url))
    store = MemoryTokens(pair(old.url))
    assert connect(AppAuth(store, "i", "s")).call("profile") == "ok"
    assert store.load().domain == new.host
    assert store.load().client_endpoint == f"{new.url}/rest/"


def test_new_name_counts_only_when_a_portal_answers_there(serve, connect):
    new = serve(lambda request: reply(b"<html>parked domain</html>", 200))
    old = serve(moved(new.url))
    names: list[str] = []
    client = connect(old.webhook, on_renamed=names.append)
    with pytest.raises(Temporary):
        client.call("profile")
    assert names == []
    assert client.auth.url == old.webhook


def test_listener_that_fails_does_not_fail_the_request(serve, connect, caplog):
    def fails(_: object) -> None:
        raise RuntimeError("listener broken")

    new = serve(lambda request: result("ok"))
    client = connect(serve(moved(new.url)).webhook, on_renamed=fails, on_exchange=fails)
    assert client.call("profile") == "ok"
    assert "listener broken" in caplog.text


def test_body_of_a_redirect_is_not_read_beyond_the_limit(serve, connect):
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
def test_redirect_that_is_no_new_name_needs_the_owner(serve, connect, location, code):
    server = serve(lambda request: reply(b"", 302, {"Location": location}))
    with pytest.raises(Failure) as caught:
        connect(server.webhook).call("profile")
    assert (type(caught.value), caught.value.code, caught.value.executed) == (NeedsOwner, code, False)
    assert caught.value.hint
    assert len(server.requests) == 1


def test_redirect_in_a_circle_ends(serve, connect):
    peers: list = []
    first = serve(lambda request: moved(peers[1].url)(request))
    second = serve(lambda request: moved(peers[0].url)(request))
    peers += [first, second]
    with pytest.raises(Temporary) as caught:
        connect(first.webhook).call("profile")
    assert caught.value.code == "redirect_loop"
    assert len(first.requests) + len(second.requests) == 4


def test_read_timeout_is_short_for_call_control_and_long_for_the_rest():
    from itgrix_module.bitrix24.client import read_timeout

    assert read_timeout(REGISTER) == 15
    assert read_timeout("user.get") == read_timeout("batch") == 60


@pytest.mark.parametrize("method", ["", "../1/other/profile", "profile?x=1", "a b", "профиль", "a\r\nb"])
def test_name_that_is_no_method_is_not_sent(serve, connect, method):
    server = serve(lambda request: result(1))
    with pytest.raises(Permanent) as caught:
        connect(server.webhook).call(method)
    assert (caught.value.code, server.requests) == ("bad_request", [])


def test_kept_connection_that_the_portal_closed_meanwhile_is_no_fault(serve, connect):
    server = serve(lambda request: Cut(result("ok")))
    client = connect(server.webhook)
    for number in range(1, 4):
        assert client.call("profile") == "ok"
        wait_for(lambda number=number: server.closed == number)
    assert server.connections == 3


# batch


def batch_answer(request, **parts):
    """Each command answers with its own parameters."""
    commands = request.json["cmd"]
    echoed = {key: decode(line.partition("?")[2]) for key, line in commands.items()}
    return result({"result": echoed, "result_error": [], "result_total": [], "result_next": [], **parts})


def test_commands_of_a_batch_go_in_one_request_and_are_answered_in_order(serve, connect):
    server = serve(batch_answer)
    commands = [Command(f"c{n}", "x.y", {"A": {"B": n}, "C": "a b&c=+Ж"}) for n in range(50)]
    answers = connect(server.webhook).batch(commands)
    assert [answer.key for answer in answers] == [f"c{n}" for n in range(50)]
    assert answers[7].result == {"A": {"B": "7"}, "C": "a b&c=+Ж"}
    assert len(server.requests) == 1
    assert server.requests[0].json["halt"] == 0


def test_empty_batch_sends_nothing(serve, connect):
    server = serve(batch_answer)
    assert connect(server.webhook).batch([]) == []
    assert server.requests == []


@pytest.mark.parametrize(
    "commands",
    [
        [Command(f"c{n}", "x", {}) for n in range(51)],
        [Command("a", "x", {}), Command("a", "y", {})],
        [Command("a]b", "x", {})],
        [Command("", "x", {})],
        [Command("a", "x?auth=1", {})],
    ],
)
def test_batch_that_cannot_be_is_an_error_of_ours(connect, commands):
    with pytest.raises(ValueError, match=r"commands|key|method"):
        connect("http://127.0.0.1:1/rest/1/secretcode1234/").batch(commands)


def settled(serve, connect, answer, commands, **options) -> list[Answer]:
    return connect(serve(lambda request: answer).webhook).batch(commands, **options)


AB = [Command("a", REGISTER, {"X": 1}), Command("b", "profile", {})]


def test_each_command_is_settled_by_itself(serve, connect):
    answer = result(
        {
            "result": {"b": {"ID": "1"}},
            "result_error": {"a": {"error": "ERROR_CORE", "error_description": "Unknown TYPE"}},
            "result_total": {"b": "7"},
            "result_next": {"b": 50},
        }
    )
    a, b = settled(serve, connect, answer, AB)
    assert isinstance(a.failure, Permanent)
    assert (a.failure.code, a.failure.method, a.result) == ("unknown_type", REGISTER, None)
    assert (b.failure, b.result, b.total, b.next) == (None, {"ID": "1"}, 7, 50)


def test_commands_after_a_halt_were_not_executed(serve, connect):
    answer = result({"result": [], "result_error": {"a": {"error": "", "error_description": "Not found"}}})
    a, b = settled(serve, connect, answer, AB, halt=True)
    assert (a.failure.code, b.failure.code, b.failure.executed) == ("not_found", "not_reached", False)


def test_command_that_is_left_out_without_a_halt_may_have_been_executed(serve, connect):
    a, b = settled(serve, connect, result({"result": {"b": 1}, "result_error": []}), AB)
    assert (a.failure.code, a.failure.executed, b.failure) == ("no_answer", True, None)


def test_answer_null_or_false_is_an_answer(serve, connect):
    a, b = settled(serve, connect, result({"result": {"a": None, "b": False}, "result_error": []}), AB)
    assert (a.failure, a.result, b.failure, b.result) == (None, None, None, False)


def test_keys_that_are_numbers_come_back_as_a_list(serve, connect):
    commands = [Command("0", "x", {}), Command("1", "y", {}), Command("2", "z", {})]
    answer = result({"result": ["r0", "r1"], "result_error": {"2": {"error": "100", "error_description": "no"}}})
    answers = settled(serve, connect, answer, commands)
    assert [a.result for a in answers] == ["r0", "r1", None]
    assert answers[2].failure.code == "100"


def test_first_command_that_failed_comes_back_as_a_list(serve, connect):
    commands = [Command("0", "x", {}), Command("1", "y", {})]
    answer = result({"result": {"1": "r1"}, "result_error": [{"error": "ERROR_CORE", "error_description": "no"}]})
    answers = settled(serve, connect, answer, commands)
    assert (answers[0].failure.code, answers[1].result) == ("ERROR_CORE", "r1")


def test_reference_to_a_command_that_failed_fails_too(serve, connect):
    commands = [AB[0], Command("s", SHOW, {"CALL_ID": reference("a", "CALL_ID"), "USER_ID": [1]})]
    answer = result({"result": {"s": False}, "result_error": {"a": {"error": "X", "error_description": ""}}})
    _, show = settled(serve, connect, answer, commands)
    assert (show.failure.code, show.failure.executed) == ("earlier_failed", False)


def test_reference_to_nothing_fails_because_the_portal_would_have_listed_everything(serve, connect):
    commands = [
        Command("dup", "crm.duplicate.findbycomm", {"type": "PHONE"}),
        Command("deals", "crm.deal.list", {"filter": {"CONTACT_ID": reference("dup", "CONTACT", 0)}}),
    ]
    answer = result({"result": {"dup": [], "deals": [{"ID": "1"}]}, "result_error": []})
    found, deals = settled(serve, connect, answer, commands)
    assert found.failure is None
    assert (deals.failure.code, deals.result) == ("reference_empty", None)


def test_reference_that_resolves_is_fine(serve, connect):
    commands = [AB[0], Command("s", SHOW, {"CALL_ID": reference("a", "CALL_ID")})]
    answer = result({"result": {"a": {"CALL_ID": "c"}, "s": True}, "result_error": []})
    assert [a.failure for a in settled(serve, connect, answer, commands)] == [None, None]


@pytest.mark.parametrize("nonsense", [[], "x", None, 5, {}, {"a": 1}])
def test_batch_without_results_is_a_failure_of_the_whole(serve, connect, nonsense):
    with pytest.raises(Temporary) as caught:
        settled(serve, connect, result(nonsense), AB)
    assert (caught.value.code, caught.value.executed) == ("bad_answer", True)


def test_method_that_rests_stays_behind_with_what_builds_on_it_and_the_others_go(serve, connect):
    server = serve(
        lambda request: error(429, "OPERATION_TIME_LIMIT") if request.method == REGISTER else batch_answer(request)
    )
    client = connect(server.webhook)
    with pytest.raises(Temporary):
        client.call(REGISTER)
    commands = [*AB, Command("s", SHOW, {"CALL_ID": reference("a", "CALL_ID")})]
    a, b, s = client.batch(commands)
    assert (a.failure.code, a.failure.scope, a.failure.executed) == ("method_held", "method", False)
    assert (b.failure, s.failure.code, s.failure.executed) == (None, "earlier_failed", False)
    assert list(server.requests[-1].json["cmd"]) == ["b"]
    assert client.batch([AB[0]])[0].failure.code == "method_held"
    assert len(server.requests) == 2


def test_operating_time_inside_a_batch_is_learned(serve, connect, clock):
    times = {"a": {"operating": 479, "operating_reset_at": clock.now + 100}}
    server = serve(lambda request: batch_answer(request, result_time=times))
    client = connect(server.webhook)
    client.batch(AB, priority=9)
    a, b = client.batch(AB, priority=9)
    assert (a.failure.code, b.failure) == ("method_held", None)


def test_operating_time_of_a_batch_itself_counts_for_nothing(serve, connect, clock):
    answer = {"result": {"result": {"a": 1, "b": 2}}, "time": {"operating": 9999, "operating_reset_at": clock.now + 99}}
    client = connect(serve(lambda request: reply(answer)).webhook)
    for _ in range(3):
        assert [a.failure for a in client.batch(AB)] == [None, None]
    assert client.limits.pressure() > 0
    client.limits.acquire("batch", 9)


def test_refusal_of_a_method_inside_a_batch_holds_it(serve, connect):
    refused = {"a": {"error": "OPERATION_TIME_LIMIT", "error_description": "blocked"}}
    server = serve(lambda request: result({"result": {"b": 1}, "result_error": refused}))
    client = connect(server.webhook)
    assert client.batch(AB)[0].failure.retry_after == 60
    assert client.batch(AB)[0].failure.code == "method_held"


# list


def listing(rows, name="ID"):
    """A list method as the portal has it: pages of fifty, ``start`` -1 does not count."""

    def script(request):
        asked = request.json
        last = (asked.get("filter") or {}).get(f">{name}", 0)
        if asked.get("start") == -1:
            return result([row for row in rows if int(row[name]) > last][:50], total=0)
        start = asked.get("start", asked.get("START", 0))
        more = {"next": start + 50} if start + 50 < len(rows) else {}
        return result(rows[start : start + 50], total=len(rows), **more)

    return script


@pytest.mark.parametrize("count", [0, 1, 50, 51, 120])
@pytest.mark.parametrize("method", ["crm.contact.list", "user.get", "department.get"])
def test_all_pages_are_read(serve, connect, method, count):
    rows = [{"ID": str(n + 1)} for n in range(count)]
    server = serve(listing(rows))
    assert list(connect(server.webhook).list(method)) == rows


def test_long_crm_lists_are_read_by_id_without_counting(serve, connect):
    server = serve(listing([{"ID": str(n)} for n in range(1, 121)]))
    list(connect(server.webhook).list("crm.contact.list", {"select": ["NAME"], "filter": {"OPENED": "Y"}}))
    asked = [request.json for request in server.requests]
    assert [page["start"] for page in asked] == [-1, -1, -1]
    assert [page["filter"] for page in asked] == [
        {"OPENED": "Y"},
        {"OPENED": "Y", ">ID": 50},
        {"OPENED": "Y", ">ID": 100},
    ]
    assert asked[0]["select"] == ["ID", "NAME"]
    assert asked[0]["order"] == {"ID": "ASC"}


def test_list_with_an_order_of_its_own_is_read_by_next(serve, connect):
    server = serve(listing([{"ID": str(n)} for n in range(60)]))
    assert len(list(connect(server.webhook).list("crm.contact.list", {"order": {"NAME": "ASC"}}))) == 60
    assert [request.json["start"] for request in server.requests] == [0, 50]


def test_rows_may_be_wrapped_and_ids_small(serve, connect):
    server = serve(lambda request: result({"items": [{"id": 1}, {"id": 2}]}))
    assert list(connect(server.webhook).list("crm.item.list", {"entityTypeId": 2})) == [{"id": 1}, {"id": 2}]
    server = serve(lambda request: result({"tasks": [{"id": "1"}]}))
    assert list(connect(server.webhook).list("tasks.task.list")) == [{"id": "1"}]


@pytest.mark.parametrize("method", ["crm.contact.list", "user.get"])
def test_pages_that_lead_in_a_circle_end(serve, connect, method):
    server = serve(lambda request: result([{"ID": "1"}] * 50, next=50))
    with pytest.raises(Temporary) as caught:
        list(connect(server.webhook).list(method))
    assert caught.value.code == "bad_answer"
    assert len(server.requests) == 2


# upload


def test_file_is_sent_as_multipart_and_its_id_comes_back(serve, connect, tmp_path):
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


def test_open_file_is_sent_from_where_it_stands(serve, connect):
    server = serve(lambda request: result({"FILE_ID": 1}))
    file = io.BytesIO(b"headerCONTENT")
    file.seek(6)
    connect(server.webhook).upload(f"{server.url}/rest/upload.json?token=x", "file", file, "a.mp3")
    assert server.requests[0].body.partition(b"\r\n\r\n")[2].startswith(b"CONTENT\r\n--")
    assert not file.closed


def test_file_is_never_held_whole(serve, connect):
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
    connect(server.webhook).upload(f"{server.url}/rest/upload.json?token=x", "file", file, "a.mp3")
    assert len(server.requests[0].body) > file.size
    assert file.largest <= 65536


@pytest.mark.parametrize("name", ['a"b.mp3', "a\r\nX-Evil: 1.mp3", "звонок.mp3", "a\0.mp3"])
def test_name_of_a_file_cannot_break_the_header(serve, connect, name):
    server = serve(lambda request: result({"FILE_ID": 1}))
    connect(server.webhook).upload(f"{server.url}/rest/upload.json", name, io.BytesIO(b"x"), name)
    head = server.requests[0].body.partition(b"\r\n\r\n")[0]
    assert head.count(b"\r\n") == 2
    assert head.count(b'"') == 4
    assert b"\0" not in head


@pytest.mark.parametrize("content", [None, b""])
def test_recording_that_is_missing_or_empty_is_permanent(connect, tmp_path, content):
    if content is not None:
        (tmp_path / "x.mp3").write_bytes(content)
    client = connect("http://127.0.0.1:1/rest/1/secretcode1234/")
    with pytest.raises(Permanent) as caught:
        client.upload("http://127.0.0.1:1/rest/upload.json", "file", tmp_path / "x.mp3", "x.mp3")
    assert (caught.value.code, caught.value.executed) == ("recording_missing", False)


def test_recording_that_shrinks_while_it_is_sent_is_a_clear_failure(serve, connect):
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
def test_upload_that_fails_says_what_follows(serve, connect, answer, kind, code):
    server = serve(lambda request: answer)
    with pytest.raises(Failure) as caught:
        connect(server.webhook).upload(f"{server.url}/rest/upload.json?auth=A1", "f", io.BytesIO(b"x"), "x.mp3")
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert len(server.requests) == 1


def test_upload_is_repeated_from_the_start_after_a_refusal_for_the_rate_and_a_redirect(serve, connect):
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
def test_upload_goes_by_https_only(connect, url, code):
    with pytest.raises(NeedsOwner) as caught:
        connect("https://p.bitrix24.ru/rest/1/secretcode1234/").upload(url, "f", io.BytesIO(b"x"), "x.mp3")
    assert caught.value.code == code


# exchanges


def test_each_attempt_is_reported_without_secrets(serve, connect):
    answers = [error(503, "QUERY_LIMIT_EXCEEDED"), result({"uploadUrl": "x"}), batch_answer, Cut()]

    def script(request):
        answer = answers.pop(0)
        return answer(request) if callable(answer) else answer

    seen = []
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


def test_debug_log_holds_no_secrets(serve, connect, caplog):
    caplog.set_level("DEBUG")
    server = serve(lambda request: error(403, "ACCESS_DENIED", "token A1secret is bad"))
    store = MemoryTokens(pair(server.url, access="A1secret", refresh="R1secret"))
    with pytest.raises(Permanent) as caught:
        connect(AppAuth(store, "i", "client-s3cr3t")).call("profile", {"x": "A1secret"})
    assert "profile 403 ACCESS_DENIED" in caplog.text
    for secret in ("A1secret", "R1secret", "client-s3cr3t"):
        assert secret not in caplog.text + repr(caught.value) + str(caught.value)
