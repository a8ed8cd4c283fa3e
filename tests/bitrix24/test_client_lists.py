# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of any length are read whole, whichever way the method pages."""

from __future__ import annotations

import pytest

from itgrix_module.domain.failures import Temporary
from tests.bitrix24.conftest import Connect, Serve
from tests.bitrix24.wires import Request, Script, result

REGISTER = "telephony.externalCall.register"
SHOW = "telephony.externalCall.show"


def listing(rows: list[dict[str, str]], name: str = "ID") -> Script:
    """A list method as the portal has it: pages of fifty, ``start`` -1 does not count."""

    def script(request: Request) -> bytes:
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
def test_all_pages_are_read(serve: Serve, connect: Connect, method: str, count: int) -> None:
    rows = [{"ID": str(n + 1)} for n in range(count)]
    server = serve(listing(rows))
    assert list(connect(server.webhook).list(method)) == rows


def test_long_crm_lists_are_read_by_id_without_counting(serve: Serve, connect: Connect) -> None:
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


def test_list_with_an_order_of_its_own_is_read_by_next(serve: Serve, connect: Connect) -> None:
    server = serve(listing([{"ID": str(n)} for n in range(60)]))
    assert len(list(connect(server.webhook).list("crm.contact.list", {"order": {"NAME": "ASC"}}))) == 60
    assert [request.json["start"] for request in server.requests] == [0, 50]


def test_rows_may_be_wrapped_and_ids_small(serve: Serve, connect: Connect) -> None:
    server = serve(lambda request: result({"items": [{"id": 1}, {"id": 2}]}))
    assert list(connect(server.webhook).list("crm.item.list", {"entityTypeId": 2})) == [{"id": 1}, {"id": 2}]
    server = serve(lambda request: result({"tasks": [{"id": "1"}]}))
    assert list(connect(server.webhook).list("tasks.task.list")) == [{"id": "1"}]


@pytest.mark.parametrize("method", ["crm.contact.list", "user.get"])
def test_pages_that_lead_in_a_circle_end(serve: Serve, connect: Connect, method: str) -> None:
    server = serve(lambda request: result([{"ID": "1"}] * 50, next=50))
    with pytest.raises(Temporary) as caught:
        list(connect(server.webhook).list(method))
    assert caught.value.code == "bad_answer"
    assert len(server.requests) == 2
