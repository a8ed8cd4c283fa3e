# SPDX-License-Identifier: GPL-3.0-or-later
"""``call_full`` field by field: of calls that go on, that are over, and of which little is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from typing import Any

import pytest

from itgrix_module.app.call_full import Known, call_full, call_stage, conversation_data
from itgrix_module.app.crm_records import UNSET, CrmRecord, candidate, record_data
from itgrix_module.app.hook_sample_call import EMPLOYEES, PORTAL, RECORDS, ROW, known, missed
from itgrix_module.app.hook_trial import Roster
from itgrix_module.app.people_ports import Employee
from itgrix_module.app.ports import CallRow, PortalSide, TimelineEntry
from itgrix_module.app.track import CardTiming, Tracker
from itgrix_module.domain import responsible
from itgrix_module.domain.facts import AnyFact
from itgrix_module.domain.policy import Rules
from tests.domain.story import START, Story
from tests.fakes.stores import MemoryStores
from tests.web.seeds import TRANSCRIPTS, facts_of

BARE = Known(Roster(EMPLOYEES), UTC)
NOBODY = PortalSide()
CHANNEL = {
    "id", "name", "is_primary", "state", "type", "was_answered", "start_time", "answer_time", "end_time", "from", "to",
    "trunk", "extra",
}  # fmt: skip
RECORD = {
    "id", "type", "is_new", "name", "phones", "raw", "responsible_id", "responsible", "status", "status_group",
    "created", "category", "open_deals",
}  # fmt: skip


def channels(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield data["channel"]
    for each in data["conversations"].values():
        yield each["channel"]


@pytest.mark.parametrize("with_timeline", [True, False])
def test_shape_is_the_same_whatever_is_known(with_timeline: bool) -> None:
    data = call_full(ROW, PORTAL, known() if with_timeline else BARE)
    assert list(data) == [
        "active_conversation_id", "channel", "conversations", "deal", "entity", "is_ivr", "record", "registration",
        "result",
    ]  # fmt: skip
    assert all(set(channel) == CHANNEL for channel in channels(data))
    assert set(data["entity"]) == RECORD
    assert data["active_conversation_id"] in data["conversations"]
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_finished_call_with_its_timeline() -> None:
    data = call_full(ROW, PORTAL, known())
    times = {
        each["channel"]["to"]["number"] + each["channel"]["start_time"][-3:]: (
            each["channel"]["was_answered"],
            each["channel"]["answer_time"][11:],
            each["channel"]["end_time"][11:],
            each["user"]["id"],
        )
        for each in data["conversations"].values()
    }
    assert times == {
        "101:03": (True, "11:20:12", "11:20:40", 7),
        "102:03": (False, UNSET[11:], "11:20:12", 8),
        "102:30": (True, "11:20:36", "11:21:35", 8),
    }
    main = data["channel"]
    assert (main["id"], main["name"], main["is_primary"]) == (ROW.linkedid, "PJSIP/provider-0000002a", True)
    assert (main["start_time"], main["answer_time"]) == ("2026-11-21 11:20:00", "2026-11-21 11:20:12")
    assert main["from"] == {
        "number": "+79161234567", "raw": "89161234567", "name": "Anna Smirnova", "is_internal": False,
    }  # fmt: skip
    assert main["to"]["number"] == main["trunk"]["number"] == "74951234567"
    assert main["extra"] == {
        "hangup_cause": 16, "dial_status": "", "queue": "600", "rang": ["101", "102"], "answered_by": "101",
        "last_talker": "102", "wait_seconds": 12, "talk_seconds": 83, "outcome": "answered", "vote": 5,
        "transfers": [{"kind": "attended", "from": "101", "to": "102"}],
    }  # fmt: skip
    assert data["conversations"][data["active_conversation_id"]]["channel"]["start_time"].endswith("11:20:30")
    assert (data["result"], data["is_ivr"], data["record"]) == (200, False, "")


def test_times_follow_the_zone_and_what_did_not_happen_is_the_year_one() -> None:
    row, seen = missed()
    data = call_full(row, PORTAL, replace(seen, zone=timezone(timedelta(hours=3))))
    assert data["channel"]["start_time"] == "2026-11-21 14:20:00"
    assert data["channel"]["answer_time"] == UNSET == "0001-01-01 00:00:00"


@pytest.mark.parametrize(
    ("status", "result"), [("200", 200), ("304", 304), ("603-S", 603), ("OTHER", 0), ("", 0), ("٣", 0)]
)
def test_result_is_the_status_as_a_number(status: str, result: int) -> None:
    assert call_full(replace(ROW, status=status), NOBODY, BARE)["result"] == result


@pytest.mark.parametrize(
    ("changes", "is_ivr"),
    [
        ({"rang": ()}, True),
        ({}, False),
        ({"rang": (), "direction": "outgoing"}, False),
        ({"rang": (), "ended": None}, False),
    ],
)
def test_call_that_reached_nobody_was_missed_in_the_menu(changes: dict[str, Any], is_ivr: bool) -> None:
    row, seen = missed()
    assert call_full(replace(row, **changes), NOBODY, replace(seen, timeline=()))["is_ivr"] is is_ivr


@pytest.mark.parametrize(
    ("direction", "kind", "origin", "target"),
    [
        ("incoming", "incoming", "+79161234567", "74951234567"),
        ("outgoing", "outgoing", "101", "+79161234567"),
        ("internal", "local", "101", "102"),
        ("unknown", "unknown", "101", "102"),
    ],
)
def test_direction_says_who_called_whom(direction: str, kind: str, origin: str, target: str) -> None:
    row = replace(ROW, direction=direction, caller="" if direction == "incoming" else "101", rang=("102",))
    main = call_full(row, NOBODY, BARE)["channel"]
    assert (main["type"], main["from"]["number"], main["to"]["number"]) == (kind, origin, target)


def test_employees_are_named_and_strangers_are_not() -> None:
    row = replace(ROW, rang=("101", "777"), last_talker="777", answered_by="777")
    data = call_full(row, NOBODY, BARE)
    users = {key: each["user"] for key, each in data["conversations"].items()}
    assert users == {
        f"{ROW.linkedid}:101": {"id": 7, "name": "Olga Novikova", "extension": "101", "phones": ["+79161000101"]},
        f"{ROW.linkedid}:777": None,
    }
    assert data["active_conversation_id"] == f"{ROW.linkedid}:777"
    assert conversation_data(row, NOBODY, BARE)["to"] == {
        "number": "777", "raw": "777", "name": "", "is_internal": True,
    }  # fmt: skip


def test_mobile_of_an_employee_is_his_conversation() -> None:
    mobile = Employee("", 10, "Mobile", ("+7 903 111-01-05",))
    told = (
        TimelineEntry(ROW.started, "fact", "LegAdded", {"leg": "1.2", "side": "outside", "party": "provider"}),
        TimelineEntry(ROW.started + 1, "fact", "LegDialled", {"leg": "1.2", "by": "1.1", "number": "79031110105"}),
        TimelineEntry(ROW.started + 5, "fact", "DialEnded", {"leg": "1.2", "status": "ANSWER"}),
    )
    row = replace(ROW, rang=("79031110105",), last_talker="79031110105")
    data = call_full(row, NOBODY, Known(Roster([mobile]), UTC, told))
    (only,) = data["conversations"].values()
    assert (only["user"]["id"], only["channel"]["to"]["number"]) == (10, "79031110105")


# -- the CRM's side


def test_entity_is_told_as_far_as_it_is_known() -> None:
    assert call_full(ROW, NOBODY, BARE)["entity"] is None
    bare = call_full(ROW, PORTAL, BARE)["entity"]
    assert (bare["id"], bare["type"], bare["name"], bare["responsible"]) == (797, "contact", "Anna Smirnova", None)
    assert bare["phones"] == ["+79161234567"]
    full = call_full(ROW, PORTAL, replace(BARE, records=RECORDS))["entity"]
    assert (full["responsible"]["name"], full["open_deals"][0]["id"]) == ("Ivan Kuznetsov", 15)


def test_what_the_call_made_is_new_and_belongs_to_whom_it_was_registered_for() -> None:
    portal = replace(
        PORTAL, entity_type="LEAD", entity_id="900", created=(("LEAD", "900"), ("DEAL", "16")), registered_user=7
    )
    data = call_full(ROW, portal, BARE)
    assert (data["entity"]["is_new"], data["entity"]["responsible_id"]) == (True, 7)
    assert (data["deal"]["id"], data["deal"]["type"], data["deal"]["is_new"]) == (16, "deal", True)
    assert data["registration"] == {
        "CALL_ID": PORTAL.call_id,
        "CRM_CREATED_LEAD": 900,
        "CRM_CREATED_ENTITIES": [{"ENTITY_TYPE": "LEAD", "ENTITY_ID": 900}, {"ENTITY_TYPE": "DEAL", "ENTITY_ID": 16}],
        "CRM_ENTITY_TYPE": "LEAD",
        "CRM_ENTITY_ID": 900,
        "USER_ID": 7,
    }


def test_nothing_is_registered_before_the_portal_answered() -> None:
    data = call_full(ROW, NOBODY, BARE)
    assert (data["registration"], data["deal"], data["channel"]["state"]) == (None, None, "ended")
    assert call_full(ROW, PORTAL, BARE)["channel"]["state"] == "processed"


def test_odd_ids_of_the_portal_do_no_harm() -> None:
    portal = replace(PORTAL, entity_id="x1", created=(("DEAL", "٣"),))
    data = call_full(ROW, portal, BARE)
    assert (data["entity"]["id"], data["deal"]["id"], data["registration"]["CRM_ENTITY_ID"]) == (0, 0, "x1")


def test_found_record_becomes_a_candidate() -> None:
    found = responsible.Record("CONTACT", "797", "Anna", 8, ROW.started)
    data = record_data(candidate(found), Roster(EMPLOYEES), UTC)
    assert (data["id"], data["type"], data["responsible"]["id"]) == (797, "contact", 8)
    assert data["created"] == "2026-11-21 11:20:00"


@pytest.mark.parametrize(("outcome", "group"), [("P", "process"), ("S", "success"), ("F", "failure"), ("", "")])
def test_candidate_tells_the_state_of_a_lead_and_open_deals(outcome: str, group: str) -> None:
    assert candidate(responsible.Record("LEAD", "5", status="NEW", outcome=outcome)).status_group == group
    deal = responsible.Deal("3", "Flat", 7, ROW.started, 2, "C2:NEW")
    data = record_data(candidate(responsible.Record("CONTACT", "5", deals=(deal,))), Roster(EMPLOYEES), UTC)
    (told,) = data["open_deals"]
    assert (told["id"], told["type"], told["status"], told["category"]) == (3, "deal", "C2:NEW", 2)


def test_responsible_whom_nobody_knows_keeps_his_number() -> None:
    data = record_data(CrmRecord("lead", 1, responsible_id=77), Roster(EMPLOYEES), UTC)
    assert data["responsible"] == {"id": 77, "name": "", "extension": "", "phones": []}


def test_overrides_come_before_what_the_portal_says() -> None:
    names = Roster(EMPLOYEES, {"101": 9, "999": 1000})
    found = names.employee("101"), names.employee("999")
    assert [(one.user_id, one.name) for one in found if one] == [(9, "Pyotr Lebedev"), (1000, "")]


# -- calls as they go on, told by the tracker itself


class Heard(Story):
    """Keeps the facts and makes nothing of them."""

    def __init__(self) -> None:
        self.facts: list[AnyFact] = []
        super().__init__("")

    def apply(self, fact: AnyFact) -> None:
        self.facts.append(fact)


def tracked(story: str) -> tuple[CallRow, PortalSide, Known]:
    """The stored row and timeline of the only call of a story."""
    store = MemoryStores()
    tracker = Tracker(store.calls, "pbx1", Rules, lambda: CardTiming(0, 0), lambda: START)
    heard = Heard()
    heard.tell(story)
    tracker.track(heard.facts)
    (kept,) = [each for each in store.data.calls.values() if not each.row.merged_into]
    names = Roster([Employee(str(number), number - 100, f"E{number}") for number in range(101, 105)])
    return kept.row, NOBODY, Known(names, UTC, tuple(kept.timeline))


RINGING = """
0  new    t1 trunk beeline from 79161234567 did 74950000001
1  new    a1 ext 101
1  dial   t1 a1
1  new    a2 ext 102
1  dial   t1 a2
"""
TALKING = RINGING + "4  end t1 a1 ANSWER\n4  join b1 t1 a1\n4  hang a2 26\n"
ENDED = TALKING + "9  hang a1 16\n9  hang t1 16\n"


@pytest.mark.parametrize("with_timeline", [True, False])
@pytest.mark.parametrize(
    ("story", "stage", "state", "active", "answered"),
    [
        (RINGING, "conversation_requested", "ringing", "101", False),
        (TALKING, "conversation_accepted", "talking", "101", True),
        (ENDED, "call_ended", "ended", "101", True),
    ],
)
def test_stage_follows_the_call(
    story: str, stage: str, state: str, active: str, answered: bool, with_timeline: bool
) -> None:
    row, portal, seen = tracked(story)
    if not with_timeline:
        seen = replace(seen, timeline=())
    data = call_full(row, portal, seen)
    current = data["conversations"][data["active_conversation_id"]]
    assert call_stage(row, seen.timeline) == stage
    assert data["channel"]["state"] == state
    assert (current["user"]["name"], current["channel"]["was_answered"]) == (f"E{active}", answered)


def test_timeline_and_state_tell_the_same_of_a_live_call() -> None:
    row, portal, seen = tracked(RINGING)
    told, kept = call_full(row, portal, seen), call_full(row, portal, replace(seen, timeline=()))
    assert told["conversations"] == kept["conversations"]
    assert told["channel"] == kept["channel"]


def test_after_a_talk_while_the_client_is_still_there() -> None:
    row, _, seen = tracked(TALKING + "9 part b1 a1\n9  hang a1 16\n")
    assert call_stage(row, seen.timeline) == "conversation_ended"


def test_state_of_another_version_counts_as_none() -> None:
    row = replace(ROW, state={"legs": [[1, 2]]})
    assert call_full(row, NOBODY, BARE)["conversations"].keys() == call_full(ROW, NOBODY, BARE)["conversations"].keys()


def test_recorded_sessions_all_make_sense() -> None:
    """Whatever the PBX does, the data hold together."""
    seen = 0
    for file in sorted((TRANSCRIPTS / "22").glob("in_*.ami.gz")):
        store = MemoryStores()
        Tracker(store.calls, "pbx1", Rules, lambda: CardTiming(0, 0), lambda: START).track(facts_of(file))
        for kept in store.data.calls.values():
            if not kept.row.merged_into:
                check(kept.row, tuple(kept.timeline), file.name)
                seen += 1
    assert seen > 20


def check(row: CallRow, timeline: tuple[TimelineEntry, ...], name: str) -> None:
    data = call_full(row, PORTAL, Known(Roster(()), UTC, timeline))
    talked = {
        each["channel"]["to"]["number"] for each in data["conversations"].values() if each["channel"]["was_answered"]
    }
    if row.direction == "incoming" and row.last_talker:
        assert {row.answered_by, row.last_talker} <= talked, name
        assert data["conversations"][data["active_conversation_id"]]["channel"]["to"]["number"] == row.last_talker, name
