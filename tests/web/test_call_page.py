# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of one call: summary, story, recording, transcript for support."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from itgrix_module.app.ports import PortalSide, Settlement, TimelineEntry
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from itgrix_module.storage.engine import Database
from itgrix_module.storage.outbox import SqlOutbox
from tests.web.markup import problems, words
from tests.web.seeds import NODE, NOW, TRANSCRIPTS, Refuse, facts_of, play, row, save, save_many, step

PAGE = f"/calls/{NODE}/1795260000.1"
HOSTILE = '"><script>alert(1)</script>'


def said_on(client: FlaskClient, address: str = PAGE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    assert not problems(answer.text, whole="<html" in answer.text)
    return words(answer.text)


def played(database: Database, client: FlaskClient, name: str, refuse: Refuse = lambda _: None) -> str:
    """Play a recorded session and give the address of its call."""
    play(database, facts_of(TRANSCRIPTS / f"{name}.ami.gz"), NOW - 5, refuse)
    calls = client.get("/api/calls/recent").json
    assert calls is not None
    return f"/calls/{NODE}/{calls['calls'][0]['linkedid']}"


def in_order(text: str, parts: Iterable[str]) -> bool:
    place = 0
    for part in parts:
        place = text.find(part, place)
        if place < 0:
            return False
    return True


def test_summary_tells_who_when_and_how_long(client: FlaskClient, database: Database) -> None:
    save(database, row(queue="500", client_name="Завод", last_talker="102"))
    said = said_on(client)
    assert "Answered by 101 Анна Смирнова" in said
    assert "Talked last 102 Иван Кузнецов" in said
    assert "Line +7 495 123-45-67 trunk provider" in said
    assert "Queue 500" in said
    assert "Name from the line Завод" in said
    assert "Waiting 0:08" in said
    assert "Talk 0:42" in said


def test_answered_call_is_told_from_ring_to_recording(client: FlaskClient, database: Database) -> None:
    said = said_on(client, played(database, client, "22/in_direct_answered"))
    assert in_order(
        said,
        [
            "Call from +7 916 123-45-67 to +7 495 000-00-01",
            "101 Анна Смирнова: the phone rings",
            "Decided: tell the portal of the call (101 Анна Смирнова)",
            "why: 101 rings",
            "The portal knows the call (Анна Смирнова)",
            "101 Анна Смирнова answers",
            "Connected: Client + 101 Анна Смирнова",
            "Client has left: normal hang-up",
            "Decided: finish the call in the portal",
            "why: answered, for 101",
            "The call is finished in the portal",
        ],
    )


def test_the_same_story_in_russian(russian: FlaskClient, database: Database) -> None:
    said = said_on(russian, played(database, russian, "22/in_direct_answered"))
    assert in_order(
        said,
        [
            "Звонок с +7 916 123-45-67",
            "101 Анна Смирнова: звонит телефон",
            "Решено: сообщить порталу о звонке",
            "почему: звонит телефон 101",
            "Портал знает о звонке",
            "101 Анна Смирнова: ответ",
            "Соединены: Клиент + 101 Анна Смирнова",
            "почему: отвечен, ответственный 101",
            "Звонок завершён на портале",
        ],
    )


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("22/in_xfer_blind_refer", ["Transfer without consultation: 101 Анна Смирнова → 102 Иван Кузнецов"]),
        ("22/in_xfer_att_refer", ["Transfer after consultation: 101 Анна Смирнова → 102 Иван Кузнецов"]),
        ("22/in_queue_ringall", ["enters the queue 700"]),
        ("22/in_anonymous", ["Number hidden", "Call from a hidden number"]),
        ("22/out_busy", ["is dialled through", "is busy"]),
        ("22/in_hold", ["puts the call on hold", "takes the call back from hold"]),
    ],
)
def test_situation_is_told_in_its_words(client: FlaskClient, database: Database, name: str, parts: list[str]) -> None:
    assert in_order(said_on(client, played(database, client, name)), parts)


ALL = sorted(
    f"{path.parent.name}/{path.name.removesuffix('.ami.gz')}"
    for folder in ("22", "fpbx17")
    for path in (TRANSCRIPTS / folder).glob("*.ami.gz")
    if ".part" not in path.name and ".min" not in path.name
)


