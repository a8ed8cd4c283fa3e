# SPDX-License-Identifier: GPL-3.0-or-later
"""Forms that ask to be called back, on a running service: tried, registered as such, and a task in the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from itgrix_module.app import callback
from itgrix_module.sandbox.pbx.config import Click
from itgrix_module.sandbox.portal.views import CallView
from tests.service.click import NUMBER, QUICK, form, originates
from tests.service.house import House, furnished, house, sandboxes, until, user_of

SETTINGS = {
    "callback.to": "101",
    "callback.hours": "always",
    "callback.tries": 2,
    "callback.timeout": 5,
    "calls.default_user": 900,
}


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of minutes last a second."""
    whole = callback.FormRules.of

    def hurried(*given: Any) -> callback.FormRules:
        made = whole(*given)
        return replace(made, tries=replace(made.tries, pause=1.0))

    monkeypatch.setattr(callback.FormRules, "of", hurried)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, SETTINGS, pbx={"click": QUICK}) as found:
        yield found


def state(found: House) -> str:
    (form_,) = found.service.dialling.callbacks(("waiting", "calling", "done", "failed"))
    return form_.state


def wait_over(found: House, wanted: str) -> list[CallView]:
    until(lambda: state(found) == wanted, 25, lambda: found.service.dialling.callbacks(("waiting", "calling", "done")))
    found.wait_delivered()
    return found.portal.calls()


def test_form_rings_the_employee_then_the_client_and_is_registered_as_called_back(running: House) -> None:
    running.service.dialling.callback(form())
    running.service.dialling.callback(form())
    (call,) = wait_over(running, "done")
    assert call.finish is not None
    assert (call.type, call.phone, call.finish.status, call.finish.user_id) == (4, NUMBER, "200", user_of(101))
    assert len(originates(running)) == 1
    assert not running.portal.tasks


def test_second_try_reaches_the_client_and_the_first_leaves_no_trace(running: House) -> None:
    answers = iter([Click(agent="busy")])
    running.pbx.behaviour = lambda _: next(answers, QUICK)
    running.service.dialling.callback(form())
    (call,) = wait_over(running, "done")
    assert call.finish is not None
    assert call.finish.status == "200"
    assert len(originates(running)) == 2


def test_client_whom_nobody_reaches_becomes_a_task_with_his_words(running: House) -> None:
    running.pbx.behaviour = lambda _: replace(QUICK, client="busy")
    running.service.dialling.callback(form())
    calls = wait_over(running, "failed")
    assert [call.type for call in calls] == [4, 4]
    assert {call.finish.status for call in calls if call.finish} == {"486"}
    until(lambda: running.portal.tasks, what=lambda: running.service.core.deliveries.steps("failed"))
    (task,) = running.portal.tasks
    assert "Жду звонка" in task.fields["DESCRIPTION"]
    assert int(task.fields["RESPONSIBLE_ID"]) == 900


def redirects(found: House) -> list[dict[str, str]]:
    """Calls that were sent on to the client."""
    received = [each.headers for each in list(found.pbx.actions)]
    return [each for each in received if each.get("action", "").casefold() == "redirect"]


def test_queue_is_rung_first_and_the_member_who_picks_up_talks_with_the_client(running: House) -> None:
    running.pbx.behaviour = lambda _: replace(QUICK, agent_ring=1.0)
    running.service.core.settings.save({"callback.to": running.pbx.config.queue.number})
    running.service.dialling.callback(form())
    (call,) = wait_over(running, "done")
    assert call.finish is not None
    assert (call.type, call.phone, call.finish.status, call.finish.user_id) == (4, NUMBER, "200", user_of("102"))
    assert (len(originates(running)), len(redirects(running))) == (1, 1)
    assert redirects(running)[0]["exten"] == NUMBER


@pytest.mark.parametrize("agent", ["no_answer", "busy", "declined"])
def test_queue_whose_members_do_not_pick_up_calls_no_client(running: House, agent: str) -> None:
    running.pbx.behaviour = lambda _: replace(QUICK, agent=agent)
    running.service.core.settings.save({"callback.to": running.pbx.config.queue.number, "callback.tries": 1})
    running.service.dialling.callback(form())
    (call,) = wait_over(running, "failed")
    assert call.finish is not None
    assert call.finish.status in ("480", "486", "603")
    assert not redirects(running)
    until(lambda: running.portal.tasks, what=lambda: running.service.core.deliveries.steps("failed"))


def test_restart_while_a_queue_is_rung_connects_who_picks_up(tmp_path: Path) -> None:
    changes = {"click": replace(QUICK, agent_ring=5.0), "auth_delay": 0.1}
    with sandboxes(tmp_path, pbx=changes) as (pbx, portal):
        settings = {**SETTINGS, "callback.to": pbx.config.queue.number, "callback.timeout": 30}
        with furnished(tmp_path, pbx, portal, settings) as here:
            here.wait_ready()
            here.service.dialling.callback(form())
            until(lambda: here.service.tracker.live_legs and originates(here))
        with furnished(tmp_path, pbx, portal, settings) as here:
            (call,) = wait_over(here, "done")
            assert call.finish is not None
            assert (call.finish.status, call.finish.user_id) == ("200", user_of("102"))
            assert (len(originates(here)), len(redirects(here))) == (1, 1)


@pytest.mark.parametrize("number", ["*72101", "звоните", "+14155550100", "101"])
def test_number_that_strangers_may_not_make_us_call_becomes_a_task(running: House, number: str) -> None:
    running.service.dialling.callback(form(number))
    wait_over(running, "failed")
    assert not originates(running)
    until(lambda: running.portal.tasks, what=lambda: running.service.core.deliveries.steps("failed"))


def test_restart_between_two_tries_goes_on_with_the_second(tmp_path: Path) -> None:
    with sandboxes(tmp_path, pbx={"click": Click(agent="busy"), "auth_delay": 0.1}) as (pbx, portal):
        with furnished(tmp_path, pbx, portal, SETTINGS) as here:
            here.wait_ready()
            here.service.dialling.callback(form())
            until(lambda: originates(here))
        pbx.behaviour = lambda _: QUICK
        with furnished(tmp_path, pbx, portal, SETTINGS) as here:
            calls = wait_over(here, "done")
            assert [call.finish.status for call in calls if call.finish] == ["200"]
