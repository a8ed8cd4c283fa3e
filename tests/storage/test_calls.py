# SPDX-License-Identifier: GPL-3.0-or-later
"""The tracker's side: ports.CallStore and ports.Work over each kind of store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from itgrix_module.app.ports import CallStore, PortalSide, TimelineEntry
from itgrix_module.domain.failures import Permanent
from itgrix_module.storage.stores import Stores
from tests.storage.contract import Ports
from tests.storage.samples import NODE, NOW, add_call, call, claim_one, done, settle, step


def test_saved_call_comes_back_as_it_was(ports: Ports) -> None:
    row = call(
        "1.1",
        client_name="Иван Петров 📞",
        trunk="beeline",
        queue="400",
        answered=NOW + 4.25,
        wait=4.25,
        talk=1.5,
        answered_by="101",
        last_talker="102",
        outcome="answered",
        status="200",
        state={"legs": [{"имя": "Пётр", "n": 1, "at": NOW + 0.125, "none": None}]},
    )
    with ports.calls.work() as work:
        work.save_call(row)
    assert ports.calls.live_calls(NODE) == [row]


def test_call_saved_again_is_updated_and_not_doubled(ports: Ports) -> None:
    with ports.calls.work() as work:
        work.save_call(call("1.1", phase="ringing"))
    with ports.calls.work() as work:
        work.save_call(call("1.1", phase="talking", answered=NOW + 5))
        work.save_call(call("1.1", phase="ended", answered=NOW + 5, ended=NOW + 9))
    assert [(row.phase, row.ended) for row in ports.calls.live_calls(NODE)] == [("ended", NOW + 9)]


def test_same_linkedid_of_two_nodes_is_two_calls(ports: Ports) -> None:
    with ports.calls.work() as work:
        work.save_call(call("1.1", node="north"))
        work.save_call(call("1.1", node="south", client="+7000"))
    assert [row.client for row in ports.calls.live_calls("south")] == ["+7000"]


def test_live_calls_leave_out_ended_ones_and_begin_with_the_oldest(ports: Ports) -> None:
    with ports.calls.work() as work:
        work.save_call(call("3", started=NOW + 3))
        work.save_call(call("1", started=NOW + 1))
        work.save_call(call("2", started=NOW + 2, live=False))
    assert [row.linkedid for row in ports.calls.live_calls(NODE)] == ["1", "3"]


def test_exception_in_the_block_stores_nothing(ports: Ports) -> None:
    def track() -> None:
        with ports.calls.work() as work:
            work.save_call(call("1.1"))
            work.add_steps(NODE, "1.1", [step()])
            raise KeyError("tracker failed")

    with pytest.raises(KeyError):
        track()
    assert ports.calls.live_calls(NODE) == []
    assert ports.outbox.next_due(NOW) is None


def add_call_and_foreign_step(store: CallStore) -> None:
    with store.work() as work:
        work.save_call(call("1.1"))
        work.add_steps(NODE, "2.2", [step()])


def test_step_of_a_call_never_saved_is_refused_and_takes_the_whole_work_back(ports: Ports) -> None:
    with pytest.raises(Permanent) as refused:
        add_call_and_foreign_step(ports.calls)
    assert refused.value.code == "unknown_call"
    assert ports.calls.live_calls(NODE) == []


def test_steps_are_numbered_in_the_order_of_their_call(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step("register"), step("show"))
    add_call(ports.calls, "2.2", step("register"))
    add_call(ports.calls, "1.1", step("hide"), step("finish"))
    lanes = {lane.call.linkedid: lane for lane in ports.outbox.claim("worker", NOW, 60, 10)}
    assert [(each.n, each.kind) for each in lanes["1.1"].steps] == [
        (1, "register"),
        (2, "show"),
        (3, "hide"),
        (4, "finish"),
    ]
    assert [each.n for each in lanes["2.2"].steps] == [1]


def test_numbering_goes_on_after_delivered_steps(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step("register"))
    lane = claim_one(ports.outbox)
    settle(ports.outbox, lane, done(lane.steps[0].id))
    add_call(ports.calls, "1.1", step("finish"))
    assert [(each.n, each.kind) for each in claim_one(ports.outbox).steps] == [(2, "finish")]


def test_payload_comes_back_as_it_was(ports: Ports) -> None:
    payload = {"employees": ["101"], "why": "«ринг» \U0001f4de", "nested": {"list": [1, 2.5, None, True]}}
    add_call(ports.calls, "1.1", step(payload=payload, priority=3, due_at=NOW - 1.5, decided_at=NOW - 2.25))
    found = claim_one(ports.outbox).steps[0]
    assert (found.payload, found.priority, found.due_at, found.decided_at) == (payload, 3, NOW - 1.5, NOW - 2.25)
    assert (found.attempts, found.unsure, found.sent) == (0, False, None)


def test_payload_changed_after_it_was_given_is_stored_as_it_was_given(ports: Ports) -> None:
    payload = {"employees": ["101"]}
    with ports.calls.work() as work:
        work.save_call(call("1.1"))
        work.add_steps(NODE, "1.1", [step(payload=payload)])
        payload["employees"].append("102")
    assert claim_one(ports.outbox).steps[0].payload == {"employees": ["101"]}


def test_data_that_json_cannot_hold_are_refused_before_anything_is_stored(ports: Ports) -> None:
    with pytest.raises((TypeError, ValueError)):
        add_call(ports.calls, "1.1", step(payload={"talk": float("nan")}))
    assert ports.calls.live_calls(NODE) == []


def test_tracker_leaves_the_portal_side_alone(ports: Ports) -> None:
    add_call(ports.calls, "1.1", step("register"), step("show", due_at=NOW + 5))
    lane = claim_one(ports.outbox)
    side = PortalSide(
        call_id="externalCall.abc",
        entity_type="CONTACT",
        entity_id="17",
        created=(("LEAD", "5"), ("CONTACT", "17")),
        activity_id="99",
        record_file_id="4",
        registered_user=7,
        registered_at=NOW + 1,
        finished=True,
    )
    ports.outbox.settle("worker", NODE, "1.1", [done(lane.steps[0].id)], side, (), NOW)
    with ports.calls.work() as work:
        work.save_call(call("1.1", phase="talking"))
    lane = claim_one(ports.outbox, now=NOW + 5)
    assert (lane.call.phase, lane.portal) == ("talking", side)


def test_merged_call_is_no_longer_live(ports: Ports) -> None:
    with ports.calls.work() as work:
        work.save_call(call("1.1"))
        work.save_call(call("2.2"))
        work.merge_call(NODE, "2.2", "1.1")
    assert [row.linkedid for row in ports.calls.live_calls(NODE)] == ["1.1"]


def test_merge_of_a_call_that_was_never_saved_is_no_error(ports: Ports) -> None:
    with ports.calls.work() as work:
        work.save_call(call("1.1"))
        work.merge_call(NODE, "9.9", "1.1")
    assert len(ports.calls.live_calls(NODE)) == 1


def test_empty_work_is_no_error(ports: Ports) -> None:
    with ports.calls.work() as work:
        work.add_steps(NODE, "unknown", [])
    assert ports.calls.live_calls(NODE) == []


def test_timeline_of_a_call_never_saved_is_refused(ports: Ports) -> None:
    with pytest.raises(Permanent), ports.calls.work() as work:
        work.add_timeline(NODE, "9.9", [TimelineEntry(NOW, "note", "lost")])


def test_hostile_text_is_stored_shortened_and_clean(stores: Stores) -> None:
    name = "\udcff\x00" + "x" * 5000
    with stores.calls.work() as work:
        work.save_call(call("9" * 400, client="+" + "9" * 400, client_name=name, state={"raw": "\udcff\x00"}))
        work.add_timeline(NODE, "9" * 400, [TimelineEntry(NOW, "fact", name, {"raw": "\udcff"})])
        work.add_steps(NODE, "9" * 400, [step(payload={"raw": "\udcff"})])
    row = stores.calls.live_calls(NODE)[0]
    assert (len(row.linkedid), len(row.client), len(row.client_name)) == (150, 100, 191)
    assert row.client_name.startswith("?x")
    assert claim_one(stores.outbox).call == row


def test_hundreds_of_calls_in_one_work_are_all_there(stores: Stores) -> None:
    with stores.calls.work() as work:
        for number in range(1200):
            work.save_call(call(f"{number}.1", started=NOW + number))
            work.add_steps(NODE, f"{number}.1", [step("register"), step("show")])
            work.add_timeline(NODE, f"{number}.1", [TimelineEntry(NOW, "fact", f"ring {i}") for i in range(3)])
    assert len(stores.calls.live_calls(NODE)) == 1200
    assert stores.outbox.counts() == {"waiting": 2400, "done": 0, "failed": 0, "dropped": 0, "lanes": 1200}


def test_state_given_as_read_only_mapping_is_stored(ports: Ports) -> None:
    from types import MappingProxyType

    row = call("1.1", state=MappingProxyType({"legs": MappingProxyType({"a": 1})}))
    with ports.calls.work() as work:
        work.save_call(row)
    assert ports.calls.live_calls(NODE) == [replace(row, state={"legs": {"a": 1}})]
