# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls back to a group or a queue: the client is dialled once somebody has picked up, and only then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from itgrix_module.app import shapes
from itgrix_module.app.call_full import Known
from itgrix_module.app.callback import SOON, Callbacks, FormRules
from itgrix_module.app.dial import Desk
from itgrix_module.app.dial_orders import DialRules
from itgrix_module.app.dial_ports import CALLING, DONE, FAILED, WAITING, Callback, Dial, Originate
from itgrix_module.app.happenings import Happening
from itgrix_module.app.hook_trial import Roster
from itgrix_module.app.hooking import Hooks, NoHooks, Said
from itgrix_module.app.ports import CallRow, NewStep, PortalSide
from itgrix_module.domain.call import Call, Leg, Ring
from itgrix_module.domain.call import Dial as Dialled
from itgrix_module.domain.callback import CallbackRules
from itgrix_module.domain.facts import Side
from itgrix_module.domain.failures import Failure, Permanent, Temporary
from tests.app.desk import NODE, Clock
from tests.app.dial_fakes import AtOnce, EmptyStore, Nobody, Quiet

CLIENT = "+79161234567"
MEMBER = Leg("a1", Side.EMPLOYEE, "104", "PJSIP/104-1", 0.0, ring=Ring.ANSWERED)


@dataclass
class Store(EmptyStore):
    """Orders and forms in memory."""

    dials: dict[str, Dial] = field(default_factory=dict)
    forms: list[Callback] = field(default_factory=list)
    failure: str = ""

    def order(self, dial: Dial, call: CallRow, side: PortalSide, told: str) -> bool:
        self.dials[dial.linkedid] = dial
        (form,) = self.forms
        self.forms = [replace(form, state=CALLING, linkedid=dial.linkedid, tries=form.tries + 1)]
        return True

    def request(self, node: str, linkedid: str) -> Mapping[str, Any]:
        return self.dials[linkedid].request

    def revise(self, node: str, linkedid: str, request: Mapping[str, Any]) -> None:
        self.dials[linkedid] = replace(self.dials[linkedid], request=request)

    def keep(self, callback: Callback) -> bool:
        self.forms.append(replace(callback, id=len(self.forms) + 1))
        return True

    def callbacks(self, node: str, states: Sequence[str], limit: int = 100) -> list[Callback]:
        return [form for form in self.forms if form.state in states]

    def put_off(self, callback: int, due: float, code: str, why: str) -> None:
        self.forms = [replace(form, state=WAITING, due=due, code=code) for form in self.forms]

    def close(self, callback: Callback, state: str, code: str, why: str, step: NewStep | None) -> None:
        self.forms = [replace(form, state=state, code=code) for form in self.forms]

    def last_failure(self, node: str, linkedid: str) -> str:
        return self.failure


@dataclass
class Pbx(Quiet):
    """``failures``: its answers to releases, one after another."""

    orders: list[Originate] = field(default_factory=list)
    released: list[Originate] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def originate(self, order: Originate) -> None:
        self.orders.append(order)

    def release(self, order: Originate) -> None:
        self.released.append(order)
        if self.failures:
            raise self.failures.pop(0)


class People(Nobody):
    def is_employee(self, party: str) -> bool:
        return party == "101"

    def missed_user(self, line: str) -> int:
        return 9


class Scene:
    """A form that has been answered with a first try."""

    def __init__(self, to: str = "700", hooks: Hooks | None = None) -> None:
        self.hooks = hooks or NoHooks()
        self.store, self.pbx, self.clock = Store(), Pbx(), Clock()
        self.call = Call("", "", 0.0)
        self.rules = FormRules(to=to, timeout=40, tries=CallbackRules(1))
        self.forms = self.begin()
        now = self.clock.now
        self.forms.heard(Happening("X", {"PHONE_NUMBER": CLIENT}, now, now, "key"))
        self.forms.run_due()

    def begin(self) -> Callbacks:
        dial = DialRules(lambda number: number, lambda number: number)
        desk = Desk(
            NODE, self.store, self.pbx, People(), lambda: dial, self.hooks, lambda: Known(Roster(())),
            lambda _: None, lambda row: row, self.clock, lambda: 0.0, AtOnce(),
        )  # fmt: skip
        return Callbacks(
            NODE, desk, People(), lambda: self.rules, lambda linkedid: self.row(linkedid), self.clock, lambda: None
        )

    def row(self, linkedid: str) -> CallRow:
        call = replace(self.call, id=linkedid, root=linkedid, order="callback")
        return shapes.row(NODE, call)

    def look(self, *legs: Leg, **changes: Any) -> list[Originate]:
        """The call is so by now; returns what has been released."""
        self.call = replace(self.call, legs={leg.id: leg for leg in legs}, **changes)
        self.forms.run_due()
        return self.pbx.released


def test_group_is_rung_with_the_client_held_back() -> None:
    scene = Scene()
    (order,) = scene.pbx.orders
    assert (order.channel, order.exten, order.held, order.timeout) == ("Local/700@from-internal/n", CLIENT, True, 40.0)
    assert scene.forms.idle() == SOON


def test_employee_who_picks_up_his_own_phone_needs_no_release() -> None:
    scene = Scene("101")
    assert not scene.pbx.orders[0].held
    assert scene.look(MEMBER) == []


def test_client_is_dialled_once_when_a_member_picks_up() -> None:
    scene = Scene()
    ringing = replace(MEMBER, ring=Ring.RINGING)
    assert scene.look(ringing) == []
    assert scene.look(ringing) == []
    assert scene.look(MEMBER) == scene.look(MEMBER) == scene.pbx.orders
    assert len(scene.pbx.released) == 1


def test_after_a_restart_who_has_picked_up_meanwhile_is_connected() -> None:
    scene = Scene()
    scene.look(replace(MEMBER, ring=Ring.RINGING))
    scene.forms = scene.begin()
    assert scene.look(MEMBER) == scene.pbx.orders


def test_after_a_restart_a_client_who_is_dialled_already_is_not_dialled_again() -> None:
    scene = Scene()
    scene.look(MEMBER)
    scene.forms = scene.begin()
    scene.look(MEMBER, dials=(Dialled("t1", CLIENT, "mts"),))
    assert len(scene.pbx.released) == 1


def test_pbx_that_is_away_is_asked_again_and_one_that_refuses_is_not() -> None:
    scene = Scene()
    scene.pbx.failures = [Temporary("down", "away"), Permanent("rejected", "Channel does not exist")]
    for _ in range(4):
        scene.look(MEMBER)
    assert len(scene.pbx.released) == 2


class Script(NoHooks):
    """Wants another number to be dialled."""

    def is_on(self, name: str) -> bool:
        return True

    def ask(self, name: str, params: Mapping[str, Any]) -> Said:
        return Said({**params["params"], "extension": "8916"})


def test_order_that_a_script_has_changed_is_released_as_it_was_changed_after_a_restart_too() -> None:
    scene = Scene(hooks=Script())
    assert scene.pbx.orders[0].exten == "8916"
    scene.forms = scene.begin()
    assert scene.look(MEMBER) == scene.pbx.orders


@pytest.mark.parametrize(("answered", "state"), [(5.0, DONE), (None, FAILED)])
def test_form_is_closed_by_how_its_call_ended(
    answered: float | None, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene()
    row = scene.row
    monkeypatch.setattr(scene, "row", lambda linkedid: replace(row(linkedid), answered=answered, ended=9.0))
    scene.forms = scene.begin()
    scene.forms.run_due()
    assert [form.state for form in scene.store.forms] == [state]
    assert scene.pbx.released == []
