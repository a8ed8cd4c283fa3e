# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits for the portal: the lists, repeating and dropping."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from itgrix_module.app.ports import Settlement
from itgrix_module.storage.engine import Database
from itgrix_module.storage.models import Step
from itgrix_module.storage.outbox import SqlOutbox
from tests.web.markup import problems, words
from tests.web.seeds import NODE, NOW, row, save, step
from web.access import SEE, Viewer

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
REFUSED = "The portal has no active employee with this id or internal number."


def settle(
    database: Database, linkedid: str, *, state: str, code: str = "", text: str = "", due_at: float = 0.0
) -> int:
    """A call with one step, settled; the step's id."""
    save(database, row(linkedid), [step()])
    outbox = SqlOutbox(database)
    lane = next(lane for lane in outbox.claim("w", NOW + 1, 60.0, 50) if lane.call.linkedid == linkedid)
    settlement = Settlement(lane.steps[0].id, state, due_at, attempts=1, code=code, text=text)
    outbox.settle("w", NODE, linkedid, [settlement], None, [], NOW)
    return lane.steps[0].id


@pytest.fixture
def three(database: Database) -> dict[str, int]:
    """One step of each kind: failed, being repeated, waiting."""
    failed = settle(database, "1.1", state="failed", code="user_not_found", text=REFUSED)
    retrying = settle(database, "1.2", state="waiting", due_at=NOW + 95, text="portal.example did not answer in time.")
    save(database, row("1.3"), [step("finish")])
    return {"failed": failed, "retrying": retrying, "waiting": ids(database)[-1]}


def ids(database: Database) -> list[int]:
    with database.session() as session:
        return list(session.scalars(select(Step.id).order_by(Step.id)))


def states(database: Database) -> dict[int, str]:
    with database.session() as session:
        return {one.id: one.state for one in session.scalars(select(Step))}


def listed(client: FlaskClient, state: str) -> list[int]:
    answer = client.get(f"/deliveries/?state={state}")
    assert not problems(answer.text)
    return [int(found) for found in re.findall(r'name="step" value="(\d+)"', answer.text)]


def order(client: FlaskClient, what: str, *chosen: int, state: str = "failed", token: str | None = None) -> str:
    """Give an order as the page's form does; the text of the page that follows."""
    if token is None:
        token = TOKEN.findall(client.get("/deliveries/?state=waiting").text + client.get("/deliveries/").text)[0]
    data = {"order": what, "state": state, "step": [str(one) for one in chosen], "csrf_token": token}
    return client.post("/deliveries/change", data=data, follow_redirects=True).text


def test_each_list_shows_its_own(client: FlaskClient, three: dict[str, int]) -> None:
    assert listed(client, "failed") == [three["failed"]]
    assert listed(client, "retrying") == [three["retrying"]]
    assert sorted(listed(client, "waiting")) == sorted([three["retrying"], three["waiting"]])


def test_failures_are_shown_first_when_there_are_any(client: FlaskClient, three: dict[str, int]) -> None:
    assert "Failed for good 1" in words(client.get("/deliveries/").text)
    assert listed(client, "") == [three["failed"]]
    assert listed(client, "<script>") == [three["failed"]]


@pytest.mark.usefixtures("three")
def test_reason_and_next_attempt_are_told_in_the_language_of_the_reader(russian: FlaskClient) -> None:
    assert "На портале нет работающего сотрудника с таким номером." in words(russian.get("/deliveries/").text)
    said = words(russian.get("/deliveries/?state=retrying").text)
    assert "portal.example не ответил вовремя. Следующая попытка через 1 минуту" in said
    assert "Ждёт своей очереди" in words(russian.get("/deliveries/?state=waiting").text)


@pytest.mark.parametrize("state", ["waiting", "retrying", "failed"])
def test_empty_list_says_that_all_is_well(reader: FlaskClient, state: str) -> None:
    answer = reader.get(f"/deliveries/?state={state}")
    assert 'class="empty"' in answer.text
    assert not problems(answer.text)


def test_repeat_sends_at_once(client: FlaskClient, database: Database, three: dict[str, int]) -> None:
    said = words(order(client, "retry", three["failed"]))
    assert "1 delivery is sent again now." in said
    assert states(database)[three["failed"]] == "waiting"


def test_drop_asks_before_it_drops(client: FlaskClient, database: Database, three: dict[str, int]) -> None:
    asked = order(client, "drop", three["failed"])
    assert "1 request will never be sent to the portal:" in words(asked)
    assert "+7 916 123-45-67" in words(asked)
    assert not problems(asked)
    assert states(database)[three["failed"]] == "failed"
    said = words(order(client, "drop-confirmed", three["failed"]))
    assert "1 delivery was dropped." in said
    assert states(database)[three["failed"]] == "dropped"


