# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders from the portal: each is kept before the PBX hears of it, and each comes to an end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from itgrix_module.app.call_full import Known
from itgrix_module.app.dial import AGAIN, GRACE, PATIENCE, Desk, new_id, refusal_of
from itgrix_module.app.dial_orders import Click, DialRules
from itgrix_module.app.dial_ports import Dial, OpenDial, Originate
from itgrix_module.app.happenings import Happening
from itgrix_module.app.hook_trial import Roster
from itgrix_module.app.hooking import NoHooks
from itgrix_module.app.ports import CallRow, PortalSide
from itgrix_module.domain.facts import CallOrdered, OrderFailed
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from tests.app.desk import NODE, START, Clock
from tests.app.dial_fakes import AtOnce, EmptyStore, Nobody, Quiet

NUMBER = "+79161234567"


@dataclass
class Store(EmptyStore):
    """Orders in memory."""

    kept: dict[str, tuple[Dial, CallRow, PortalSide]] = field(default_factory=dict)
    closed: list[tuple[int, str]] = field(default_factory=list)
    failure: Failure | None = None

    def order(self, dial: Dial, call: CallRow, side: PortalSide, told: str) -> bool:
        if self.failure is not None:
            raise self.failure
        if dial.event in self.kept:
            return False
        self.kept[dial.event] = (replace(dial, id=len(self.kept) + 1), call, side)
        return True

    def open(self, node: str) -> list[OpenDial]:
        gone = {number for number, _ in self.closed}
        return [OpenDial(dial, False, False, "", "") for dial, _, _ in self.kept.values() if dial.id not in gone]

    def over(self, dial: int, code: str) -> None:
        self.closed.append((dial, code))


@dataclass
class Pbx(Quiet):
    """``failure``: its answer to every order."""

    failure: Exception | None = None
    orders: list[Originate] = field(default_factory=list)

    def originate(self, order: Originate) -> None:
        self.orders.append(order)
        if self.failure is not None:
            raise self.failure


class People(Nobody):
    def phone_of(self, user: int, *, mobile: bool) -> str:
        return {1: "89160000001" if mobile else "101"}.get(user, "")


class Scene:
    """A desk and everything around it."""

    def __init__(self, **rules: Any) -> None:
        self.store, self.pbx, self.clock = Store(), Pbx(), Clock()
        self.facts: list[CallOrdered | OrderFailed] = []
        self.people = People()
        self.heard: float | None = START
        dial = DialRules(lambda number: number, lambda number: number, **rules)
        self.desk = self.begin(dial)

    def begin(self, rules: DialRules) -> Desk:
        return Desk(
            NODE, self.store, self.pbx, self.people, lambda: rules, NoHooks(), lambda: Known(Roster(())),
            self.facts.append, lambda row: row, self.clock, lambda: self.heard, AtOnce(),
        )  # fmt: skip

    def click(self, call_id: str = "c1", late: float = 0.0, **data: str) -> None:
        fields = {"CALL_ID": call_id, "USER_ID": "1", "PHONE_NUMBER": NUMBER} | data
        self.desk.heard(Happening("ONEXTERNALCALLSTART", fields, self.clock.now - late, self.clock.now, call_id))

    @property
    def failed(self) -> list[str]:
        return [fact.code for fact in self.facts if isinstance(fact, OrderFailed)]


def test_order_is_kept_with_its_call_and_the_portals_side_before_the_pbx_hears_of_it() -> None:
    scene = Scene()
    scene.click(CRM_ENTITY_TYPE="CONTACT", CRM_ENTITY_ID="797")
    ((dial, call, side),) = scene.store.kept.values()
    (order,) = scene.pbx.orders
    assert dial.linkedid == call.linkedid == order.id == scene.facts[0].leg
    assert (call.direction, call.caller, call.client, call.live) == ("outgoing", "101", NUMBER, True)
    assert (side.call_id, side.registered_user, side.entity_id) == ("c1", 1, "797")


def test_click_that_comes_before_the_employees_are_known_waits_for_them_and_not_for_ever() -> None:
    scene = Scene()
    scene.people.are_known = False
    with pytest.raises(Temporary):
        scene.click(USER_ID="7")
    assert not scene.store.kept
    scene.click(USER_ID="7", late=31.0)
    assert scene.failed == ["stale"]
    scene.people.are_known = True
    scene.click("c2", USER_ID="7")
    assert scene.failed == ["stale", "no_extension"]


def test_database_that_does_not_answer_lets_the_event_come_again_and_calls_nobody() -> None:
    scene = Scene()
    scene.store.failure = Temporary("database", "away")
    with pytest.raises(Temporary):
        scene.click()
    assert not scene.pbx.orders
    assert not scene.facts