@pytest.mark.parametrize("name", ALL)
def test_every_recorded_situation_can_be_told(russian: FlaskClient, database: Database, name: str) -> None:
    play(database, facts_of(TRANSCRIPTS / f"{name}.ami.gz"), NOW - 5, together=True)
    calls = russian.get("/api/calls/recent?limit=50").json
    assert calls is not None
    for call in calls["calls"]:
        answer = russian.get(f"/calls/{NODE}/{call['linkedid']}?technical=1")
        assert not problems(answer.text)
        assert len(answer.data) < 100_000
        assert not re.findall(r" (rings|talks|takes part|is dialled|leaves|enters|answers)\b", words(answer.text))


def test_technical_events_are_shown_on_demand_with_their_names(client: FlaskClient, database: Database) -> None:
    address = played(database, client, "22/in_direct_answered")
    assert "LegDialled" not in said_on(client, address)
    said = said_on(client, f"{address}?technical=1")
    assert "LegDialled" in said
    assert "A channel is made" in said


def test_requests_and_answers_can_be_opened(client: FlaskClient, database: Database) -> None:
    text = client.get(played(database, client, "22/in_direct_answered")).text
    assert "<details" in text
    assert "external_id" in text
    assert "externalCall.00000000000000000000000000000029.1" in text


FAILURES = [
    (Temporary("read_timeout", "portal.example did not answer in time.", "Nothing to do: it is repeated by itself."),
     ["Портал не принял звонок", "portal.example не ответил вовремя.", "Повторится само."]),
    (Permanent("user_missing", "The call has no employee.", "Please send the diagnostics bundle to support."),
     ["Портал не принял звонок", "У звонка нет сотрудника.", "отправьте пакет диагностики", "Не повторяется"]),
    (NeedsOwner("PORTAL_DELETED", "The portal was deleted or closed."),
     ["Портал не принял звонок", "Портал удалён или закрыт.", "Продолжится, когда это исправят."]),
]  # fmt: skip


@pytest.mark.parametrize(("failure", "parts"), FAILURES)
def test_refusal_of_the_portal_is_told_with_its_reason_and_what_follows(
    russian: FlaskClient, database: Database, failure: Failure, parts: list[str]
) -> None:
    said = said_on(russian, played(database, russian, "22/in_direct_answered", lambda _: failure))
    assert in_order(said, parts)


def test_call_that_failed_says_so_and_leads_to_the_deliveries(client: FlaskClient, database: Database) -> None:
    address = played(
        database, client, "22/in_direct_noanswer", lambda kind: Permanent("x", "no") if kind == "finish" else None
    )
    said = said_on(client, address)
    assert "of this call failed" in said
    assert "Repeat or drop" in said
    assert "Incomplete" in said


def settled(database: Database, side: PortalSide) -> None:
    save(database, row(), [step()])
    outbox = SqlOutbox(database)
    lane = outbox.claim("w", NOW + 1, 60.0, 1)[0]
    outbox.settle("w", NODE, "1795260000.1", [Settlement(lane.steps[0].id, "done")], side, [], NOW)


SIDE = PortalSide(
    call_id="externalCall.1",
    entity_type="CONTACT",
    entity_id="15",
    created=(("LEAD", "33"), ("DEAL", "5")),
    activity_id="77",
    registered_user=3,
)


def test_portal_links_lead_to_activity_and_client(make_panel: Callable[..., Flask], database: Database) -> None:
    settled(database, SIDE)
    text = make_panel(portal_url=lambda: "https://portal.example/").test_client().get(PAGE).text
    assert 'href="https://portal.example/crm/activity/?open_view=77"' in text
    assert 'href="https://portal.example/crm/contact/details/15/"' in text
    assert 'href="https://portal.example/crm/lead/details/33/"' in text
    assert 'href="https://portal.example/crm/deal/details/5/"' in text
    assert "registered for Мария Соколова" in words(text)


@pytest.mark.parametrize(
    "address", ["", "javascript:alert(1)", "https://", "ftp://portal", "https://a@b", "//x", "https://[x"]
)
def test_without_a_plain_portal_address_there_are_no_links(
    make_panel: Callable[..., Flask], database: Database, address: str
) -> None:
    settled(database, SIDE)
    text = make_panel(portal_url=lambda: address).test_client().get(PAGE).text
    assert "Contact 15" in words(text)
    assert "_blank" not in text