def test_several_are_changed_together(russian: FlaskClient, database: Database, three: dict[str, int]) -> None:
    said = words(order(russian, "drop-confirmed", three["retrying"], three["waiting"], state="waiting"))
    assert "2 запроса отброшены." in said
    assert sorted(states(database).values()) == ["dropped", "dropped", "failed"]


def test_without_a_choice_nothing_happens(client: FlaskClient, database: Database, three: dict[str, int]) -> None:
    before = states(database)
    for what in ("retry", "drop", "drop-confirmed"):
        assert "Choose at least one delivery first." in words(order(client, what))
    assert states(database) == before


def test_what_is_gone_meanwhile_is_told(client: FlaskClient, three: dict[str, int]) -> None:
    assert "no longer there" in words(order(client, "retry", 4711))
    assert "no longer there" in words(order(client, "drop", 4711))
    assert "no longer there" in words(order(client, "drop-confirmed", 4711))


def test_order_without_the_forms_token_changes_nothing(
    client: FlaskClient, database: Database, three: dict[str, int]
) -> None:
    for token in ("", "x", "ImJhZCI.AAAAAA.bad"):
        text = order(client, "drop-confirmed", three["failed"], token=token)
        assert "The form is out of date" in words(text)
    assert states(database)[three["failed"]] == "failed"


def test_token_of_another_session_is_refused(
    app: Flask, client: FlaskClient, database: Database, three: dict[str, int]
) -> None:
    foreign = TOKEN.findall(app.test_client().get("/deliveries/").text)[0]
    client.get("/deliveries/")
    assert "The form is out of date" in words(order(client, "drop-confirmed", three["failed"], token=foreign))
    assert states(database)[three["failed"]] == "failed"


@pytest.mark.parametrize("what", ["", "destroy", "DROP", "drop-confirmed "])
def test_unknown_order_is_refused(client: FlaskClient, database: Database, three: dict[str, int], what: str) -> None:
    assert "cannot be understood" in words(order(client, what, three["failed"]))
    assert states(database)[three["failed"]] == "failed"


@pytest.mark.parametrize("number", ["x", "-1", "1 OR 1=1", "99999999999999999999999", "1.5"])
def test_number_that_is_none_changes_nothing(
    client: FlaskClient, database: Database, three: dict[str, int], number: str
) -> None:
    before = states(database)
    token = TOKEN.findall(client.get("/deliveries/").text)[0]
    for what in ("retry", "drop", "drop-confirmed"):
        data = {"order": what, "state": "failed", "step": number, "csrf_token": token}
        assert client.post("/deliveries/change", data=data).status_code in (302, 400)
    assert states(database) == before


def test_service_is_asked_where_it_wants_to_know(make_panel: Callable[..., Flask], three: dict[str, int]) -> None:
    asked: list[tuple[str, list[int], str]] = []

    def order_of(name: str) -> Callable[[list[int], str], int]:
        def note(chosen: list[int], who: str) -> int:
            asked.append((name, chosen, who))
            return len(chosen)

        return note

    client = make_panel(retry_steps=order_of("retry"), drop_steps=order_of("drop")).test_client()
    order(client, "retry", three["failed"], three["failed"])
    order(client, "drop-confirmed", three["failed"])
    assert asked == [("retry", [three["failed"]], "local"), ("drop", [three["failed"]], "local")]


