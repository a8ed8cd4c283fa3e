# SPDX-License-Identifier: GPL-3.0-or-later
"""Errands on the wire: how each is asked, how loosely typed answers are read, what a refusal means."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from itgrix_module.app import errand_ports as ports
from itgrix_module.bitrix24.errands import BitrixErrands
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from itgrix_module.sandbox.portal import PortalConfig, SandboxPortal
from itgrix_module.sandbox.portal.config import ClientSeed
from tests.bitrix24.conftest import Connect

CONTACT = ClientSeed("CONTACT", {"NAME": "Anna"})
DEALS = tuple(ClientSeed("DEAL", {"TITLE": f"d{n}", "CONTACT_ID": 1, "CATEGORY_ID": 1}) for n in range(2))


@pytest.fixture
def portal() -> Iterator[SandboxPortal]:
    config = PortalConfig(clients=(CONTACT, *DEALS), language="en", bucket_burst=10_000, bucket_drain=1000)
    with SandboxPortal(config) as running:
        yield running


@pytest.fixture
def errands(portal: SandboxPortal, connect: Connect) -> BitrixErrands:
    client = connect(portal.webhook_url())
    return BitrixErrands(lambda: client)


def one(errands: BitrixErrands, asked: ports.Asked) -> Any:
    (answer,) = errands.ask([asked])
    return answer


def task(errands: BitrixErrands, mark: str = "m", **fields: Any) -> str:
    made: str = one(errands, ports.MakeTask({"TITLE": "t", "RESPONSIBLE_ID": 1, "DESCRIPTION": f"x\n{mark}", **fields}))
    return made


def test_several_go_in_one_request_in_their_order(portal: SandboxPortal, errands: BitrixErrands) -> None:
    asked: list[ports.Asked] = [
        ports.MakeTask({"TITLE": "t", "RESPONSIBLE_ID": 1}),
        ports.Say("chat1", "[b]hello[/b]"),
        ports.SetFields("CONTACT", "1", {"NAME": "Eve", "COMMENTS": "$result[e0] & +"}),
        ports.Record("CONTACT", "1"),
        ports.SetFields("CONTACT", "99", {"NAME": "x"}),
    ]
    answers = errands.ask(asked)
    assert portal.http["batch"] == 1
    assert answers[:2] == [str(portal.tasks[0].id), str(portal.messages[0].id)]
    assert answers[2] is True
    assert answers[3]["NAME"] == "Eve"
    assert isinstance(answers[4], Permanent)
    assert portal.contacts[0].fields["COMMENTS"].replace(" ", "") == "$result[e0]&+"


def test_nothing_asked_costs_nothing(portal: SandboxPortal, errands: BitrixErrands) -> None:
    assert errands.ask([]) == []
    assert portal.http["total"] == 0


def test_state_of_a_task(portal: SandboxPortal, errands: BitrixErrands) -> None:
    number = task(errands)
    assert one(errands, ports.TaskState(number)) == ports.TASK_OPEN
    assert one(errands, ports.CompleteTask(number)) is True
    assert one(errands, ports.TaskState(number)) == ports.TASK_CLOSED
    assert isinstance(one(errands, ports.CompleteTask(number)), Permanent)
    portal.state.tasks.clear()
    assert one(errands, ports.TaskState(number)) == ports.TASK_GONE


def test_task_is_found_by_the_last_line_of_its_description_only(errands: BitrixErrands) -> None:
    for mark in ("itgrix:pbx-1.10", "itgrix:pbx-1.1\nmore", "itgrix:pbx-1.2"):
        task(errands, mark, TITLE="itgrix:pbx-1.1")
    now = time.time()
    wanted = ports.TaskByMark("itgrix:pbx-1.1", now - 60, now + 60)
    assert one(errands, wanted) == ""
    made = task(errands, "itgrix:pbx-1.1")
    for _ in range(60):
        task(errands)
    assert one(errands, wanted) == made, "on the second page"
    assert one(errands, ports.TaskByMark("itgrix:pbx-1.1", now - 600, now - 60)) == ""


@pytest.mark.parametrize(
    ("stored", "asked", "found"),
    [
        ("New lead: [URL=http://x/]me[/URL]", "New lead: [URL=http://x/]me[/URL]", True),
        ("New lead: me", "New lead: [URL=http://x/]me[/URL]", True),
        ("a &amp; b\nc", "a & b c ", True),
        ("New lead: me too", "New lead: me", False),
    ],
)
def test_message_is_known_by_what_people_read(
    portal: SandboxPortal, errands: BitrixErrands, stored: str, asked: str, found: bool
) -> None:
    portal.state.say("chat1", 1, stored)
    portal.state.say("chat1", 1, "later")
    assert one(errands, ports.WasSaid("chat1", asked, time.time() - 60)) is found
    assert one(errands, ports.WasSaid("chat1", asked, time.time() + 60)) is False


def test_message_to_a_strange_chat_is_refused(errands: BitrixErrands) -> None:
    for asked in (ports.Say("chat77", "x"), ports.WasSaid("chat77", "x", 0)):
        failure = one(errands, asked)
        assert isinstance(failure, Permanent)
        assert failure.code == "ACCESS_ERROR"


def test_newest_open_deal_in_the_funnel(errands: BitrixErrands) -> None:
    assert one(errands, ports.NewestOpenDeal("CONTACT", "1", 1)) == "2"
    assert one(errands, ports.NewestOpenDeal("CONTACT", "1", 0)) == ""
    assert one(errands, ports.NewestOpenDeal("COMPANY", "1", 1)) == ""
    one(errands, ports.SetFields("DEAL", "2", {"STAGE_ID": "C1:LOSE"}))
    assert one(errands, ports.NewestOpenDeal("CONTACT", "1", 1)) == "1"


def test_deal_is_made_found_and_moved(portal: SandboxPortal, errands: BitrixErrands) -> None:
    fields = {"TITLE": "t", "CONTACT_IDS": [1], "ORIGINATOR_ID": "itgrix", "ORIGIN_ID": "pbx-1.1", "CATEGORY_ID": 0}
    made = one(errands, ports.MakeDeal(fields))
    assert one(errands, ports.DealOfCall("pbx-1.1")) == made
    assert one(errands, ports.DealOfCall("pbx-1.11")) == ""
    assert one(errands, ports.NewestOpenDeal("CONTACT", "1", 0)) == made
    assert one(errands, ports.MoveDeal(made, 1, "C1:PREPARATION")) is True
    deal = portal.deals[-1]
    assert (deal.fields["CATEGORY_ID"], deal.stage) == ("1", "C1:PREPARATION")


def test_first_stage_is_asked_once(portal: SandboxPortal, errands: BitrixErrands) -> None:
    assert [one(errands, ports.FirstStage(1)) for _ in range(3)] == ["C1:NEW"] * 3
    assert portal.http["rest"] == 1
    assert one(errands, ports.FirstStage(0)) == "NEW"
    assert one(errands, ports.FirstStage(77)) == ""


def test_first_stage_that_the_portal_keeps_to_itself_is_left_to_it(
    portal: SandboxPortal, errands: BitrixErrands
) -> None:
    portal.faults.add("crm.status.list", "missing")
    assert one(errands, ports.FirstStage(1)) == ""


def test_activity_that_is_bound_already_is_bound(
    portal: SandboxPortal, errands: BitrixErrands, connect: Connect
) -> None:
    fields = {"OWNER_TYPE_ID": 3, "OWNER_ID": 1, "TYPE_ID": 2, "SUBJECT": "s", "RESPONSIBLE_ID": 1}
    activity = str(connect(portal.webhook_url()).call("crm.activity.add", {"fields": fields}))
    for _ in range(2):
        assert one(errands, ports.BindDeal(activity, "1")) is True
    assert portal.activities[0].bindings == ((3, 1), (2, 1))
    assert isinstance(one(errands, ports.BindDeal(activity, "99")), Permanent)
    assert isinstance(one(errands, ports.BindDeal("99", "1")), Permanent)


@pytest.mark.parametrize("asked", [ports.MakeTask({"TITLE": "t", "RESPONSIBLE_ID": 1}), ports.MakeDeal({"TITLE": "t"})])
def test_answer_without_a_number_may_have_made_something(
    portal: SandboxPortal, errands: BitrixErrands, asked: ports.Asked
) -> None:
    portal.faults.add("*", "list_for_map")
    failure = one(errands, asked)
    assert isinstance(failure, Temporary)
    assert failure.executed


Break = Callable[[SandboxPortal], object]


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        (lambda portal: portal.outage(True, "html_502"), Temporary),
        (lambda portal: portal.state.webhooks.clear(), NeedsOwner),
        (lambda portal: setattr(portal.switches, "overload", True), NeedsOwner),
    ],
)
@pytest.mark.parametrize("count", [1, 2])
def test_what_concerns_the_portal_as_a_whole_is_raised(
    portal: SandboxPortal, errands: BitrixErrands, broken: Break, kind: type[Failure], count: int
) -> None:
    broken(portal)
    with pytest.raises(kind):
        errands.ask([ports.TaskState("1")] * count)


def test_missing_scope_concerns_the_errand_only(portal: SandboxPortal, errands: BitrixErrands) -> None:
    next(iter(portal.state.webhooks.values())).scopes -= {"task", "im"}
    for asked in (ports.MakeTask({"TITLE": "t", "RESPONSIBLE_ID": 1}), ports.Say("chat1", "x"), ports.TaskState("1")):
        failure = one(errands, asked)
        assert isinstance(failure, Permanent)
        assert failure.code == "insufficient_scope"