@pytest.mark.parametrize("value", ["../../x", HOSTILE, "javascript:1", "1 2", "²"])
def test_ids_of_the_portal_that_are_no_numbers_make_no_links(
    make_panel: Callable[..., Flask], database: Database, value: str
) -> None:
    settled(database, PortalSide("c", value, value, ((value, value), ("LEAD", value)), value))
    text = make_panel(portal_url=lambda: "https://portal.example").test_client().get(PAGE).text
    assert "_blank" not in text
    assert "<script>alert" not in text


FIELDS = (
    "leg",
    "party",
    "side",
    "number",
    "name",
    "dialled",
    "queue",
    "path",
    "to",
    "status",
    "forward",
    "room",
    "bridge",
)


def test_hostile_timeline_is_text_only(reader: FlaskClient, database: Database) -> None:
    data: dict[str, Any] = dict.fromkeys((*FIELDS, "step", "text", "hint", "failure", "code", "employee"), HOSTILE)
    data |= {"calling": True, "request": {HOSTILE: HOSTILE}, "answer": [HOSTILE], "employees": [HOSTILE], "cause": 16}
    names = ["LegAdded", "LegNumbered", "LegDialled", "DialEnded", "LegJoined", "LegParted", "LegTransferred"]
    names += ["LegHeld", "LegQueued", "RecordingNamed", "LegEnded", "ChannelsSeen", HOSTILE, ""]
    sides = ("outside", "employee", HOSTILE)
    entries = [TimelineEntry(NOW, "fact", name, {**data, "side": side}) for name in names for side in sides]
    entries += [TimelineEntry(NOW, kind, HOSTILE, data) for kind in ("step", "attempt", "note", HOSTILE[:16])]
    save(database, row(), timeline=entries)
    for address in (PAGE, f"{PAGE}?technical=1", f"{PAGE}/live"):
        answer = reader.get(address)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert not problems(answer.text, whole="live" not in address)


ODD: list[dict[str, Any]] = [
    {},
    {"request": None},
    {"employees": "101"},
    {"employees": None},
    {"cause": None},
    {"cause": "x"},
    {"answer": 5},
    {"request": [1]},
    {"failure": "Odd"},
    {"failure": ["Odd"], "text": {}},
    {"request": {"user_id": "x", "users": None}},
]


@pytest.mark.parametrize("kind", ["fact", "step", "attempt", "note"])
@pytest.mark.parametrize("data", ODD)
def test_entry_of_a_shape_that_nobody_foresaw_is_still_told(
    client: FlaskClient, database: Database, kind: str, data: dict[str, Any]
) -> None:
    save(database, row(), timeline=[TimelineEntry(NOW, kind, "LegEnded", data)])
    assert client.get(f"{PAGE}?technical=1").status_code == 200


def test_long_story_goes_page_by_page_without_losing_a_line(client: FlaskClient, database: Database) -> None:
    pad = '"' * 900
    requests = [{"n": f"line-{number:04}", "pad": pad} for number in range(150)]
    entries = [TimelineEntry(NOW, "attempt", "x", {"step": "show", "request": request}) for request in requests]
    save(database, row(), timeline=entries)
    seen, address = "", PAGE
    pages = 0
    while address:
        answer = client.get(address)
        assert len(answer.data) < 100_000
        seen += answer.text
        pages += 1
        following = re.search(r"start=(\d+)#timeline", answer.text)
        address = f"{PAGE}?start={following[1]}" if following else ""
    assert pages > 2
    assert [f"line-{number:04}" in seen for number in range(150)] == [True] * 150


@pytest.mark.parametrize("start", ["-5", "x", "99999999999999999999", "1.5"])
def test_strange_start_of_a_story_is_no_fault(client: FlaskClient, database: Database, start: str) -> None:
    save(database, row())
    assert client.get(f"{PAGE}?start={start}").status_code == 200


def test_call_without_events_says_why(client: FlaskClient, database: Database) -> None:
    save(database, row())
    assert "No events are kept for this call" in said_on(client)