@pytest.mark.parametrize(
    ("user", "number", "code"),
    [
        ("7", NUMBER, "no_extension"),
        ("x", NUMBER, "no_extension"),
        ("1", "", "bad_number"),
        ("1", "1;2", "bad_number"),
    ],
)
def test_what_cannot_be_ordered_fails_at_once(user: str, number: str, code: str) -> None:
    scene = Scene()
    scene.click(USER_ID=user, PHONE_NUMBER=number)
    assert (scene.failed, scene.pbx.orders) == ([code], [])


def test_old_click_and_switched_off_clicks_call_nobody() -> None:
    scene, off = Scene(), Scene(enabled=False)
    scene.click(late=30.5)
    off.click()
    assert (scene.failed, off.failed, scene.pbx.orders, off.pbx.orders) == (["stale"], ["off"], [], [])


@pytest.mark.parametrize("call_id", ["", "a b", "x" * 192, "a\r\nb"])
def test_event_without_a_call_of_the_portal_is_left_alone(call_id: str) -> None:
    scene = Scene()
    scene.click(call_id)
    assert not scene.store.kept


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (NeedsOwner("permission", "denied"), "no_right"),
        (NeedsOwner("auth", "wrong secret"), "pbx_down"),
        (Temporary("down", "the AMI link is down"), "pbx_down"),
        (Permanent("rejected", "Originate failed"), "refused"),
        (Permanent("no_route", "Extension does not exist."), "no_route"),
        (Permanent("bad_order", "no"), "bad_order"),
        (Temporary("timeout", "no answer", executed=True), ""),
    ],
)
def test_refusal_of_the_pbx_has_its_code(failure: Failure, code: str) -> None:
    scene = Scene()
    scene.pbx.failure = failure
    scene.click()
    assert refusal_of(failure) == code
    assert scene.failed == ([code] if code else [])


def test_what_nobody_foresaw_ends_the_order_too() -> None:
    scene = Scene()
    scene.pbx.failure = RuntimeError("odd")
    scene.click()
    assert scene.failed == ["refused"]


def test_silent_pbx_is_waited_for_then_the_order_fails_again_and_again() -> None:
    scene = Scene(timeout=20)
    scene.click()
    scene.clock.now += 20 + GRACE
    scene.desk.watch()
    assert scene.failed == []
    for seconds in (1.0, 1.0, AGAIN):
        scene.clock.now += seconds
        scene.desk.watch()
    assert scene.failed == ["silent", "silent"]
    assert all(fact.unless_heard for fact in scene.facts if isinstance(fact, OrderFailed))


def test_look_while_an_order_is_being_stored_does_not_forget_it() -> None:
    scene = Scene()
    scene.desk.watch()

    class Slow(Store):
        def order(self, dial: Dial, call: CallRow, side: PortalSide, told: str) -> bool:
            scene.desk.watch()
            return super().order(dial, call, side, told)

    scene.store.__class__ = Slow
    scene.click()
    assert scene.desk.watch() == 1


def test_pbx_that_is_not_heard_is_waited_for_longer() -> None:
    scene = Scene(timeout=20)
    scene.heard = None
    scene.click()
    scene.clock.now += 20 + GRACE + 1
    scene.desk.watch()
    assert scene.failed == []
    scene.clock.now += PATIENCE
    scene.desk.watch()
    assert scene.failed == ["pbx_down"]


def test_order_of_an_earlier_life_fails_as_soon_as_the_pbx_is_heard() -> None:
    scene = Scene()
    scene.click()
    scene.clock.now += 2
    scene.desk = scene.begin(scene.desk.rules)
    scene.heard = None
    scene.desk.watch()
    assert scene.failed == []
    scene.heard = scene.clock.now
    scene.desk.watch()
    assert scene.failed == ["interrupted"]


def test_click_in_the_mobile_application_rings_the_mobile_where_that_is_wanted() -> None:
    at_desk, on_mobile = Scene(), Scene(own_mobile=True)
    for scene in (at_desk, on_mobile):
        scene.click(IS_MOBILE="1")
    assert [scene.pbx.orders[0].channel for scene in (at_desk, on_mobile)] == [
        "Local/101@from-internal/n",
        "Local/89160000001@from-internal/n",
    ]


def test_ids_fit_into_call_records_and_never_repeat() -> None:
    ids = {new_id(START) for _ in range(200)}
    assert len(ids) == 200
    assert all(len(each) <= 32 and each.startswith("itgrix-1795000000.") for each in ids)


@pytest.mark.parametrize("value", ["Y", "y", "1"])
def test_portals_say_in_two_ways_that_it_is_the_mobile_application(value: str) -> None:
    click = Click.of(Happening("X", {"CALL_ID": "c", "IS_MOBILE": value}, 0.0, 0.0, "k"))
    assert click is not None
    assert click.mobile
