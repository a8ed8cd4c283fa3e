# SPDX-License-Identifier: GPL-3.0-or-later
"""Several commands in one request: each is answered, settled and held back by itself."""

from __future__ import annotations

import pytest

from itgrix_module.app.rest_ports import Answer, Command
from itgrix_module.bitrix24.encoding import reference
from itgrix_module.domain.failures import Failure, Permanent, Temporary
from tests.bitrix24.conftest import Clock, Connect, Serve
from tests.bitrix24.wires import batch_answer, error, reply, result
from tests.known import of_kind

REGISTER = "telephony.externalCall.register"
SHOW = "telephony.externalCall.show"


def test_commands_of_a_batch_go_in_one_request_and_are_answered_in_order(serve: Serve, connect: Connect) -> None:
    server = serve(batch_answer)
    commands = [Command(f"c{n}", "x.y", {"A": {"B": n}, "C": "a b&c=+Ж"}) for n in range(50)]
    answers = connect(server.webhook).batch(commands)
    assert [answer.key for answer in answers] == [f"c{n}" for n in range(50)]
    assert answers[7].result == {"A": {"B": "7"}, "C": "a b&c=+Ж"}
    assert len(server.requests) == 1
    assert server.requests[0].json["halt"] == 0


def test_empty_batch_sends_nothing(serve: Serve, connect: Connect) -> None:
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
def test_batch_that_cannot_be_is_an_error_of_ours(connect: Connect, commands: list[Command]) -> None:
    with pytest.raises(ValueError, match=r"commands|key|method"):
        connect("http://127.0.0.1:1/rest/1/secretcode1234/").batch(commands)


def settled(serve: Serve, connect: Connect, answer: bytes, commands: list[Command], **options: bool) -> list[Answer]:
    return connect(serve(lambda request: answer).webhook).batch(commands, **options)


def failed(answer: Answer) -> Failure:
    return of_kind(answer.failure, Failure)


AB = [Command("a", REGISTER, {"X": 1}), Command("b", "profile", {})]


def test_each_command_is_settled_by_itself(serve: Serve, connect: Connect) -> None:
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


def test_commands_after_a_halt_were_not_executed(serve: Serve, connect: Connect) -> None:
    answer = result({"result": [], "result_error": {"a": {"error": "", "error_description": "Not found"}}})
    a, b = settled(serve, connect, answer, AB, halt=True)
    assert (failed(a).code, failed(b).code, failed(b).executed) == ("not_found", "not_reached", False)


def test_command_that_is_left_out_without_a_halt_may_have_been_executed(serve: Serve, connect: Connect) -> None:
    a, b = settled(serve, connect, result({"result": {"b": 1}, "result_error": []}), AB)
    assert (failed(a).code, failed(a).executed, b.failure) == ("no_answer", True, None)


def test_answer_null_or_false_is_an_answer(serve: Serve, connect: Connect) -> None:
    a, b = settled(serve, connect, result({"result": {"a": None, "b": False}, "result_error": []}), AB)
    assert (a.failure, a.result, b.failure, b.result) == (None, None, None, False)


def test_keys_that_are_numbers_come_back_as_a_list(serve: Serve, connect: Connect) -> None:
    commands = [Command("0", "x", {}), Command("1", "y", {}), Command("2", "z", {})]
    answer = result({"result": ["r0", "r1"], "result_error": {"2": {"error": "100", "error_description": "no"}}})
    answers = settled(serve, connect, answer, commands)
    assert [a.result for a in answers] == ["r0", "r1", None]
    assert failed(answers[2]).code == "100"


def test_first_command_that_failed_comes_back_as_a_list(serve: Serve, connect: Connect) -> None:
    commands = [Command("0", "x", {}), Command("1", "y", {})]
    answer = result({"result": {"1": "r1"}, "result_error": [{"error": "ERROR_CORE", "error_description": "no"}]})
    answers = settled(serve, connect, answer, commands)
    assert (failed(answers[0]).code, answers[1].result) == ("ERROR_CORE", "r1")


