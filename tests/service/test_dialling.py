# SPDX-License-Identifier: GPL-3.0-or-later
"""A click in the CRM on a running service: the PBX calls, and the portal's call is finished as it went."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from itgrix_module.app import dial
from itgrix_module.app.ports import CallRow
from itgrix_module.sandbox.pbx import AmiUser
from itgrix_module.sandbox.pbx.config import Click
from itgrix_module.sandbox.portal.log import RequestView
from tests.known import known
from tests.service.click import NUMBER, QUICK, click, event, finished, notices, originates, rows, view
from tests.service.house import ERROR, House, furnished, house, sandboxes, short, until, user_of
from tests.service.join import household

DEVICES = {"101": "device", "102": "extension"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("dialling"), {"dial.devices": DEVICES}, pbx={"click": QUICK}) as found:
        yield found


@pytest.fixture
def running(shared: House) -> House:
    """With parties that do as usual."""
    shared.pbx.behaviour = lambda _: QUICK
    return shared


@pytest.mark.parametrize("extension", DEVICES)
def test_click_rings_the_employee_then_the_client_and_is_finished_once(running: House, extension: str) -> None:
    before = len(running.portal.calls())
    call_id = click(running, extension)
    call = finished(running, call_id)
    assert call.finish is not None
    assert (call.finish.status, call.finish.user_id, call.finish.duration) == ("200", user_of(extension), 1)
    assert len(running.portal.calls()) == before + 1
    assert not call.open_cards
    row = rows(running)[0]
    assert (row.direction, row.number, row.caller, row.answered_by) == ("outgoing", NUMBER, extension, extension)
    until(lambda: view(running, call_id).record, what=lambda: view(running, call_id))
    methods = [each.method.rpartition(".")[2] for each in running.portal.requests if call_id in str(each.params)]
    assert methods.count("finish") == 1
    assert not {"register", "show", "hide"} & set(methods)


OUTCOMES = {
    "agent busy": (Click(agent="busy"), "486", "занят"),
    "agent declines": (Click(agent="declined", agent_ring=0.1), "603", "отклонён"),
    "agent absent": (replace(QUICK, agent="no_answer"), "480", "никто не снял"),
    "client busy": (replace(QUICK, client="busy"), "486", f"{NUMBER} занят"),
    "client absent": (replace(QUICK, client="no_answer"), "480", "не отвечает"),
    "wrong number": (replace(QUICK, client="wrong"), "404", "такого номера нет"),
}


# How the employee is dialled makes no difference to what becomes of the client.
FAILED = [(what, each) for what in OUTCOMES for each in (DEVICES if what.startswith("agent") else ["101"])]


@pytest.mark.parametrize(("what", "extension"), FAILED)
def test_failed_call_is_finished_with_its_status_and_the_employee_learns_why(
    running: House, what: str, extension: str
) -> None:
    behaviour, status, words = OUTCOMES[what]
    running.pbx.behaviour = lambda _: behaviour
    running.service.core.settings.save({"dial.timeout": 5})
    before = len(notices(running, extension))
    call_id = click(running, extension)
    call = finished(running, call_id, 20)
    assert call.finish is not None
    assert (call.finish.status, call.finish.duration, call.finish.user_id) == (status, 0, user_of(extension))
    until(
        lambda: len(notices(running, extension)) > before, what=lambda: running.service.core.deliveries.steps("failed")
    )
    assert words in notices(running, extension)[-1]
    assert "FAILED_REASON" in next(each for each in running.portal.requests if _finishes(each, call_id)).params
    store, node = running.service.dialling.store, running.service.node
    until(lambda: not store.open(node), what=lambda: store.open(node))


def _finishes(request: RequestView, call_id: str) -> bool:
    return request.method.endswith("finish") and request.params.get("CALL_ID") == call_id


def test_repeated_event_makes_one_call(running: House) -> None:
    before = len(originates(running))
    call_id = click(running)
    running.service.dialling.heard(event(call_id))
    finished(running, call_id)
    assert len(originates(running)) == before + 1


def test_two_clicks_at_once_are_two_calls(running: House) -> None:
    one, two = click(running, "103"), click(running, "104", "+79039876543")
    assert known(finished(running, one).finish).user_id == user_of("103")
    assert known(finished(running, two).finish).user_id == user_of("104")


def test_click_that_was_held_up_makes_no_call(running: House) -> None:
    before = len(originates(running))
    call_id = click(running, late=31)
    assert known(finished(running, call_id).finish).status == "603-S"
    assert len(originates(running)) == before
    until(lambda: any("слишком поздно" in text for text in notices(running)))


@pytest.mark.parametrize("number", ["", "звоните", "8;DROP", "7916\r\nAction: Logoff", "*72101", "+7916${EXTEN}123"])
def test_hostile_number_is_finished_as_wrong_and_reaches_no_phone(running: House, number: str) -> None:
    before = len(originates(running))
    call_id = click(running, "105", number)
    assert known(finished(running, call_id).finish).status == "404"
    assert len(originates(running)) == before


def test_employee_without_extension_is_told_so(running: House) -> None:
    call_id = running.portal.click_to_call(900, NUMBER)
    running.service.dialling.heard(event(call_id, "1000"))
    call = finished(running, call_id)
    assert call.finish is not None
    assert (call.finish.status, call.finish.user_id) == ("404", 900)
    until(lambda: any("внутренний номер" in each.text for each in running.portal.notifications if each.user_id == 900))


def test_extension_that_the_pbx_does_not_have_is_finished_and_told(running: House) -> None:
    running.service.core.settings.save({"employees.overrides": {"199": user_of("106")}})
    call_id = click(running, "106")
    assert known(finished(running, call_id).finish).status in ("480", "404", "503")
    until(lambda: any("199" in text for text in notices(running, "106")), what=lambda: notices(running, "106"))
    running.service.core.settings.save({"employees.overrides": {}})


def test_prefix_by_line_rules_and_caller_id_make_the_order(running: House) -> None:
    rules = {
        "numbers.dial_rules": [{"match": r"^\+7", "replace": "8"}],
        "dial.prefix": "9",
        "dial.prefixes": {"mts": "77"},
        "dial.variables": {"__AUTO": "yes"},
    }
    running.service.core.settings.save(rules)
    finished(running, click(running, "107"))
    finished(running, click(running, "107", LINE_NUMBER="mts"))
    first, second = originates(running)[-2:]
    assert (first["exten"], second["exten"]) == ("989161234567", "7789161234567")
    assert (first["channel"], first["callerid"]) == ("Local/107@from-internal/n", f"<{NUMBER}>")
    running.service.core.settings.save({name: type(value)() for name, value in rules.items()})


def test_manager_user_without_the_right_is_shown_and_each_click_is_finished(tmp_path: Path) -> None:
    user = AmiUser("itgrix", "sandbox-secret", write=("call", "reporting", "system"))
    with house(tmp_path, pbx={"users": (user,)}) as here:
        call_id = click(here)
        assert known(finished(here, call_id).finish).status == "403"
        until(lambda: any("originate" in text for text in notices(here)))
        check = here.wait_check("dialling", "originate_right")
        assert check.level is ERROR
        assert "originate" in check.hint


def test_click_while_the_pbx_is_away_is_finished_at_once(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        here.pbx.faults.cut(refuse=30)
        until(lambda: here.service.pbx.state.phase == "down")
        call_id = click(here)
        assert known(finished(here, call_id).finish).status == "503"
        until(lambda: any("Нет связи" in text for text in notices(here)))


def test_connection_cut_in_mid_call_loses_nothing(tmp_path: Path) -> None:
    with house(tmp_path, pbx={"click": replace(QUICK, talk=6.0), "auth_delay": 0.1}) as here:
        call_id = click(here)
        until(lambda: here.service.tracker.live_calls and rows(here)[0].phase == "ringing", what=lambda: rows(here))
        here.pbx.faults.cut()
        call = finished(here, call_id, 20)
        assert call.finish is not None
        assert (call.finish.status, call.finish.user_id) == ("200", user_of(101))
        assert len(here.portal.calls()) == 1


def test_pbx_that_takes_the_order_and_dies_leaves_no_open_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial, "GRACE", 0.0)
    settings = {"dial.timeout": 5}
    with house(tmp_path, settings, pbx={"click": Click(agent_ring=60), "auth_delay": 0.1}) as here:
        call_id = click(here)
        until(lambda: originates(here))
        here.pbx.faults.kill(0.5)
        assert known(finished(here, call_id, 25).finish).status in ("480", "503", "603-S")


def test_restart_in_between_finishes_what_nobody_follows(tmp_path: Path) -> None:
    """The order was stored, and the process died before the PBX heard of it."""
    with sandboxes(tmp_path) as (pbx, portal):
        with furnished(tmp_path, pbx, portal, {}) as here:
            here.wait_ready()
            here.service.dialling.desk._run.shutdown(wait=True)
            call_id = portal.click_to_call(user_of(101), NUMBER)
            with pytest.raises(RuntimeError):
                here.service.dialling.heard(event(call_id))
        with furnished(tmp_path, pbx, portal, {}) as here:
            call = finished(here, call_id, 20)
            assert call.finish is not None
            assert (call.finish.status, call.finish.user_id) == ("503", user_of(101))
            until(lambda: any("перезапущен" in text for text in notices(here)))
            here.service.dialling.heard(event(call_id))
            assert not originates(here)


LIVES = {
    "employee rings": (replace(QUICK, agent_ring=8.0), lambda row: row.rang and not row.trunk),
    "client rings": (replace(QUICK, client_ring=8.0), lambda row: row.trunk),
    "they talk": (replace(QUICK, talk=8.0), lambda row: row.phase == "talking"),
}


def wait_for_life(here: House, is_there: Callable[[CallRow], object]) -> str:
    """Somebody clicks, and his call comes so far; returns the portal's CALL_ID."""
    here.wait_ready()
    call_id = click(here)
    until(lambda: (found := rows(here)) and is_there(found[0]), what=lambda: rows(here))
    return call_id


