# SPDX-License-Identifier: GPL-3.0-or-later
"""From the reader into the queue: order, holding back, a full queue, many threads."""

from __future__ import annotations

import queue
import threading

from hypothesis import given, settings
from hypothesis import strategies as st

from itgrix_module.asterisk.intake import HELD_LIMIT, Delivery, Intake
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.snapshot import Snapshot


def message(number: int, event: str = "Hangup") -> Message:
    return Message({"Event": event, "Number": str(number)}, float(number))


def numbers(target: queue.Queue[Delivery]) -> list[str]:
    return [one.get("Number") if isinstance(one, Message) else "snapshot" for one in target.queue]


def never() -> bool:
    return False


def test_held_events_follow_the_snapshot_in_order() -> None:
    target: queue.Queue[Delivery] = queue.Queue()
    intake = Intake(target, lambda: None)
    intake.receive(message(0))
    intake.hold()
    intake.receive(message(1))
    intake.hold()  # asked for again: nothing is forgotten
    intake.receive(message(2))
    assert intake.release(Snapshot(at=2.0), never)
    intake.receive(message(3))
    assert numbers(target) == ["0", "snapshot", "1", "2", "3"]
    assert intake.last_at == 3.0


def test_given_up_snapshot_does_not_lose_the_held_events() -> None:
    target: queue.Queue[Delivery] = queue.Queue(3)
    intake = Intake(target, lambda: None)
    intake.hold()
    intake.receive(message(1))
    assert not intake.release(Snapshot(at=2.0), lambda: True)
    assert numbers(target) == ["1"]


def test_room_means_half_the_queue() -> None:
    target: queue.Queue[Delivery] = queue.Queue(4)
    intake = Intake(target, lambda: None)
    for number in range(2):
        intake.receive(message(number))
    assert intake.has_room()
    intake.receive(message(3))
    assert not intake.has_room()
    assert Intake(queue.Queue(), lambda: None).has_room()


def test_more_than_can_be_held_asks_for_another_snapshot() -> None:
    told: list[int] = []
    intake = Intake(queue.Queue(), lambda: told.append(1))
    intake.hold()
    one = message(1)
    for _ in range(HELD_LIMIT + 2):
        intake.receive(one)
    assert (intake.needed_dropped, len(told)) == (2, 2)


@given(st.lists(st.sampled_from(["event", "hold", "release", "release without"]), max_size=60))
@settings(deadline=None)
def test_no_event_is_lost_doubled_or_overtaken(steps: list[str]) -> None:
    target: queue.Queue[Delivery] = queue.Queue()
    intake = Intake(target, lambda: None)
    sent = 0
    for step in steps:
        if step == "event":
            intake.receive(message(sent))
            sent += 1
        elif step == "hold":
            intake.hold()
        else:
            intake.release(Snapshot(at=0.0) if step == "release" else None, never)
    intake.release(None, never)
    assert [one for one in numbers(target) if one != "snapshot"] == [str(number) for number in range(sent)]


def test_events_that_arrive_while_the_snapshot_waits_for_room_stay_in_order() -> None:
    target: queue.Queue[Delivery] = queue.Queue(1)
    target.put(message(-1))
    intake = Intake(target, lambda: None)
    intake.hold()
    releaser = threading.Thread(target=intake.release, args=(Snapshot(at=0.0), never))
    releaser.start()
    intake.receive(message(0))
    taken = [target.get(timeout=10), target.get(timeout=10)]
    assert isinstance(taken[1], Snapshot)
    releaser.join(10)
    last = target.get(timeout=10)
    assert isinstance(last, Message)
    assert last.get("Number") == "0"
