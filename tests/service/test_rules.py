# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the house in the whole service: a call on the PBX, settings, and what the portal has in the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from itgrix_module.sandbox.pbx import Truth
from itgrix_module.sandbox.portal.views import CallView
from tests.known import known
from tests.service.house import House, furnished, house, sandboxes, until, user_of

CLIENT = "79161234567"
E164 = "+79161234567"
OTHER = "79037654321"

MISSED, OUT = "missed", "outgoing"


@pytest.fixture(params=[1, 2], ids=["classic", "simple"])
def mode(request: pytest.FixtureRequest) -> int:
    """Both CRM modes."""
    found: int = request.param
    return found


class Company:
    """A house whose rules may change while it runs."""

    def __init__(self, made: House) -> None:
        self.house = made

    def rule(self, **settings: Any) -> None:
        """Settings, with ``__`` for a dot, in force at once."""
        self.house.service.core.settings.save({key.replace("__", "."): value for key, value in settings.items()})

    def done(self, truth: Truth) -> CallView:
        """Wait until nothing is left to send; returns the portal's call."""
        found = self.house.wait_finished(truth)
        self.house.wait_delivered()
        return found

    def client(self, kind: str = "contact", phone: str = E164, **fields: Any) -> int:
        """A record in the CRM."""
        phones = [{"VALUE": phone, "VALUE_TYPE": "WORK"}]
        return int(self.house.service.portal.client.call(f"crm.{kind}.add", {"fields": {"PHONE": phones, **fields}}))


@pytest.fixture
def company(tmp_path: Path, mode: int) -> Iterator[Company]:
    with house(tmp_path, {"recordings.mode": "off"}, portal={"crm_mode": mode}) as made:
        yield Company(made)


def test_missed_call_makes_one_task_and_a_later_call_closes_it(company: Company) -> None:
    company.rule(missed__task__enabled=True, calls__default_user=user_of(105))
    portal = company.house.portal
    first = company.done(company.house.ring(MISSED))
    assert first.finish is not None
    company.done(company.house.ring(MISSED))
    (task,) = portal.tasks
    assert not task.completed
    assert task.responsible == user_of(101)
    assert E164 in task.title
    assert f"{'L' if first.crm[0] == 'LEAD' else 'C'}_{first.crm[1]}" in task.crm
    company.done(company.house.ring(OUT, extension="103"))
    (task,) = portal.tasks
    assert task.completed


def test_task_is_closed_after_a_restart_by_the_id_that_was_kept(tmp_path: Path) -> None:
    """Its title may have been changed in the portal by then."""
    settings = {"missed.task.enabled": True, "recordings.mode": "off"}
    with sandboxes(tmp_path) as ends:
        with furnished(tmp_path, *ends, settings) as made:
            made.wait_ready()
            Company(made).done(made.ring(MISSED))
            (task,) = made.portal.tasks
            changed = {"taskId": task.id, "fields": {"TITLE": "Перезвонить!"}}
            made.service.portal.client.call("tasks.task.update", changed)
        with furnished(tmp_path, *ends, settings) as made:
            made.wait_ready()
            Company(made).done(made.ring("incoming"))
            until(lambda: made.portal.tasks[0].completed)


def test_line_names_source_external_line_and_default_user(company: Company) -> None:
    company.client("lead", phone="+70000000000")  # so that the CRM is not empty
    company.rule(lines=[{"match": "4950000005", "source": "ADVERTISING", "default_user": user_of(107)}])
    call = company.done(company.house.ring("menu_left"))
    assert call.finish is not None
    assert call.finish.user_id == user_of(107)
    made = [
        entity for kind, number in call.created for entity in company.house.portal.entities(kind) if entity.id == number
    ]
    assert {entity.fields.get("SOURCE_ID") for entity in made if entity.fields.get("SOURCE_ID")} == {"ADVERTISING"}
    story = company.house.service.core.calls.story("pbx1", call.external_call_id.removeprefix("pbx1-"))
    assert story is not None
    assert (story.item.call.source, story.item.call.number) == ("ADVERTISING", E164)


def test_ignored_line_and_number_reach_nobody(company: Company) -> None:
    company.rule(filters__numbers=["8 903 765-43-21"], filters__lines=["74950000009"])
    ignored = company.house.ring("incoming", client=OTHER)
    told = company.house.ring("incoming")
    company.done(told)
    assert company.house.call(ignored) is None
    assert any("is ignored" in text for text in company.house.told(ignored))


def test_missed_call_of_a_known_client_goes_to_his_responsible(company: Company) -> None:
    company.client(ASSIGNED_BY_ID=user_of(109), NAME="Анна")
    call = company.done(company.house.ring(MISSED))
    assert call.finish is not None
    assert call.finish.user_id == user_of(109)


def test_users_take_turns_for_missed_calls_of_nobody(company: Company) -> None:
    users = [user_of(104), user_of(106)]
    company.rule(missed__responsible="default", missed__spread="round_robin", missed__users=users)
    found = [company.done(company.house.ring(MISSED, client=f"7916000000{n}")) for n in range(4)]
    assert [known(call.finish).user_id for call in found] == users * 2


def test_new_lead_is_told_to_the_chat_once(company: Company) -> None:
    portal = company.house.service.portal.client
    chat = portal.call("im.chat.add", {"TITLE": "Продажи"})
    company.rule(leads__chat=f"chat{chat}", leads__message="Новый клиент {{ number }}")
    company.done(company.house.ring("incoming"))
    company.done(company.house.ring("incoming"))
    texts = [message.text for message in company.house.portal.messages if message.dialog == f"chat{chat}"]
    assert texts == [f"Новый клиент {E164}"]


def test_script_of_the_administrator_writes_the_waiting_time_into_the_activity(company: Company) -> None:
    company.client(NAME="Анна")
    script = company.house.service.core.place.hooks / "customize_activity.py"
    script.write_text(
        "import json, sys\n"
        "call = json.load(sys.stdin)['call_full']['channel']['extra']\n"
        "print(json.dumps({'state': 'success', 'data': {'DESCRIPTION': f\"Ждал {call['wait_seconds']} с\"}}))\n"
    )
    company.rule(hooks__enabled=True, hooks__active=["customize_activity"])
    company.done(company.house.ring("incoming"))
    (activity,) = company.house.portal.activities
    assert activity.fields["DESCRIPTION"].startswith("Ждал ")


def test_settings_take_effect_without_a_restart(company: Company) -> None:
    company.rule(calls__create_incoming=False)
    assert company.done(company.house.ring("incoming")).created == ()
    company.rule(calls__create_incoming=True)
    assert company.done(company.house.ring("incoming", client=OTHER)).created


def test_call_goes_to_the_record_of_whom_the_talking_employee_is_responsible_for(company: Company) -> None:
    """Who talks is known only when somebody has answered; the portal chose the contact when the phone rang."""
    company.rule(calls__entity="talker")
    company.client(NAME="Анна", ASSIGNED_BY_ID=user_of(109))
    own = company.client("company", TITLE="Ромашка", ASSIGNED_BY_ID=user_of(102))
    call = company.done(company.house.ring("attended_transfer", extension="101", target="102"))
    assert call.finish is not None
    assert call.finish.user_id == user_of(102)
    (activity,) = company.house.portal.activities
    bound = company.house.service.portal.client.call("crm.activity.binding.list", {"activityId": activity.id})
    assert [(int(row["entityTypeId"]), int(row["entityId"])) for row in bound] == [(4, own)]
