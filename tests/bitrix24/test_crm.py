# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from itgrix_module.bitrix24 import crm
from tests.bitrix24.conftest import Connect, Serve
from tests.bitrix24.wires import Request, result


def test_employees_of_all_pages_are_read_once_each(serve: Serve, connect: Connect) -> None:
    def script(request: Request) -> bytes:
        start = request.json["start"]
        rows = [{"ID": str(n), "NAME": "N", "LAST_NAME": str(n), "UF_PHONE_INNER": str(n)} for n in range(1, 76)]
        more = {"next": 50} if start == 0 else {}
        return result(rows[start : start + 50] + rows[:1], **more)

    server = serve(script)
    users = crm.employees(connect(server.webhook))
    assert [user.id for user in users] == list(range(1, 76))
    assert server.requests[0].json["FILTER"] == {"USER_TYPE": "employee", "ACTIVE": True}
    assert "UF_PHONE_INNER" in server.requests[0].json["select"]


def test_employee_is_read_whatever_the_scope_leaves_out() -> None:
    full = crm.PortalUser.read(
        {
            "ID": "7",
            "ACTIVE": True,
            "NAME": " Иван ",
            "LAST_NAME": "Петров",
            "UF_PHONE_INNER": " 101 ",
            "WORK_PHONE": "+7 495",
            "PERSONAL_MOBILE": "",
            "PERSONAL_PHONE": None,
            "UF_DEPARTMENT": [1, "5", None],
            "TIMESTAMP_X": {},
        }
    )
    assert full == crm.PortalUser(7, "Иван Петров", True, "101", ("+7 495",), "", (1, 5))
    assert crm.PortalUser.read({"ID": 8}) == crm.PortalUser(8)
    assert crm.PortalUser.read({"ID": 8, "ACTIVE": "N"}).active is False
    assert crm.PortalUser.read({"ID": {}, "UF_DEPARTMENT": False, "UF_PHONE_INNER": {}}).id == 0


def test_employees_without_an_id_are_left_out(serve: Serve, connect: Connect) -> None:
    server = serve(lambda request: result([{"ID": None}, {"ID": "5"}, "x", None]))
    assert [user.id for user in crm.employees(connect(server.webhook), active_only=False)] == [5]
    assert server.requests[0].json["FILTER"] == {"USER_TYPE": "employee"}


def test_departments_are_read(serve: Serve, connect: Connect) -> None:
    rows = [{"ID": "15", "NAME": "R&D", "SORT": 500, "PARENT": "1", "UF_HEAD": "12"}, {"ID": "1"}, {}]
    server = serve(lambda request: result(rows, total=2))
    assert crm.departments(connect(server.webhook)) == [crm.Department(15, "R&D", 1, 12), crm.Department(1)]
    assert server.requests[0].json == {"START": 0}


@pytest.mark.parametrize(("answer", "mode"), [(1, 1), ("2", 2), (2, 2), (None, 1), ([], 1)])
def test_crm_mode(serve: Serve, connect: Connect, answer: object, mode: int) -> None:
    assert crm.crm_mode(connect(serve(lambda request: result(answer)).webhook)) == mode


def test_sources_are_read(serve: Serve, connect: Connect) -> None:
    rows = [{"STATUS_ID": "CALL", "NAME": "Звонок"}, {"STATUS_ID": "5"}, {"NAME": "без кода"}]
    server = serve(lambda request: result(rows))
    assert crm.sources(connect(server.webhook)) == [crm.Source("CALL", "Звонок"), crm.Source("5", "5")]
    assert server.requests[0].json["filter"] == {"ENTITY_ID": "SOURCE"}


def test_duplicates_are_found_by_many_spellings(serve: Serve, connect: Connect) -> None:
    server = serve(lambda request: result({"LEAD": [1], "CONTACT": ["275", 2297, None]}))
    found = crm.duplicates(connect(server.webhook), ["+7900", "7900", "8900"])
    assert found == crm.Duplicates((1,), (275, 2297), ())
    assert server.requests[0].json == {"type": "PHONE", "values": ["+7900", "7900", "8900"]}


def test_nobody_found_is_an_empty_list() -> None:
    assert crm.read_duplicates([]) == crm.read_duplicates(None) == crm.Duplicates()


def test_no_number_asks_nothing_and_no_more_than_twenty_are_sent(connect: Connect) -> None:
    assert crm.duplicates(connect("http://127.0.0.1:1/rest/1/secretcode1234/"), []) == crm.Duplicates()
    assert len(crm.find_duplicates("d", [str(n) for n in range(30)]).params["values"]) == 20


def test_profile(serve: Serve, connect: Connect) -> None:
    server = serve(lambda request: result({"ID": "1", "ADMIN": True, "NAME": "Анна", "LAST_NAME": ""}))
    assert crm.profile(connect(server.webhook)) == crm.Profile(1, "Анна", True)
    assert crm.read_profile([]) is None


def test_notification_message_and_task_commands() -> None:
    assert crm.notify("n", 5, "busy", tag="call-1", client_id="itgrix").params == {
        "USER_ID": 5,
        "MESSAGE": "busy",
        "TYPE": "SYSTEM",
        "TAG": "call-1",
        "CLIENT_ID": "itgrix",
    }
    assert crm.message("m", "chat7", "hello").params["DIALOG_ID"] == "chat7"
    task = crm.task_add(
        "t",
        title="Call back",
        responsible=5,
        deadline="2026-01-01T10:00:00+03:00",
        auditors=[1],
        group=3,
        bindings=["C_7"],
        description="d",
        creator=2,
    )
    assert task.params["fields"] == {
        "TITLE": "Call back",
        "RESPONSIBLE_ID": 5,
        "DESCRIPTION": "d",
        "CREATED_BY": 2,
        "DEADLINE": "2026-01-01T10:00:00+03:00",
        "AUDITORS": [1],
        "GROUP_ID": 3,
        "UF_CRM_TASK": ["C_7"],
    }
    assert crm.task_complete("t", 7).params == {"taskId": 7}


@pytest.mark.parametrize(
    ("answer", "expected"), [({"task": {"id": "3711"}}, 3711), ({"task": []}, None), (True, None), ([], None)]
)
def test_task_id(answer: object, expected: int | None) -> None:
    assert crm.task_id(answer) == expected