def test_reference_to_a_command_that_failed_fails_too(serve: Serve, connect: Connect) -> None:
    commands = [AB[0], Command("s", SHOW, {"CALL_ID": reference("a", "CALL_ID"), "USER_ID": [1]})]
    answer = result({"result": {"s": False}, "result_error": {"a": {"error": "X", "error_description": ""}}})
    _, show = settled(serve, connect, answer, commands)
    assert (failed(show).code, failed(show).executed) == ("earlier_failed", False)


def test_reference_to_nothing_fails_because_the_portal_would_have_listed_everything(
    serve: Serve, connect: Connect
) -> None:
    commands = [
        Command("dup", "crm.duplicate.findbycomm", {"type": "PHONE"}),
        Command("deals", "crm.deal.list", {"filter": {"CONTACT_ID": reference("dup", "CONTACT", 0)}}),
    ]
    answer = result({"result": {"dup": [], "deals": [{"ID": "1"}]}, "result_error": []})
    found, deals = settled(serve, connect, answer, commands)
    assert found.failure is None
    assert (failed(deals).code, deals.result) == ("reference_empty", None)


def test_reference_that_resolves_is_fine(serve: Serve, connect: Connect) -> None:
    commands = [AB[0], Command("s", SHOW, {"CALL_ID": reference("a", "CALL_ID")})]
    answer = result({"result": {"a": {"CALL_ID": "c"}, "s": True}, "result_error": []})
    assert [a.failure for a in settled(serve, connect, answer, commands)] == [None, None]


@pytest.mark.parametrize("nonsense", [[], "x", None, 5, {}, {"a": 1}])
def test_batch_without_results_is_a_failure_of_the_whole(serve: Serve, connect: Connect, nonsense: object) -> None:
    with pytest.raises(Temporary) as caught:
        settled(serve, connect, result(nonsense), AB)
    assert (caught.value.code, caught.value.executed) == ("bad_answer", True)


def test_method_that_rests_stays_behind_with_what_builds_on_it_and_the_others_go(
    serve: Serve, connect: Connect
) -> None:
    server = serve(
        lambda request: error(429, "OPERATION_TIME_LIMIT") if request.method == REGISTER else batch_answer(request)
    )
    client = connect(server.webhook)
    with pytest.raises(Temporary):
        client.call(REGISTER)
    commands = [*AB, Command("s", SHOW, {"CALL_ID": reference("a", "CALL_ID")})]
    a, b, s = client.batch(commands)
    held = of_kind(a.failure, Temporary)
    assert (held.code, held.scope, held.executed) == ("method_held", "method", False)
    assert (b.failure, failed(s).code, failed(s).executed) == (None, "earlier_failed", False)
    assert list(server.requests[-1].json["cmd"]) == ["b"]
    assert failed(client.batch([AB[0]])[0]).code == "method_held"
    assert len(server.requests) == 2


def test_operating_time_inside_a_batch_is_learned(serve: Serve, connect: Connect, clock: Clock) -> None:
    times = {"a": {"operating": 479, "operating_reset_at": clock.now + 100}}
    server = serve(lambda request: batch_answer(request, result_time=times))
    client = connect(server.webhook)
    client.batch(AB, priority=9)
    a, b = client.batch(AB, priority=9)
    assert (failed(a).code, b.failure) == ("method_held", None)


def test_operating_time_of_a_batch_itself_counts_for_nothing(serve: Serve, connect: Connect, clock: Clock) -> None:
    answer = {"result": {"result": {"a": 1, "b": 2}}, "time": {"operating": 9999, "operating_reset_at": clock.now + 99}}
    client = connect(serve(lambda request: reply(answer)).webhook)
    for _ in range(3):
        assert [a.failure for a in client.batch(AB)] == [None, None]
    assert client.limits.pressure() > 0
    client.limits.acquire("batch", 9)


def test_refusal_of_a_method_inside_a_batch_holds_it(serve: Serve, connect: Connect) -> None:
    refused = {"a": {"error": "OPERATION_TIME_LIMIT", "error_description": "blocked"}}
    server = serve(lambda request: result({"result": {"b": 1}, "result_error": refused}))
    client = connect(server.webhook)
    assert of_kind(client.batch(AB)[0].failure, Temporary).retry_after == 60
    assert failed(client.batch(AB)[0]).code == "method_held"
