# SPDX-License-Identifier: GPL-3.0-or-later
"""After the call: tasks for missed calls in a sandbox portal, through lost answers, restarts and races."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from itgrix_module.app.aftermath import AftermathRules
from itgrix_module.app.hooking import Said
from tests.fakes.mariadb import mariadb_server
from tests.service.errand_house import LINE, NUMBER, Node, errand_house, errand_nodes


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Node]:
    """A portal with leads."""
    with errand_house(tmp_path) as node:
        yield node


# -- tasks


def test_missed_call_makes_a_task_for_who_answers_for_it(house: Node) -> None:
    linkedid = house.missed()
    house.run()
    (task,) = house.portal.tasks
    assert (task.responsible, task.title, task.crm) == (1, f"Перезвонить: {NUMBER}", ("L_1",))
    assert task.description.splitlines()[-1] == f"itgrix:pbx-{linkedid}"
    assert task.deadline is not None
    assert abs(datetime.fromisoformat(task.deadline).timestamp() - house.clock.now - 3600) < 5
    assert f"task: task {task.id}: made for user 1" in house.told(linkedid)


def test_task_is_as_the_administrator_wishes(house: Node) -> None:
    house.wishes = replace(
        house.wishes, title="{{ number }} on {{ line }}", description="[b]{{ client_name }}[/b]", task_user=3,
        creator=4, deadline=0, auditors=(5, 6), project=7,
    )  # fmt: skip
    house.missed(client_name="[url=http://evil]me[/url]\nitgrix:pbx-1.1")
    house.run()
    (task,) = house.portal.tasks
    fields = task.fields
    assert (task.title, task.responsible, task.deadline) == (f"{NUMBER} on {LINE}", 3, None)
    assert (fields["CREATED_BY"], fields["AUDITORS"], fields["GROUP_ID"]) == ("4", ["5", "6"], "7")
    assert task.description.startswith("[b]\uff3burl=http://evil\uff3dme\uff3b/url\uff3d itgrix:pbx-1.1[/b]")


@pytest.mark.parametrize(
    ("hours", "working", "made"), [("working", True, 1), ("working", False, 0), ("off_hours", False, 1)]
)
def test_tasks_are_made_in_the_hours_that_are_wished(house: Node, hours: str, working: bool, made: int) -> None:
    house.rules, house.working = replace(house.rules, hours=hours), working
    house.missed()
    house.run()
    assert len(house.portal.tasks) == made


def test_second_missed_call_of_a_number_makes_no_second_task(house: Node) -> None:
    house.missed()
    house.run()
    second = house.missed()
    house.run()
    assert len(house.portal.tasks) == 1
    assert "is open" in house.told(second)


def test_later_talk_in_the_other_direction_closes_the_task(house: Node) -> None:
    house.missed()
    house.run()
    later = house.talked(direction="outgoing")
    house.run()
    assert [task.completed for task in house.portal.tasks] == [True]
    assert f"closed: 102 talked with {NUMBER} at" in house.told(later)
    assert not house.tasks.is_open(NUMBER)


def test_call_of_another_number_closes_nothing(house: Node) -> None:
    house.missed()
    house.talked("+79160000000")
    house.run()
    assert [task.completed for task in house.portal.tasks] == [False]


def test_missed_call_after_the_talk_gets_a_task_of_its_own(house: Node) -> None:
    for _ in range(2):
        house.missed()
        house.run()
        house.talked()
        house.run()
    assert [task.completed for task in house.portal.tasks] == [True, True]


def test_talk_that_is_told_late_leaves_the_task_of_a_later_missed_call(house: Node) -> None:
    early = house.talked(tell=False)
    late = house.missed(tell=False)
    house.stores.outbox.next_due(0)
    house.deliver()
    house.run()
    assert [task.completed for task in house.portal.tasks] == [False], (early, late)


def test_talk_while_the_portal_was_away_leaves_no_task(house: Node) -> None:
    missed = house.missed()
    house.portal.outage(True)
    house.run(30)
    house.talked(tell=False)
    house.portal.outage(False)
    house.run(60)
    house.deliver()
    house.run(60)
    assert house.portal.tasks == []
    assert "no task: somebody has talked" in house.told(missed)


def test_talk_between_decision_and_creation_closes_the_task(house: Node) -> None:
    """The answer to the creation is lost, then somebody talks before the task is found."""
    missed = house.missed()
    house.portal.faults.add("tasks.task.add", "lost_answer")
    house.run()
    assert house.states(missed)["task"] == "waiting"
    later = house.talked()
    house.run()
    assert house.states(later)["close_tasks"] == "waiting"
    house.run(60)
    assert [task.completed for task in house.portal.tasks] == [True]
    assert house.states(later)["close_tasks"] == "done"


def test_task_deleted_by_hand_counts_as_closed(house: Node) -> None:
    house.missed()
    house.run()
    house.portal.state.tasks.clear()
    later = house.talked()
    house.run()
    assert house.states(later)["close_tasks"] == "done"
    assert not house.tasks.is_open(NUMBER)


@pytest.mark.parametrize("end", ["complete", "delete"])
def test_missed_call_after_the_task_was_ended_by_hand_makes_a_new_one(house: Node, end: str) -> None:
    house.missed()
    house.run()
    first = house.portal.tasks[0].id
    house.client.call(f"tasks.task.{end}", {"taskId": first})
    again = house.missed()
    house.run()
    assert [task.id for task in house.portal.tasks if not task.completed] != [first]
    assert len([task for task in house.portal.tasks if not task.completed]) == 1
    assert "closed or deleted in the portal" in house.told(again)


def test_closing_survives_a_restart(house: Node) -> None:
    house.missed()
    house.run()
    house.restart()
    house.talked()
    house.restart()
    house.run()
    assert house.portal.tasks[0].completed


@pytest.mark.parametrize("fault", ["lost_answer", "truncated", "http_500", "html_502", "reset", "list_for_map"])
def test_trouble_with_the_creation_makes_one_task(house: Node, fault: str) -> None:
    missed = house.missed()
    house.portal.faults.add("tasks.task.add", fault)
    house.run(300)
    assert len(house.portal.tasks) == 1
    assert house.states(missed)["task"] == "done"
    house.talked()
    house.run(60)
    assert house.portal.tasks[0].completed


def test_kill_after_the_creation_makes_one_task(house: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    missed = house.missed()

    def killed(*_: object) -> bool:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(type(house.tasks), "set_task", killed)
        with pytest.raises(SystemExit):
            house.run()
    assert len(house.portal.tasks) == 1
    house.restart()
    house.run(600)
    assert len(house.portal.tasks) == 1
    assert house.states(missed)["task"] == "done"
    row = house.tasks.of(NUMBER)
    assert row is not None
    assert row.task_id == str(house.portal.tasks[0].id)


def test_task_that_the_portal_refuses_fails_alone_and_can_be_tried_again(house: Node) -> None:
    house.wishes = replace(house.wishes, task_user=77)
    missed = house.missed(record=True)
    house.run()
    assert house.states(missed) == {"task": "failed", "message": "done"}
    assert [lane.steps[0].kind for lane in house.stores.outbox.claim("up", house.clock.now, 9, 1, 5, 6)] == ["attach"]
    assert not house.tasks.is_open(NUMBER)
    house.stores.outbox.settle("up", "pbx", missed, (), None, (), house.clock.now)
    house.wishes = replace(house.wishes, task_user=3)
    house.retry()
    house.run(600)
    assert [task.responsible for task in house.portal.tasks] == [3]


def test_missing_scope_holds_nothing_back(house: Node) -> None:
    webhook = next(iter(house.portal.state.webhooks.values()))
    webhook.scopes -= {"task"}
    missed = house.missed()
    house.run()
    assert house.states(missed)["task"] == "failed"
    assert house.standing.state.is_up


def test_revoked_authorisation_pauses_errands_and_they_go_on_by_themselves(house: Node) -> None:
    missed = house.missed()
    kept = dict(house.portal.state.webhooks)
    house.portal.state.webhooks.clear()
    house.run(120)
    assert house.states(missed)["task"] == "waiting"
    house.portal.state.webhooks.update(kept)
    house.run(120)
    assert house.states(missed)["task"] == "done"


def test_errand_that_never_comes_through_is_given_up_so_that_the_recording_goes(house: Node) -> None:
    house.rules = AftermathRules(task=True)
    missed = house.missed(record=True)
    house.portal.faults.add("tasks.task.add", "http_500", None)
    house.run(3600 * 3)
    assert house.states(missed)["task"] == "failed"
    assert "given up" in house.told(missed)


# -- customizations of tasks


def test_customization_changes_the_task_but_not_its_mark(house: Node) -> None:
    house.scripts.answers["process_task_creation_params"] = lambda given: Said(
        {**given["params"], "TITLE": "Mine", "DESCRIPTION": "short"}
    )
    missed = house.missed()
    house.run()
    (task,) = house.portal.tasks
    assert (task.title, task.description) == ("Mine", f"short\n\nitgrix:pbx-{missed}")


def test_customization_cancels_the_task(house: Node) -> None:
    house.scripts.answers["process_task_creation_params"] = Said(cancelled=True)
    missed = house.missed()
    house.run()
    assert house.portal.tasks == []
    assert "customization process_task_creation_params: no task is made" in house.told(missed)
    assert not house.tasks.is_open(NUMBER)


def test_failing_customization_leaves_the_default_and_is_told(house: Node) -> None:
    house.scripts.answers["process_task_creation_params"] = Said(failure="the script ended with 1")
    missed = house.missed()
    house.run()
    assert len(house.portal.tasks) == 1
    assert "the script ended with 1" in house.told(missed)


def test_template_that_fails_leaves_the_built_in_text_and_is_told(house: Node) -> None:
    house.wishes = replace(house.wishes, title="{{ wait / 0 }}")
    missed = house.missed()
    house.run()
    assert house.portal.tasks[0].title == f"Перезвонить: {NUMBER}"
    assert "template cannot be used" in house.told(missed)


# -- several nodes


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.live)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'itgrix.db'}"
        return
    with mariadb_server() as server:
        yield server.create_database("itgrix_errands")


def at_once(*nodes: Node) -> None:
    """All run their errands at the same time."""
    start = threading.Barrier(len(nodes))
    failures: list[BaseException] = []

    def work(node: Node) -> None:
        try:
            start.wait(30)
            node.run()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(node,)) for node in nodes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


def test_two_nodes_that_miss_one_number_at_once_make_one_task(database_url: str, tmp_path: Path) -> None:
    with errand_nodes(database_url, tmp_path, "north", "south") as (north, south):
        calls = []
        for round_ in range(5):
            number = f"+7916000000{round_}"
            calls.append((north.missed(number), south.missed(number)))
        at_once(north, south)
        north.run(60)
        assert len(north.portal.tasks) == 5
        for one, other in calls:
            assert {north.states(one)["task"], south.states(other)["task"]} == {"done"}


def test_task_of_one_node_is_closed_on_another(database_url: str, tmp_path: Path) -> None:
    with errand_nodes(database_url, tmp_path, "north", "south") as (north, south):
        north.missed()
        north.run()
        south.talked()
        south.run()
        assert [task.completed for task in north.portal.tasks] == [True]


def test_talk_on_another_node_at_the_moment_of_creation_leaves_nothing_open(database_url: str, tmp_path: Path) -> None:
    with errand_nodes(database_url, tmp_path, "north", "south") as (north, south):
        for round_ in range(5):
            north.missed(f"+7916000000{round_}")
        talks = threading.Thread(target=lambda: [south.talked(f"+7916000000{round_}") for round_ in range(5)])
        talks.start()
        north.run()
        talks.join(60)
        north.run(60)
        assert [task for task in north.portal.tasks if not task.completed] == []
