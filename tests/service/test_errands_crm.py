# SPDX-License-Identifier: GPL-3.0-or-later
"""After the call: messages, deals and facts in a sandbox portal, in both CRM modes and through lost answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from itgrix_module.app.aftermath import AftermathRules, follow
from itgrix_module.app.hooking import Said
from tests.service.errand_house import CLIENT, FUNNEL, LINE, NUMBER, Node, errand_house, new_step

IN_FUNNEL = AftermathRules(category=lambda call: FUNNEL if call.line == LINE else None)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Node]:
    """A portal with leads."""
    with errand_house(tmp_path) as node:
        yield node


@pytest.fixture
def simple(tmp_path: Path) -> Iterator[Node]:
    """A portal without leads."""
    with errand_house(tmp_path, crm_mode=2) as node:
        yield node


@pytest.fixture
def known(tmp_path: Path) -> Iterator[Node]:
    """The caller is a contact."""
    with errand_house(tmp_path, clients=(CLIENT,)) as node:
        yield node


# -- messages


def test_new_lead_is_told_to_the_chat(house: Node) -> None:
    house.talked()
    house.run()
    (message,) = [found for found in house.portal.messages if found.dialog == "chat1"]
    assert message.text.startswith(f"Новый лид: [URL=https://portal.example/crm/lead/details/1/]{NUMBER}[/URL]")
    house.talked()
    house.run()
    assert house.sent("im.message.add") == 1, "the lead is known by now"


def test_new_contact_is_told_in_the_simple_mode(simple: Node) -> None:
    simple.talked()
    simple.run()
    assert any("Новый клиент" in found.text for found in simple.portal.messages if found.dialog == "chat1")


@pytest.mark.parametrize("fault", ["lost_answer", "html_502", "reset"])
def test_trouble_with_the_message_makes_one(house: Node, fault: str) -> None:
    house.portal.faults.add("im.message.add", fault)
    house.talked()
    house.run(120)
    assert len([found for found in house.portal.messages if found.dialog == "chat1"]) == 1


@pytest.mark.parametrize("fault", ["missing", "empty_error"])
def test_message_that_nobody_can_look_for_is_not_repeated(house: Node, fault: str) -> None:
    house.portal.faults.add("im.message.add", "timeout_before", seconds=0)
    house.portal.faults.add("im.dialog.messages.get", fault)
    call = house.talked()
    house.run(120)
    assert house.states(call)["message"] == "done"
    assert "not repeated" in house.told(call)
    assert house.sent("im.message.add") == 1


def test_chat_without_the_authorised_user_fails_with_a_hint(house: Node) -> None:
    house.wishes = replace(house.wishes, chat="chat99")
    call = house.talked()
    house.run()
    assert house.states(call)["message"] == "failed"
    assert "denies access" in house.told(call)


# -- deals


def test_lead_gets_no_deal(house: Node) -> None:
    house.rules = IN_FUNNEL
    call = house.talked()
    house.run()
    assert house.portal.deals == []
    assert "a lead is in no sales funnel" in house.told(call)


def test_deal_that_the_portal_made_moves_to_the_funnel_of_the_line(simple: Node) -> None:
    simple.rules = IN_FUNNEL
    call = simple.talked()
    simple.run()
    (deal,) = simple.portal.deals
    assert (deal.fields["CATEGORY_ID"], deal.stage) == ("1", "C1:NEW")
    assert (2, deal.id) in simple.portal.activities[0].bindings
    assert simple.states(call) == {"deal": "done"}


def test_known_client_without_an_open_deal_gets_one(known: Node) -> None:
    known.rules = IN_FUNNEL
    call = known.talked(source="CALL")
    known.run()
    (deal,) = known.portal.deals
    fields = deal.fields
    assert (fields["CATEGORY_ID"], deal.stage, deal.responsible, deal.source) == ("1", "C1:NEW", 2, "CALL")
    assert (fields["CONTACT_IDS"], fields["ORIGIN_ID"]) == (["1"], f"pbx-{call}")
    assert (2, deal.id) in known.portal.activities[0].bindings


def test_open_deal_of_the_client_takes_the_next_call(known: Node) -> None:
    known.rules = IN_FUNNEL
    known.talked()
    known.run()
    known.missed()
    known.run()
    (deal,) = known.portal.deals
    assert all((2, deal.id) in activity.bindings for activity in known.portal.activities)
    known.client.call("crm.deal.update", {"id": deal.id, "fields": {"STAGE_ID": "C1:WON"}})
    known.talked()
    known.run()
    assert len(known.portal.deals) == 2


@pytest.mark.parametrize("fault", ["lost_answer", "http_500", "html_502", "reset"])
@pytest.mark.parametrize("method", ["crm.deal.add", "crm.activity.binding.add", "crm.status.list", "batch"])
def test_trouble_on_the_way_to_a_deal_makes_one(known: Node, method: str, fault: str) -> None:
    known.rules = IN_FUNNEL
    call = known.talked(tell=False)
    known.deliver()
    known.portal.faults.add(method, fault)
    known.run(300)
    assert known.states(call) == {"deal": "done"}
    (deal,) = known.portal.deals
    assert (2, deal.id) in known.portal.activities[0].bindings


@pytest.mark.parametrize("fault", ["lost_answer", "http_500", "html_502"])
@pytest.mark.parametrize("method", ["crm.item.update", "crm.activity.binding.add"])
def test_trouble_while_the_portals_deal_moves_is_overcome(simple: Node, method: str, fault: str) -> None:
    simple.rules = IN_FUNNEL
    simple.portal.faults.add(method, fault)
    simple.talked()
    simple.run(300)
    (deal,) = simple.portal.deals
    assert deal.fields["CATEGORY_ID"] == "1"


def test_new_deal_has_the_facts_and_the_task_is_bound_to_it(known: Node) -> None:
    known.rules = replace(IN_FUNNEL, task=True, extra=frozenset({"deal"}))
    known.wishes = replace(known.wishes, extra={"deal": {"COMMENTS": "waited {{ wait|duration }}"}})
    known.missed()
    known.run()
    (deal,) = known.portal.deals
    assert deal.fields["COMMENTS"] == "waited 0:20"
    assert known.portal.tasks[0].crm == ("C_1", f"D_{deal.id}")


# -- facts


def test_templates_fill_lead_and_activity_in_one_request(house: Node) -> None:
    house.rules = AftermathRules(extra=frozenset({"lead", "activity"}))
    house.wishes = replace(
        house.wishes,
        extra={"lead": {"COMMENTS": "{{ talk|duration }}", "UTM_TERM": ""}, "activity": {"DESCRIPTION": "{{ line }}"}},
    )
    before = house.portal.http["rest"] + house.portal.http["batch"]
    call = house.talked()
    told = house.portal.http["rest"] + house.portal.http["batch"] - before
    house.run()
    assert house.portal.leads[0].fields["COMMENTS"] == "0:30"
    assert house.portal.activities[0].fields["DESCRIPTION"] == LINE
    assert house.states(call) == {"entity": "done", "activity": "done"}
    assert house.portal.http["rest"] + house.portal.http["batch"] - before == told + 1


def test_deal_of_the_simple_mode_gets_its_facts(simple: Node) -> None:
    simple.rules = AftermathRules(extra=frozenset({"deal"}))
    simple.wishes = replace(simple.wishes, extra={"deal": {"COMMENTS": "{{ line }}"}})
    simple.talked()
    simple.run()
    assert simple.portal.deals[0].fields["COMMENTS"] == LINE


def test_customizations_see_raw_fields_and_set_theirs(house: Node) -> None:
    house.rules = AftermathRules(hooks=frozenset({"customize_entity", "customize_activity"}))
    house.scripts.answers |= {
        "customize_entity": lambda given: Said({"TITLE": "New", "SOURCE_ID": given["entity"]["raw"]["SOURCE_ID"]}),
        "customize_activity": lambda given: Said({"SUBJECT": given["activity"]["name"] + "!"}),
    }
    call = house.talked()
    house.run()
    lead, activity = house.portal.leads[0], house.portal.activities[0]
    assert lead.fields["TITLE"] == "New"
    assert activity.subject.endswith("!")
    assert "lead 1: TITLE set" in house.told(call)
    given = dict(house.scripts.asked)["customize_entity"]
    assert (given["entity"]["id"], given["entity"]["is_new"], given["call_full"]["result"]) == (1, True, 200)


@pytest.mark.parametrize("said", [Said({}), Said(cancelled=True), Said(failure="broken"), Said(), Said({"ID": 7})])
def test_customization_that_changes_nothing_costs_no_update(house: Node, said: Said) -> None:
    house.rules = AftermathRules(hooks=frozenset({"customize_entity"}))
    house.scripts.answers["customize_entity"] = said
    call = house.talked()
    house.run()
    assert house.sent("crm.lead.update") == 0
    assert house.states(call) == {"entity": "done"}


@pytest.mark.parametrize("fault", ["lost_answer", "http_500", "html_502"])
def test_lost_update_repeats_the_same_values(house: Node, fault: str) -> None:
    answers = iter(["first", "second"])
    house.rules = AftermathRules(hooks=frozenset({"customize_entity"}))
    house.scripts.answers["customize_entity"] = lambda _: Said({"COMMENTS": next(answers)})
    house.portal.faults.add("crm.lead.update", fault)
    house.talked()
    house.run(300)
    assert house.portal.leads[0].fields["COMMENTS"] == "first"


def test_call_that_is_finished_once_more_is_not_followed_up_twice(house: Node) -> None:
    linkedid = house.missed()
    house.run()
    with house.stores.calls.work() as work:
        work.add_steps("pbx", linkedid, [new_step("finish", 2, house.clock.now)])
    (lane,) = house.stores.outbox.claim("deliverer", house.clock.now, 90, 1)
    steps = follow(lane.call, lane.portal, house.rules, house.tasks.is_open, lambda _: True, house.clock.now, user=1)
    assert {step.kind for step in steps} == {"task", "message"}
    house.stores.outbox.settle("deliverer", "pbx", linkedid, (), None, (), house.clock.now, steps)
    house.run(60)
    assert (len(house.portal.tasks), house.sent("im.message.add")) == (1, 1)
