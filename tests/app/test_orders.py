# SPDX-License-Identifier: GPL-3.0-or-later
"""All waiting steps of a call folded into one order for the portal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from itgrix_module.app.lines import LineRule, Lines
from itgrix_module.app.orders import Options, plan
from itgrix_module.app.ports import CallRow, Lane, PortalSide, StoredStep
from itgrix_module.app.telephony_ports import FinishOrder

CALL = CallRow(
    node="pbx1", linkedid="1795.1", direction="incoming", phase="ringing", client="79161234567",
    line="74950000001", trunk="beeline", started=1_795_000_000.0,
)  # fmt: skip


class People:
    """101 -> 1, 102 -> 2 ...; everybody else is unknown."""

    def user(self, party: str) -> int | None:
        return int(party) - 100 if party.isdigit() and 100 < int(party) < 110 else None

    def default_user(self, line: str) -> int:
        return 900

    def missed_user(self, line: str) -> int:
        return 901


def lane(*steps: tuple[str, dict[str, Any]], call: CallRow = CALL, call_id: str = "") -> Lane:
    stored = tuple(
        StoredStep(id=number, n=number, kind=kind, payload=payload, priority=1, due_at=0, decided_at=0)
        for number, (kind, payload) in enumerate(steps, 1)
    )
    return Lane(call, PortalSide(call_id=call_id), stored)


def cards(kind: str, *employees: str) -> tuple[str, dict[str, Any]]:
    return kind, {"employees": list(employees)}


FINISH = ("finish", {"employee": "102", "talk": 12.4, "status": "200"})


def test_first_card_goes_with_the_registration() -> None:
    made = plan(lane(cards("register", "101"), cards("show", "102", "103")), People(), Options())
    assert made.order.register is not None
    assert made.order.register.user_id == 1
    assert made.order.register.external_id == "pbx1-1795.1"
    assert (made.order.show, made.order.hide) == ((1, 2, 3), ())


def test_card_that_opened_and_closed_unsent_is_not_sent() -> None:
    made = plan(lane(cards("show", "102"), cards("hide", "101", "102"), call_id="X"), People(), Options())
    assert (made.order.show, made.order.hide) == ((), (1,))


def test_cards_that_end_as_they_were_are_settled_without_a_request() -> None:
    made = plan(lane(cards("hide", "101"), cards("show", "101"), call_id="X"), People(), Options())
    assert made.is_empty
    assert set(made.needless) == {1, 2}


def test_ended_call_is_registered_and_finished_without_cards() -> None:
    made = plan(lane(cards("register", "101"), cards("show", "102"), FINISH), People(), Options())
    assert (made.order.show, made.order.hide) == ((), ())
    assert made.order.finish == FinishOrder(2, 12, "200")
    assert set(made.needless) == {2}


def test_talk_under_a_second_is_still_a_talk() -> None:
    short = ("finish", {"employee": "101", "talk": 0.3, "status": "200"})
    made = plan(lane(short, call_id="X"), People(), Options())
    assert made.order.finish == FinishOrder(1, 1, "200")


def test_missed_call_lasts_nothing() -> None:
    missed = ("finish", {"employee": "", "talk": 0.0, "status": "304"})
    made = plan(lane(missed, call_id="X"), People(), Options())
    assert made.order.finish == FinishOrder(901, 0, "304")


def test_extension_without_a_user_goes_to_the_default_user_without_a_card() -> None:
    made = plan(lane(cards("register", "777")), People(), Options())
    assert made.order.register is not None
    assert made.order.register.user_id == 900
    assert made.order.show == ()


def test_repeated_registration_is_the_same_request() -> None:
    waiting = lane(cards("register", "101"))
    first = plan(waiting, People(), Options()).order.register
    assert first is not None
    sent = replace(waiting.steps[0], sent={**first.__dict__, "user_id": 5})
    again = plan(replace(waiting, steps=(sent,)), People(), Options(create_incoming=False)).order.register
    assert again is not None
    assert (again.user_id, again.create) == (5, True)


def test_finish_of_a_call_that_the_portal_forgot_registers_it_anew() -> None:
    made = plan(lane(FINISH), People(), Options())
    assert made.order.register is not None
    assert made.register is None


def test_steps_after_the_recording_wait_for_it() -> None:
    made = plan(lane(FINISH, ("attach", {"paths": ["/x.wav"]}), call_id="X"), People(), Options())
    assert made.order.finish is not None
    assert {made.finish.id if made.finish else 0} == {1}


def test_line_gives_number_source_and_default_user() -> None:
    rules = Options(lines=Lines((LineRule("4950000001", line="74950000001", source="ADV"),)))
    made = plan(lane(cards("register", "101")), People(), rules)
    assert made.order.register is not None
    assert (made.order.register.line, made.order.register.source) == ("74950000001", "ADV")


def test_exact_line_beats_its_last_digits() -> None:
    options = Options(lines=Lines((LineRule("0000001", source="END"), LineRule("74950000001", source="EXACT"))))
    rule = options.rule("74950000001")
    assert rule is not None
    assert rule.source == "EXACT"


def test_caller_who_hides_his_number_makes_no_lead() -> None:
    made = plan(lane(cards("register", "101"), call=replace(CALL, client="anonymous")), People(), Options())
    assert made.order.register is not None
    assert (made.order.register.phone, made.order.register.create) == ("0", False)


def test_creation_follows_the_direction() -> None:
    options = Options(create_incoming=True, create_outgoing=False)
    outgoing = plan(lane(cards("register", "101"), call=replace(CALL, direction="outgoing")), People(), options)
    assert outgoing.order.register is not None
    assert not outgoing.order.register.create
    assert not outgoing.order.register.incoming