@pytest.mark.parametrize("life", LIVES)
def test_restart_in_mid_call_follows_it_to_its_end(tmp_path: Path, life: str) -> None:
    behaviour, is_there = LIVES[life]
    with sandboxes(tmp_path, pbx={"click": behaviour, "auth_delay": 0.1}) as (pbx, portal):
        with furnished(tmp_path, pbx, portal, {}) as here:
            call_id = wait_for_life(here, is_there)
        with furnished(tmp_path, pbx, portal, {}) as here:
            call = finished(here, call_id, 20)
            assert call.finish is not None
            assert (call.finish.status, call.finish.user_id) == ("200", user_of(101))
            here.wait_delivered()
            assert (len(portal.calls()), view(here, call_id).refused_finishes) == (1, 0)
            assert len(originates(here)) == 1
            assert not notices(here)


@pytest.mark.parametrize("life", LIVES)
def test_call_that_ended_while_the_service_was_away_is_finished_once(tmp_path: Path, life: str) -> None:
    behaviour, is_there = LIVES[life]
    with sandboxes(tmp_path, pbx={"click": behaviour, "auth_delay": 0.1}) as (pbx, portal):
        with furnished(tmp_path, pbx, portal, {}) as here:
            call_id = wait_for_life(here, is_there)
        with pbx.stage.timeline.held():
            pbx.stage.stop_calls()
        with furnished(tmp_path, pbx, portal, {}) as here:
            call = finished(here, call_id, 20)
            assert call.finish is not None
            assert call.finish.user_id == user_of(101)
            assert (call.finish.status == "200") == (life == "they talk")
            here.wait_delivered()
            assert (len(portal.calls()), view(here, call_id).refused_finishes) == (1, 0)
            until(lambda: not here.service.dialling.store.open(here.service.node))
            assert len(originates(here)) == 1


