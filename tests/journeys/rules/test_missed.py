# SPDX-License-Identifier: GPL-3.0-or-later
"""One missed call whatever rang, its task, the end of the task, and a message about a new client."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.journeys.rules.bench import Bench
from tests.journeys.rules.conftest import Open, in_one_mode
from tests.journeys.rules.talk import Talk, said
from tests.known import known

ANSWERED, MISSED, OUT = "22/in_direct_answered", "22/in_direct_noanswer", "22/out_answered"
TITLE = "Перезвонить {{ number }}"
ON = {"missed__task__enabled": True, "missed__task__title": TITLE}


def fields(talk: Talk) -> dict[str, Any]:
    """Of the only task."""
    (params,) = talk.params("tasks.task.add")
    return dict(params["fields"])


# -- one missed call


def test_ring_group_that_nobody_answers_is_one_missed_call(house: Open) -> None:
    """The third phone is busy: its card would have been open for milliseconds."""
    said(
        house().play("22/in_rg_noanswer"),
        """
        register 101 +79161234567 in create
        & show 101,102
        hide 101,102
        finish 103 304 0s
        """,
    )


def test_queue_that_the_caller_leaves_is_one_missed_call(house: Open) -> None:
    said(
        house().play("22/in_queue_abandon"),
        """
        register 103 +79161234567 in create
        & show 103,102,104
        hide 102,103,104
        finish 104 304 0s
        """,
    )


def test_queue_that_rings_its_agents_twice_is_one_missed_call(house: Open) -> None:
    talk = house().play("fpbx17/in_queue_abandon")
    lines = talk.lines
    assert [line.split()[0] for line in lines if "register" in line or "finish" in line] == ["register", "finish"]
    assert lines[-1] == "finish 104 304 0s"
    assert sum("show" in line for line in lines) == 2


# -- tasks


def test_task_is_made_once_and_closed_by_a_later_success(house: Open) -> None:
    made = house(**ON)
    said(
        made.play(MISSED),
        """
        register 101 +79161234567 in create
        & show 101
        finish 101 304 0s
        task for 101: Перезвонить +79161234567
        """,
    )
    said(
        made.play(MISSED),
        """
        register 101 +79161234567 in create
        & show 101
        search +79161234567
        finish 101 304 0s
        tasks.task.get
        """,
    )
    said(
        made.play(OUT),
        """
        register 101 +79161234567 out
        & show 101
        finish 101 200 5s
        task done
        """,
    )
    said(
        made.play(ANSWERED),
        """
        register 101 +79161234567 in create
        & show 101
        finish 101 200 5s
        """,
    )
    (task,) = made.portal.tasks
    assert task.completed


@pytest.mark.parametrize("success", [ANSWERED, OUT])
def test_success_in_either_direction_closes_the_task(house: Open, success: str) -> None:
    made = house(**ON)
    made.play(MISSED)
    assert made.play(success).lines[-1] == "task done"


def test_failed_call_back_leaves_the_task_open(house: Open) -> None:
    made = house(**ON)
    made.play(MISSED)
    said(made.play("22/out_noanswer"), "register 101 +79161234567 out\n& show 101\nfinish 101 480 0s")
    assert not made.portal.tasks[0].completed


def test_success_with_another_client_leaves_the_task_open(house: Open) -> None:
    made = house(**ON)
    made.play(MISSED)
    assert made.play(ANSWERED, swap={"79161234567": "79037654321"}).lines[-1] == "finish 101 200 5s"


def test_task_is_closed_by_its_number_whatever_people_made_of_it(house: Open) -> None:
    """Neither title nor description nor the customization's say matters any more."""
    made = house(**ON)
    made.script("process_task_creation_params", "{**given['params'], 'TITLE': 'Срочно', 'DESCRIPTION': ''}")
    made.play(MISSED)
    (task,) = made.portal.state.tasks.values()
    task |= {"TITLE": "Совсем другое", "DESCRIPTION": "Пусто"}
    talk = made.play(ANSWERED)
    assert talk.lines[-1] == "task done"
    assert talk.params("tasks.task.complete") == [{"taskId": int(task["ID"])}]
    assert made.portal.tasks[0].completed


def test_task_is_closed_after_a_restart(house: Open) -> None:
    made = house(**ON)
    made.play(MISSED)
    made = made.again()
    assert made.play(OUT).lines[-1] == "task done"
    made = made.again()
    assert made.play(OUT).lines[-1] == "finish 101 200 5s"


def test_task_is_closed_and_not_made_twice_on_another_node(house: Open) -> None:
    north = house(**ON)
    north.play(MISSED)
    south = north.node("south")
    assert south.play(MISSED).params("tasks.task.add") == []
    said(
        south.play(ANSWERED),
        """
        register 101 +79161234567 in create
        & show 101
        finish 101 200 5s
        task done
        """,
    )
    assert [call.external_call_id.partition("-")[0] for call in south.portal.calls()] == ["pbx1", "south", "south"]
    assert north.play(OUT).lines[-1] == "finish 101 200 5s"