def test_long_list_pages_without_a_gap(client: FlaskClient, database: Database) -> None:
    same_moment = [step(decided_at=NOW - number // 4) for number in range(130)]
    save(database, row(), same_moment)
    found, address = [], "/deliveries/?state=waiting"
    while address:
        text = client.get(address).text
        assert len(text) < 100_000
        found += [int(one) for one in re.findall(r'name="step" value="(\d+)"', text)]
        ahead = re.search(r'rel="next" href="([^"]+)"', text)
        address = unescape(ahead[1]) if ahead else ""
    assert sorted(found) == ids(database)
    assert len(found) == len(set(found)) == 130


@pytest.mark.parametrize("value", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "\x00\r\n"])
def test_hostile_errors_are_text_only(client: FlaskClient, database: Database, value: str) -> None:
    settle(database, "1.1", state="failed", code=value, text=value)
    save(database, row("1.2", client=value), [step(value[:30])])
    for state in ("failed", "waiting"):
        answer = client.get(f"/deliveries/?state={state}")
        assert "<script>alert" not in answer.text
        assert "<img" not in answer.text
        assert not problems(answer.text)


def test_everything_is_paused_and_resumed(make_panel: Callable[..., Flask]) -> None:
    held: list[bool] = []
    app = make_panel(pause=held.append, is_paused=lambda: held[-1:] == [True])
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert "Resume deliveries" not in client.get("/deliveries/").text
    answer = client.post("/deliveries/pause", data={"order": "pause"}, follow_redirects=True)
    assert "until somebody resumes" in answer.text
    answer = client.post("/deliveries/pause", data={"order": "resume"}, follow_redirects=True)
    assert "Pause deliveries" in answer.text
    assert held == [True, False]


@pytest.mark.parametrize("order", ["", "stop", "pause\r\n"])
def test_other_orders_pause_nothing(make_panel: Callable[..., Flask], order: str) -> None:
    held: list[bool] = []
    app = make_panel(pause=held.append)
    app.config["WTF_CSRF_ENABLED"] = False
    assert app.test_client().post("/deliveries/pause", data={"order": order}).status_code == 400
    assert held == []


def test_who_may_only_look_cannot_pause(make_panel: Callable[..., Flask]) -> None:
    app = make_panel(pause=lambda _: None, viewer=lambda _: Viewer("anna", frozenset({SEE})))
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert "Pause deliveries" not in client.get("/deliveries/").text
    assert client.post("/deliveries/pause", data={"order": "pause"}).status_code == 403


def all_of(client: FlaskClient, state: str) -> tuple[int, str]:
    token = TOKEN.findall(client.get("/deliveries/?state=waiting").text + client.get("/deliveries/").text)[0]
    answer = client.post("/deliveries/all", data={"state": state, "csrf_token": token}, follow_redirects=True)
    return answer.status_code, words(answer.text)


def test_whole_list_is_repeated_also_beyond_its_page(client: FlaskClient, database: Database) -> None:
    for number in range(60):
        settle(database, f"9.{number}", state="failed", code="user_not_found", text=REFUSED)
    waits = settle(database, "8.1", state="waiting", due_at=NOW + 95, text="portal.example did not answer in time.")
    assert "Repeat all 60" in words(client.get("/deliveries/?state=failed").text)
    assert "60 deliveries are sent again now." in all_of(client, "failed")[1]
    assert "failed" not in states(database).values()
    with database.session() as session:
        found = session.get(Step, waits)
        assert found is not None
        assert found.due_at == NOW + 95  # it is of another list


def test_those_being_repeated_are_sent_at_once_together(client: FlaskClient, three: dict[str, int]) -> None:
    assert "1 delivery is sent again now." in all_of(client, "retrying")[1]
    assert listed(client, "failed") == [three["failed"]]


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("state", ["waiting", "", "done"])
def test_list_that_needs_no_order_takes_none(client: FlaskClient, state: str) -> None:
    assert all_of(client, state)[0] == 400


def test_single_failure_needs_no_button_for_all(client: FlaskClient, three: dict[str, int]) -> None:
    assert three
    assert "Repeat all" not in words(client.get("/deliveries/?state=failed").text)


def test_every_order_stands_in_the_journal(make_panel: Callable[..., Flask], three: dict[str, int]) -> None:
    noted: list[tuple[str, str, object]] = []
    client = make_panel(
        audit=lambda who, action, details: noted.append((who, action, dict(details))), pause=lambda _: None
    ).test_client()
    order(client, "retry", three["failed"])
    order(client, "drop", three["retrying"], state="retrying")
    order(client, "drop-confirmed", three["retrying"], state="retrying")
    order(client, "retry", 999_999)
    token = TOKEN.findall(client.get("/deliveries/").text)[0]
    for what in ("pause", "resume"):
        client.post("/deliveries/pause", data={"order": what, "csrf_token": token})
    assert noted == [
        ("local", "deliveries.retry", {"count": 1, "deliveries": [three["failed"]]}),
        ("local", "deliveries.drop", {"count": 1, "deliveries": [three["retrying"]]}),
        ("local", "deliveries.pause", {}),
        ("local", "deliveries.resume", {}),
    ]


def test_call_is_sent_again_from_its_page(client: FlaskClient, database: Database, three: dict[str, int]) -> None:
    page = client.get(f"/calls/{NODE}/1.1").text
    assert not problems(page)
    token = TOKEN.findall(page)[0]
    answer = client.post(f"/calls/{NODE}/1.1/again", data={"csrf_token": token}, follow_redirects=True)
    assert "1 delivery is sent again now." in words(answer.text)
    assert states(database)[three["failed"]] == "waiting"
    answer = client.post(f"/calls/{NODE}/1.1/again", data={"csrf_token": token}, follow_redirects=True)
    assert "Nothing of this call failed" in words(answer.text)


@pytest.mark.usefixtures("three")
def test_who_may_only_look_sends_no_call_again(make_panel: Callable[..., Flask]) -> None:
    client = make_panel(viewer=lambda _: Viewer("guest", frozenset({SEE}))).test_client()
    page = client.get(f"/calls/{NODE}/1.1").text
    assert "/again" not in page
    assert client.post(f"/calls/{NODE}/1.1/again").status_code in (400, 403)
    assert client.post("/deliveries/all", data={"state": "failed"}).status_code in (400, 403)