def test_other_calls_are_as_before(running: House) -> None:
    truth = running.ring(extension="108")
    assert known(running.wait_finished(truth).finish).status == "200"
    assert short().kind == "incoming"


def test_event_of_the_portal_comes_all_the_way(tmp_path: Path) -> None:
    """Installed application, bound event, signed delivery: nothing here calls the listener."""
    config = {"event_delay": (0.0, 0.01)}
    with household(tmp_path, settings={"numbers.country": "RU"}, portal=config) as here:
        here.wait_ready()
        here.pbx.behaviour = lambda _: QUICK
        call_id = here.portal.click_to_call(user_of(101), NUMBER)
        call = finished(here, call_id)
        assert call.finish is not None
        assert (call.finish.status, call.finish.user_id) == ("200", user_of(101))
        assert len(originates(here)) == 1


SCRIPTS = Path(__file__).parents[2] / "examples/hooks"


@pytest.mark.parametrize(("number", "exten", "status"), [(NUMBER, "89161234567", "200"), ("+4915112345678", "", "403")])
def test_shipped_example_changes_or_forbids_the_order(tmp_path: Path, number: str, exten: str, status: str) -> None:
    hooks = {"hooks.enabled": True, "hooks.active": ["process_originate_params"]}
    with sandboxes(tmp_path, pbx={"click": QUICK}) as ends:
        folder = tmp_path / "home/hooks"
        folder.mkdir(parents=True)
        script = folder / "process_originate_params.py"
        script.write_bytes((SCRIPTS / script.name).read_bytes())
        with furnished(tmp_path, *ends, {**hooks, "hooks.seconds": 10.0}) as here:
            here.wait_ready()
            call_id = click(here, number=number)
            assert known(finished(here, call_id, 20).finish).status == status
            assert [order["exten"] for order in originates(here)] == ([exten] if exten else [])


def test_script_that_wants_something_dangerous_is_not_followed(tmp_path: Path) -> None:
    hooks = {"hooks.enabled": True, "hooks.active": ["process_originate_params"], "hooks.seconds": 10.0}
    with sandboxes(tmp_path, pbx={"click": QUICK}) as ends:
        folder = tmp_path / "home/hooks"
        folder.mkdir(parents=True)
        answer = r'{"state": "success", "data": {"channel": "PJSIP/101&PJSIP/102", "extension": "1", "context": "x"}}'
        (folder / "process_originate_params.sh").write_text(f"cat >/dev/null; echo '{answer}'\n")
        with furnished(tmp_path, *ends, hooks) as here:
            here.wait_ready()
            call_id = click(here)
            assert known(finished(here, call_id, 20).finish).status == "200"
            assert [order["channel"] for order in originates(here)] == ["Local/101@from-internal/n"]