def test_new_missed_call_after_the_success_makes_a_new_task(house: Open) -> None:
    made = house(**ON)
    for name in (MISSED, ANSWERED, MISSED):
        made.play(name)
    assert [task.completed for task in made.portal.tasks] == [True, False]


def test_task_stays_open_where_closing_is_off(house: Open) -> None:
    made = house(**ON, missed__task__close=False)
    made.play(MISSED)
    assert made.play(ANSWERED).lines[-1] == "finish 101 200 5s"


def test_no_task_without_the_rule_nor_for_other_calls(house: Open) -> None:
    made = house(missed__task__title=TITLE)
    assert made.play(MISSED).params("tasks.task.add") == []
    made.rule(missed__task__enabled=True)
    for name in (ANSWERED, "22/out_noanswer", "22/in_anonymous", "22/int_answered"):
        assert made.play(name).params("tasks.task.add") == []


def test_task_with_all_options(house: Open, mode: str) -> None:
    made = house(
        **ON,
        missed__task__responsible="user",
        missed__task__user=6,
        missed__task__creator=7,
        missed__task__deadline_minutes=90,
        missed__task__auditors=[8, 9],
        missed__task__project=42,
        missed__task__description="Звонил на {{ line }}",
    )
    found = fields(made.play(MISSED))
    assert {key: found[key] for key in ("RESPONSIBLE_ID", "CREATED_BY", "AUDITORS", "GROUP_ID")} == {
        "RESPONSIBLE_ID": 6,
        "CREATED_BY": 7,
        "AUDITORS": [8, 9],
        "GROUP_ID": 42,
    }
    assert found["DESCRIPTION"].startswith("Звонил на 74950000001\n")
    kinds = {"classic": ["L"], "simple": ["C", "D"]}
    assert [item.split("_")[0] for item in found["UF_CRM_TASK"]] == kinds[mode]
    due = datetime.fromisoformat(found["DEADLINE"]).timestamp()
    assert due == pytest.approx(known(made.portal.calls()[0].finish).at + 90 * 60, abs=2)


@in_one_mode
def test_deadline_may_count_working_hours_only(house: Open) -> None:
    """At ten in the morning, with two hours of work left that day."""
    made = house(
        **ON,
        hours__week="Mon-Fri 09:00-12:00",
        hours__time_zone="Europe/Moscow",
        panel__time_zone="Europe/Moscow",
        missed__task__deadline_minutes=180,
        missed__task__deadline_in_hours=True,
    )
    assert fields(made.play(MISSED))["DEADLINE"].startswith("2026-11-26T10:0")


def asked_for(made: Bench, **rules: Any) -> bool:
    """Does a missed call make a task under these rules?"""
    return bool(
        made.rule(**rules)
        .play(MISSED, swap={"79161234567": f"791600000{len(made.portal.calls()):02}"})
        .params("tasks.task.add")
    )


@in_one_mode
@pytest.mark.parametrize(("hours", "at_work", "at_home"), [("always", 1, 1), ("working", 1, 0), ("off_hours", 0, 1)])
def test_tasks_in_or_out_of_working_hours(house: Open, hours: str, at_work: int, at_home: int) -> None:
    made = house(**ON, hours__time_zone="Europe/Moscow", missed__task__hours=hours)
    assert asked_for(made, hours__week="Mon-Fri 09:00-18:00") == at_work
    assert asked_for(made, hours__week="Mon-Fri 14:00-18:00") == at_home


@pytest.mark.parametrize(("clients", "new", "known"), [("all", 1, 1), ("new", 1, 0), ("known", 0, 1)])
def test_tasks_for_new_or_known_clients(house: Open, clients: str, new: int, known: int) -> None:
    made = house(**ON, missed__task__clients=clients)
    made.client(NAME="Анна", phone="+79037654321")
    assert len(made.play(MISSED).params("tasks.task.add")) == new
    assert len(made.play(MISSED, swap={"79161234567": "79037654321"}).params("tasks.task.add")) == known


# -- messages


def test_chat_hears_of_a_new_client_once(house: Open) -> None:
    made = house(leads__chat="chat1", leads__message="Новый клиент {{ number }}")
    made.portal.state.chats[1].users.add(900)
    said(
        made.play(ANSWERED),
        """
        register 101 +79161234567 in create
        & show 101
        finish 101 200 5s
        say chat1: Новый клиент +79161234567
        """,
    )
    assert made.play(ANSWERED).lines[-1] == "finish 101 200 5s"


def test_built_in_message_leads_to_the_new_client(house: Open, mode: str) -> None:
    made = house(leads__chat="chat1")
    made.portal.state.chats[1].users.add(900)
    made.play(ANSWERED)
    kind = {"classic": "lead", "simple": "contact"}[mode]
    new = made.made()[kind.upper()]
    (message,) = [each for each in made.portal.messages if each.dialog == "chat1"]
    assert "+79161234567" in message.text
    assert f"={made.portal.url}/crm/{kind}/details/{new.id}/" in message.text


def test_chat_hears_nothing_where_nobody_was_made(house: Open) -> None:
    made = house(leads__chat="chat1", calls__create_incoming=False)
    assert made.play(ANSWERED).lines[-1] == "finish 101 200 5s"