def test_part_of_another_call_leads_there(client: FlaskClient, database: Database) -> None:
    save_many(database, [row("1795260000.2"), row(merged_into="1795260000.2")])
    text = client.get(PAGE).text
    assert "A transfer made this call part of another one." in words(text)
    assert f'href="/calls/{NODE}/1795260000.2"' in text


def test_running_call_renews_itself_until_it_is_over(client: FlaskClient, database: Database) -> None:
    save(database, row(live=True, phase="talking", ended=None, outcome="", status=""))
    assert f'data-live="{PAGE}/live"' in client.get(PAGE).text
    assert f'data-live="{PAGE}/live?technical=1&amp;start=3"' in client.get(f"{PAGE}?technical=1&start=3").text
    assert "X-Live" not in client.get(f"{PAGE}/live").headers
    save(database, row())
    assert "data-live" not in client.get(PAGE).text
    assert client.get(f"{PAGE}/live").headers["X-Live"] == "over"


@pytest.mark.parametrize("address", ["/calls/pbx1/none", "/calls/other/1795260000.1", "/calls/pbx1/none/live",
                                     "/calls/pbx1/none/recording", "/calls/pbx1/none/transcript.json"])  # fmt: skip
def test_unknown_call_is_not_found(client: FlaskClient, database: Database, address: str) -> None:
    save(database, row())
    assert client.get(address).status_code == 404


def test_recording_is_played_in_parts(make_panel: Callable[..., Flask], database: Database, tmp_path: Path) -> None:
    save(database, row())
    file = tmp_path / "call.mp3"
    file.write_bytes(bytes(range(256)) * 10)
    client = make_panel(recording_file=lambda call: file if call.linkedid == "1795260000.1" else None).test_client()
    assert f'src="{PAGE}/recording"' in client.get(PAGE).text
    whole = client.get(f"{PAGE}/recording")
    part = client.get(f"{PAGE}/recording", headers={"Range": "bytes=10-19"})
    assert (whole.status_code, len(whole.data), whole.mimetype) == (200, 2560, "audio/mpeg")
    assert (part.status_code, part.data) == (206, bytes(range(10, 20)))
    whole.close()
    part.close()


def test_without_a_recording_there_is_no_player(client: FlaskClient, database: Database) -> None:
    save(database, row())
    assert "<audio" not in client.get(PAGE).text
    assert client.get(f"{PAGE}/recording").status_code == 404


def test_recording_that_has_gone_is_not_found(make_panel: Callable[..., Flask], database: Database) -> None:
    save(database, row())
    client = make_panel(recording_file=lambda _: Path("/nowhere/call.mp3")).test_client()
    assert client.get(f"{PAGE}/recording").status_code == 404


def test_transcript_hides_numbers_and_names_but_keeps_the_story(client: FlaskClient, database: Database) -> None:
    address = played(database, client, "22/in_direct_answered")
    answer = client.get(f"{address}/transcript.json")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "9161234567" not in answer.text
    assert "•••4567" in answer.text
    data = json.loads(answer.text)
    assert data["call"]["line"] == "74950000001"
    assert len(data["timeline"]) > 20
    assert {line["text"] for line in data["timeline"]} >= {"LegAdded", "LegDialled", "101 rings", "register: accepted"}


def test_transcript_with_numbers_is_given_when_asked_for(client: FlaskClient, database: Database) -> None:
    address = played(database, client, "22/in_direct_answered")
    assert "79161234567" in client.get(f"{address}/transcript.json?full=1").text


@pytest.mark.parametrize("full", ["", "?full=1"])
def test_secrets_are_in_no_transcript_and_on_no_page(client: FlaskClient, database: Database, full: str) -> None:
    request = {"auth": "hunter2", "nested": [{"ACCESS_TOKEN": "hunter2"}], "url": "https://p/rest/1/abcdefgh12345678/x"}
    save(database, row(), timeline=[TimelineEntry(NOW, "attempt", "x", {"step": "show", "request": request})])
    for address in (f"{PAGE}/transcript.json{full}", PAGE):
        text = client.get(address).text
        assert "hunter2" not in text
        assert "abcdefgh12345678" not in text
