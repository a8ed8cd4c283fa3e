# SPDX-License-Identifier: GPL-3.0-or-later
"""Errands as a background use case: requests shared, failures settled, nothing lost with the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from itgrix_module.app.call_full import Known
from itgrix_module.app.errand_ports import Asked, MakeTask, Record, Say, SetFields, TaskByMark, WasSaid
from itgrix_module.app.errands import TRIES, Errands
from itgrix_module.app.errands_matter import Aids, ErrandRules
from itgrix_module.app.hook_inputs import scene
from itgrix_module.app.hook_trial import Roster
from itgrix_module.app.hooking import NoHooks
from itgrix_module.app.ports import CallRow, NewStep, PortalSide, Settlement
from itgrix_module.app.standing import Standing
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from itgrix_module.domain.steps import Priority
from itgrix_module.settings import Settings
from itgrix_module.storage.open_tasks import SqlOpenTasks
from itgrix_module.storage.queries import Calls
from itgrix_module.storage.stores import Stores, open_stores
from tests.app.desk import NODE, START, Clock
from tests.fakes.failing import fails_first
from tests.fakes.migrated import migrated

SIDE = PortalSide("C", "LEAD", "7", (("LEAD", "7"),), "70", finished=True)
RULES = ErrandRules(chat="chat1", extra={"lead": {"COMMENTS": "x"}, "activity": {"SUBJECT": "y"}})
LOST = Temporary("reset", "cut", executed=True, retry_after=2.0)
AWAY = Temporary("refused", "nobody listens", scope="portal")
HELD = Temporary("budget", "no room", scope="portal", retry_after=1.0)
REFUSED = Permanent("ACCESS_DENIED", "The portal denies access: no", "Give the right.")
REVOKED = NeedsOwner("NO_AUTH_FOUND", "not accepted")


class Portal:
    """``script``: answers to the next requests: a failure of the whole, or a function of what was asked."""

    def __init__(self) -> None:
        self.script: list[Failure | Exception | Callable[[Sequence[Asked]], list[Any]]] = []
        self.asked: list[tuple[Asked, ...]] = []
        self.said = False

    def ask(self, asked: Sequence[Asked]) -> list[Any]:
        self.asked.append(tuple(asked))
        answer = self.script.pop(0) if self.script else self._well
        if isinstance(answer, Exception):
            raise answer
        return answer(asked)

    def _well(self, asked: Sequence[Asked]) -> list[Any]:
        answers = {Record: {"TITLE": "x"}, TaskByMark: "", WasSaid: self.said}
        return [answers.get(type(item), "3711") for item in asked]

    @property
    def kinds(self) -> list[list[str]]:
        return [[type(item).__name__ for item in asked] for asked in self.asked]


class Desk:
    """Everything a test needs, over SQLite."""

    def __init__(self, stores: Stores) -> None:
        self.stores, self.portal, self.clock = stores, Portal(), Clock()
        self.standing = Standing(self.clock, lambda: 0.5)
        aids = Aids(
            SqlOpenTasks(stores.database),
            NoHooks(),
            Roster(()),
            lambda call, side: scene(call, side, Known(Roster(()))),
        )
        common: tuple[Any, ...] = (self.standing, self.clock, lambda: 0.5, "me:errands")
        self.errands = Errands(stores.outbox, self.portal, aids, lambda: RULES, *common)

    def call(self, *kinds: str, linkedid: str = "1.1", **payload: Any) -> None:
        row = CallRow(NODE, linkedid, "incoming", "ended", number=f"+7916{linkedid}", started=START, outcome="missed")
        first = NewStep("finish", {}, Priority.FINISH, START, START)
        data = {"user": 3, "why": "because", "records": [["LEAD", "7"]]} | payload
        steps = [NewStep(kind, data, Priority.TASK, START, START) for kind in kinds]
        with self.stores.calls.work() as work:
            work.save_call(row)
            work.add_steps(NODE, linkedid, [first])
        lane = self.stores.outbox.claim("deliverer", START, 60, 1)[0]
        done = [Settlement(lane.steps[0].id, "done")]
        self.stores.outbox.settle("deliverer", NODE, linkedid, done, SIDE, (), START, steps)

    def run(self, seconds: float = 0.0) -> None:
        until = self.clock.now + seconds
        while True:
            while self.errands.run_due():
                pass
            if self.clock.now >= until:
                return
            self.clock.now += 1

    def states(self, linkedid: str = "1.1") -> dict[str, str]:
        story = Calls(self.stores.database).story(NODE, linkedid)
        assert story is not None
        return {step.kind: step.state for step in story.steps if step.kind != "finish"}

    def told(self) -> list[str]:
        story = Calls(self.stores.database).story(NODE, "1.1")
        return [entry.text for entry in story.timeline] if story else []


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    url = f"sqlite:///{tmp_path / 'itgrix.db'}"
    migrated(url)
    with open_stores(url, tmp_path / "key", lambda _: False) as stores:
        yield Desk(stores)


def test_errands_of_one_call_share_a_request(desk: Desk) -> None:
    desk.call("task", "message", "entity", "activity")
    desk.run()
    assert desk.portal.kinds == [["MakeTask", "Say", "SetFields", "SetFields"]]
    assert set(desk.states().values()) == {"done"}


def test_failure_of_one_leaves_the_others(desk: Desk) -> None:
    desk.portal.script = [lambda asked: [REFUSED if isinstance(item, Say) else "1" for item in asked]]
    desk.call("task", "message", "entity")
    desk.run(60)
    assert desk.states() == {"task": "done", "message": "failed", "entity": "done"}
    assert any("Give the right." in line for line in desk.told())


def test_repeat_after_a_lost_answer_is_the_stored_request(desk: Desk) -> None:
    desk.portal.script = [LOST]
    desk.call("task", "message", "entity")
    desk.run(60)
    first, looks, again = desk.portal.asked
    assert desk.portal.kinds[1] == ["TaskByMark", "WasSaid", "SetFields"]
    assert (again[0], again[1], looks[2]) == first
    assert set(desk.states().values()) == {"done"}


def test_request_that_surely_did_nothing_is_made_anew_without_a_look(desk: Desk) -> None:
    desk.portal.script = [AWAY]
    desk.call("task", "message")
    desk.run(60)
    assert desk.portal.kinds == [["MakeTask", "Say"]] * 2
    first, second = desk.portal.asked
    assert isinstance(first[0], MakeTask)
    assert isinstance(second[0], MakeTask)
    assert first[0].fields["DEADLINE"] != second[0].fields["DEADLINE"], "the deadline counts from the task"


def test_portal_that_is_away_is_asked_once_for_all_calls(desk: Desk) -> None:
    desk.call("message")
    desk.call("message", linkedid="1.2")
    desk.portal.script = [AWAY]
    assert desk.errands.run_due() == 1
    assert not desk.standing.state.is_up
    assert desk.errands.run_due() == 0
    desk.run(120)
    assert desk.states() == desk.states("1.2") == {"message": "done"}


def test_lost_answers_of_extras_do_not_hold_calls_back(desk: Desk) -> None:
    desk.portal.script = [LOST] * 6
    desk.call("entity")
    desk.run(120)
    assert desk.standing.state.is_up
    assert desk.states() == {"entity": "done"}


def test_owner_is_waited_for_and_told_once(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.call("message")
    desk.portal.script = [REVOKED] * 3
    desk.run(120)
    assert desk.states() == {"message": "done"}
    assert [line for line in desk.told() if "not accepted" in line] == []
    assert len([record for record in caplog.records if "does not take calls" in record.getMessage()]) == 1


def test_request_budget_costs_no_try(desk: Desk) -> None:
    desk.call("entity")
    desk.portal.script = [HELD] * (TRIES * 2)
    desk.run(600)
    assert desk.states() == {"entity": "done"}


def test_errand_that_never_comes_through_ends(desk: Desk) -> None:
    desk.call("entity")
    desk.portal.script = [LOST] * 100
    desk.run(3600 * 2)
    assert desk.states() == {"entity": "failed"}
    assert len(desk.portal.asked) == TRIES
    assert len(desk.told()) < 8


def test_what_nobody_foresaw_fails_alone(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.call("entity", "message", records=None)
    desk.run()
    assert desk.states() == {"entity": "failed", "message": "done"}


def test_errand_of_another_version_fails_alone(desk: Desk) -> None:
    desk.call("fortune", "message")
    desk.run()
    assert desk.states() == {"fortune": "failed", "message": "done"}


def test_database_that_cannot_store_the_outcome_gets_it_later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    full = NeedsOwner("disk_full", "the disk with the database is full")
    desk.call("message")
    fails_first(monkeypatch, desk.stores.outbox, "settle", full, full)
    for _ in range(2):
        with pytest.raises(NeedsOwner):
            desk.errands.run_due()
    desk.run()
    assert desk.states() == {"message": "done"}
    assert len(desk.portal.asked) == 1


def test_call_that_was_taken_over_is_not_asked_for(desk: Desk) -> None:
    desk.call("message")

    def stolen(asked: Sequence[Asked]) -> list[Any]:
        desk.stores.outbox.claim("thief", desk.clock.now + 1000, 60, 1)
        return ["1" for _ in asked]

    desk.portal.script = [stolen]
    desk.errands.run_due()
    assert desk.states() == {"message": "waiting"}
    assert desk.stores.outbox.claim("thief", desk.clock.now + 2000, 60, 1)[0].steps[0].sent is not None


def test_rules_come_from_the_settings() -> None:
    given = {"missed.task.user": 5, "missed.task.responsible": "user", "leads.chat": "chat4"}
    assert ErrandRules.of(Settings(given), "en", "https://p", RULES.zone).task_user == 5
    other = ErrandRules.of(Settings({**given, "missed.task.responsible": "missed"}), "en", "", RULES.zone)
    assert (other.task_user, other.chat, other.deadline) == (0, "chat4", 60)


def test_set_fields_are_told_by_name_only(desk: Desk) -> None:
    desk.call("entity")
    desk.run()
    assert desk.told() == ["entity: lead 7: COMMENTS set"]
    assert isinstance(desk.portal.asked[0][0], SetFields)
    assert replace(desk.portal.asked[0][0], fields={}) == SetFields("LEAD", "7", {})
