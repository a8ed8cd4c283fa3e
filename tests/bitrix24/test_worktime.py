# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is at work, asked from a portal or overheard, and its calendar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from itgrix_module.app.clients import Question
from itgrix_module.bitrix24.auth import WebhookAuth
from itgrix_module.bitrix24.client import PortalClient
from itgrix_module.bitrix24.worktime import BitrixWorktime, OverheardSearch, read_calendar
from itgrix_module.domain.failures import Permanent
from itgrix_module.domain.hours import Hours
from itgrix_module.sandbox.portal import PortalConfig, SandboxPortal
from itgrix_module.sandbox.portal.config import ClientSeed, UserSeed, WebhookSeed

NUMBER = "+79161234567"
USERS = (
    UserSeed(1, "Anna", "", "101", admin=True),
    UserSeed(2, "Boris", "", "102", timeman="PAUSED"),
    UserSeed(3, "Vera", "", "103", timeman="UNAVAILABLE"),
)
CONTACT = ClientSeed("CONTACT", {"NAME": "Иван", "PHONE": [{"VALUE": NUMBER}], "ASSIGNED_BY_ID": 2})
Connect = Callable[[WebhookAuth], PortalClient]


def config(**changes: Any) -> PortalConfig:
    return replace(PortalConfig(webhook_telephony="lenient", users=USERS, clients=(CONTACT,)), **changes)


@pytest.fixture
def portal() -> Iterator[SandboxPortal]:
    with SandboxPortal(config()) as made:
        yield made


@pytest.fixture
def client(portal: SandboxPortal, connect: Connect) -> PortalClient:
    return connect(WebhookAuth(portal.webhook_url()))


def requests(portal: SandboxPortal) -> list[str]:
    return [request.method for request in portal.requests if not request.via_batch]


def test_day_of_one_employee_is_one_request(portal: SandboxPortal, client: PortalClient) -> None:
    assert BitrixWorktime(lambda: client).statuses([2]) == {2: "PAUSED"}
    assert requests(portal) == ["timeman.status"]


def test_days_of_several_are_one_request_and_who_is_not_tracked_is_left_out(
    portal: SandboxPortal, client: PortalClient
) -> None:
    assert BitrixWorktime(lambda: client).statuses([1, 2, 3, 99]) == {1: "OPENED", 2: "PAUSED"}
    assert requests(portal) == ["batch"]


@pytest.mark.parametrize("users", [[99], []])
def test_nobody_has_no_day(client: PortalClient, users: list[int]) -> None:
    assert BitrixWorktime(lambda: client).statuses(users) == {}


def test_right_that_lacks_is_told(connect: Connect) -> None:
    with SandboxPortal(config(webhooks=(WebhookSeed(scopes=("crm", "telephony")),))) as portal:
        worktime = BitrixWorktime(lambda: connect(WebhookAuth(portal.webhook_url())))
        for ask in (lambda: worktime.statuses([1]), lambda: worktime.statuses([1, 2]), worktime.calendar):
            with pytest.raises(Permanent) as caught:
                ask()
            assert caught.value.code == "insufficient_scope"


def test_search_tells_the_day_of_the_responsible(portal: SandboxPortal, client: PortalClient) -> None:
    heard: list[tuple[int, str]] = []
    search = OverheardSearch(lambda: client, lambda user, state: heard.append((user, state)))
    (records,) = search.search([Question(NUMBER)], 3)
    assert [(record.name, record.responsible) for record in records] == [("Иван", 2)]
    assert heard == [(2, "PAUSED")]
    search.search([Question(NUMBER), Question("+70000000000")], 3)
    assert heard == [(2, "PAUSED")] * 2
    assert requests(portal) == ["telephony.externalcall.searchcrmentities", "batch"]


def test_calendar_of_the_portal_opens_and_closes_the_office(client: PortalClient) -> None:
    hours = BitrixWorktime(lambda: client).calendar().hours(Hours.parse("", [], [], UTC))
    table = {
        datetime(2027, 3, 3, 9, 0): True,  # Wednesday
        datetime(2027, 3, 3, 8, 59): False,
        datetime(2027, 3, 3, 18, 0): False,
        datetime(2027, 3, 6, 12, 0): False,  # Saturday
        datetime(2027, 3, 8, 12, 0): False,  # a day off of each year, on a Monday
        datetime(2028, 12, 31, 12, 0): True,  # a Sunday that is a working day
    }
    assert {at: hours.is_open(at.replace(tzinfo=UTC).timestamp()) for at in table} == table


@pytest.mark.parametrize(
    ("found", "monday"),
    [
        ({"work_time_start": "9.30", "work_time_end": "17:05"}, ((570, 1025),)),
        ({"work_time_start": "22", "work_time_end": "6"}, ((1320, 1800),)),
        ({"work_time_start": 8, "work_time_end": 20}, ((480, 1200),)),
        ({"work_time_start": "nonsense", "work_time_end": "99"}, ((540, 1080),)),
        ({"week_holidays": {"0": "mo"}}, ()),
        ({"week_holidays": ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]}, ((540, 1080),)),
        ({"week_holidays": None, "year_holidays": [], "year_workdays": {}}, ((540, 1080),)),
        ({}, ((540, 1080),)),
    ],
)
def test_odd_calendar_is_read_as_well_as_it_can_be(found: dict[str, Any], monday: tuple[tuple[int, int], ...]) -> None:
    assert read_calendar(found).week[0] == monday


def test_days_that_there_are_not_are_left_out() -> None:
    calendar = read_calendar({"year_holidays": "31.02, 1.13,x,29.02,,1.1"})
    assert calendar.holidays.yearly == (((2, 29), (2, 29)), ((1, 1), (1, 1)))
