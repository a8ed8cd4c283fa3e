# SPDX-License-Identifier: GPL-3.0-or-later
"""batch: references, partial errors, halt, limits, the shapes PHP gives."""

from __future__ import annotations

from itgrix_module.sandbox.portal import SandboxPortal
from tests.sandbox.portal.conftest import Api

REGISTER = "telephony.externalCall.register?USER_ID=2&PHONE_NUMBER=%2B79062195047&TYPE=2&SHOW=0"


def test_register_and_show_in_one_request(portal: SandboxPortal, api: Api) -> None:
    result = api.ok(
        "batch",
        cmd={
            "call": REGISTER + "&EXTERNAL_CALL_ID=pbx-1",
            "cards": "telephony.externalCall.show?CALL_ID=$result[call][CALL_ID]&USER_ID[]=2&USER_ID[]=3",
        },
    )
    assert result["result"]["cards"] is True
    assert portal.call("pbx-1").open_cards == {2, 3}
    assert portal.http == {"total": 1, "batch": 1}
    assert [(entry.method, entry.via_batch, entry.http) for entry in portal.requests] == [
        ("telephony.externalcall.register", True, 1),
        ("telephony.externalcall.show", True, 1),
        ("batch", False, 1),
    ]


def test_encoded_references_work_too(api: Api) -> None:
    command = "telephony.externalCall.show?CALL_ID=%24result%5Bcall%5D%5BCALL_ID%5D"
    assert api.ok("batch", cmd={"call": REGISTER, "cards": command})["result"]["cards"] is True


def test_reference_inside_text_and_to_a_whole_list(api: Api) -> None:
    result = api.ok(
        "batch",
        cmd={
            "who": "profile",
            "found": "crm.duplicate.findbycomm?type=PHONE&values[]=89062195047&values[]=%2B79031112233",
            "task": "tasks.task.add?fields[TITLE]=Для $result[who][NAME]!&fields[RESPONSIBLE_ID]=$result[who][ID]",
            "list": "crm.contact.list?filter[ID]=$result[found][CONTACT]&select[]=ID",
        },
    )["result"]
    assert (result["task"]["task"]["title"], result["task"]["task"]["responsibleId"]) == ("Для Анна!", "1")
    assert result["list"] == [{"ID": "1"}, {"ID": "2"}]


def test_reference_to_nothing_is_empty_and_an_empty_id_filters_nothing(api: Api) -> None:
    result = api.ok(
        "batch",
        cmd={
            "dup": "crm.duplicate.findbycomm?type=PHONE&values[]=%2B70000000000",
            "deals": "crm.deal.list?filter[CONTACT_ID]=$result[dup][CONTACT][0]&select[]=ID",
        },
    )["result"]
    assert result["dup"] == []
    assert len(result["deals"]) == 1


def test_failure_of_one_command_spares_the_others(api: Api) -> None:
    answer = api.post("batch", cmd={"a": "profile", "b": "crm.lead.get?id=99", "c": "no.such", "d": "profile"})
    result = answer.json()["result"]
    assert answer.status_code == 200
    assert list(result["result"]) == ["a", "d"]
    assert result["result_error"] == {
        "b": {"error": "", "error_description": "Not found"},
        "c": {"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!"},
    }


def test_halt_stops_at_the_first_failure(api: Api) -> None:
    result = api.ok("batch", halt=1, cmd={"a": "profile", "b": "no.such", "c": "profile"})
    assert (list(result["result"]), list(result["result_error"])) == (["a"], ["b"])


def test_maps_come_back_as_maps_lists_as_lists_and_nothing_as_a_list(api: Api) -> None:
    by_list = api.ok("batch", cmd=["profile", "scope"])
    assert isinstance(by_list["result"], list)
    assert by_list["result_error"] == by_list["result_total"] == by_list["result_next"] == []
    with_hole = api.ok("batch", cmd=["no.such", "profile"])
    assert (list(with_hole["result"]), list(with_hole["result_error"][0])) == (["1"], ["error", "error_description"])
    assert api.ok("batch", cmd=["no.such"])["result"] == []


def test_list_methods_tell_total_and_next(api: Api) -> None:
    result = api.ok("batch", cmd={"users": "user.get?select[]=ID", "me": "profile"})
    assert result["result_total"] == {"users": 12}


def test_commands_above_fifty_fail(api: Api) -> None:
    result = api.ok("batch", cmd={f"k{number}": "server.time" for number in range(52)})
    assert len(result["result"]) == 50
    assert {error["error"] for error in result["result_error"].values()} == {"ERROR_BATCH_LENGTH_EXCEEDED"}
    assert list(result["result_error"]) == ["k50", "k51"]


def test_neither_batch_nor_upload_inside_a_batch(api: Api) -> None:
    call_id = api.finished()
    attach = f"telephony.externalCall.attachRecord?CALL_ID={call_id}"
    result = api.ok(
        "batch",
        cmd={
            "inner": "batch?cmd[a]=profile",
            "offer": attach + "&FILENAME=a.mp3",
            "bytes": attach + "&FILENAME=a.mp3&FILE_CONTENT=YWJj",
        },
    )
    assert {key: error["error"] for key, error in result["result_error"].items()} == {
        "inner": "ERROR_BATCH_METHOD_NOT_ALLOWED",
        "offer": "ERROR_BATCH_METHOD_NOT_ALLOWED",
    }
    assert "FILE_ID" in result["result"]["bytes"]


def test_batch_without_commands_is_empty(api: Api) -> None:
    assert api.ok("batch") == {
        "result": [],
        "result_error": [],
        "result_total": [],
        "result_next": [],
        "result_time": [],
    }
