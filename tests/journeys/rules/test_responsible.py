# SPDX-License-Identifier: GPL-3.0-or-later
"""Who a call is registered for, which record it belongs to, and who answers for a missed one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.rules.bench import Bench
from tests.journeys.rules.conftest import Open, in_one_mode
from tests.journeys.rules.talk import said
from tests.known import known

ANSWERED, MISSED, NOBODY = "22/in_direct_answered", "22/in_direct_noanswer", "22/in_ivr_early_hangup"


def client_of(made: Bench, **fields: Any) -> int:
    return made.client(NAME="Анна", ASSIGNED_BY_ID=9, **fields)


@pytest.mark.parametrize(
    ("policy", "known", "expected"),
    [
        ("ringing", True, "register 101 +79161234567 in create"),
        ("client", True, "search +79161234567\nregister 109 +79161234567 in create"),
        ("client", False, "search +79161234567\nregister 101 +79161234567 in create"),
        ("default", True, "register 105 +79161234567 in create"),
    ],
)
def test_first_responsible(house: Open, policy: str, known: bool, expected: str) -> None:
    made = house(calls__first_responsible=policy, calls__default_user=5)
    if known:
        client_of(made)
    said(made.play(ANSWERED), f"{expected}\n& show 101\nfinish 101 200 5s")


def test_outgoing_call_is_for_who_dials_whatever_the_first_responsible(house: Open) -> None:
    made = house(calls__first_responsible="client", calls__default_user=5)
    client_of(made)
    said(made.play("22/out_answered"), "register 101 +79161234567 out\n& show 101\nfinish 101 200 5s")


@pytest.mark.parametrize(
    ("policy", "known", "last"),
    [
        ("client", True, "search +79161234567\nfinish 109 304 0s"),
        ("client", False, "finish 101 304 0s"),
        ("last_rung", True, "finish 101 304 0s"),
        ("default", True, "finish 105 304 0s"),
    ],
)
def test_missed_call(house: Open, policy: str, known: bool, last: str) -> None:
    made = house(missed__responsible=policy, calls__default_user=5)
    if known:
        client_of(made)
    said(made.play(MISSED), f"register 101 +79161234567 in create\n& show 101\n{last}")


def test_missed_call_of_a_client_who_is_nobodys_goes_down_the_chain(house: Open) -> None:
    """His responsible is not active in the portal any more: whoever stands in takes the call."""
    made = house(calls__default_user=5)
    client_of(made)
    made.portal.state.users[9].active = False
    talk = made.play(MISSED)
    assert [line for line in talk.lines if "finish" in line] == ["finish 109 304 0s", "finish 105 304 0s"]
    finish = known(made.call().finish)
    assert (finish.user_id, finish.status) == (5, "304")


@pytest.mark.parametrize("policy", ["client", "last_rung", "default"])
def test_call_that_reached_nobody_is_for_the_default_user(house: Open, policy: str) -> None:
    made = house(missed__responsible=policy, calls__default_user=5)
    lines = "register 105 +79161234567 in create\n& finish 105 304 0s"
    said(made.play(NOBODY), f"search +79161234567\n{lines}" if policy == "client" else lines)


def test_call_that_reached_nobody_of_a_known_client_is_for_his_responsible(house: Open) -> None:
    made = house(calls__default_user=5)
    client_of(made)
    said(
        made.play(NOBODY),
        """
        search +79161234567
        register 105 +79161234567 in create
        & finish 109 304 0s
        """,
    )


def test_without_a_default_user_it_is_for_whose_authorisation_we_have(house: Open) -> None:
    said(
        house(missed__responsible="default").play(NOBODY),
        """
        register admin +79161234567 in create
        & finish admin 304 0s
        """,
    )


def test_line_has_a_default_user_of_its_own(house: Open) -> None:
    made = house(
        missed__responsible="default", calls__default_user=5, lines=[{"match": "74950000005", "default_user": 7}]
    )
    said(
        made.play(NOBODY),
        """
        register 107 +79161234567 in create
        & finish 107 304 0s
        """,
    )
    said(made.play(MISSED), "register 101 +79161234567 in create\n& show 101\nfinish 105 304 0s")


def test_users_take_turns_for_missed_calls(house: Open) -> None:
    made = house(missed__responsible="default", missed__spread="round_robin", missed__users=[4, 6])
    found = [made.play(MISSED, swap={"79161234567": f"7916000000{n}"}).lines[-1] for n in range(4)]
    assert found == ["finish 104 304 0s", "finish 106 304 0s"] * 2


def test_turn_is_not_used_up_by_a_call_that_is_somebodys(house: Open) -> None:
    made = house(missed__spread="round_robin", missed__users=[4, 6])
    found = [
        made.play(name, swap={"79161234567": f"7916000000{n}"}).lines[-1]
        for n, name in enumerate((NOBODY, MISSED, ANSWERED, NOBODY))
    ]
    assert found == ["& finish 104 304 0s", "finish 101 304 0s", "finish 101 200 5s", "& finish 106 304 0s"]


@in_one_mode
def test_missed_calls_may_go_to_a_random_user_of_the_list(house: Open) -> None:
    made = house(missed__responsible="default", missed__spread="random", missed__users=[4, 6])
    found = {made.play(NOBODY, swap={"79161234567": f"791600000{n:02}"}).lines[-1] for n in range(20)}
    assert found == {"& finish 104 304 0s", "& finish 106 304 0s"}


@pytest.mark.parametrize(
    ("policy", "first", "chosen"),
    [
        ("portal", "", ""),
        ("talker", "search +79161234567\n", "for=LEAD:{lead}"),
        ("kind", "search +79161234567\ncrm.contact.list\n& crm.company.list\n& crm.lead.list\n", "for=CONTACT:{old}"),
        ("newest", "search +79161234567\ncrm.contact.list\n& crm.company.list\n& crm.lead.list\n", "for=COMPANY:{new}"),
    ],
)
def test_one_of_several_records_gets_the_call(house: Open, policy: str, first: str, chosen: str) -> None:
    made = house(calls__entity=policy)
    old = made.client("contact", NAME="Анна", ASSIGNED_BY_ID=9)
    made.clock.now += 60
    lead = made.client("lead", TITLE="Заявка", ASSIGNED_BY_ID=1)
    made.clock.now += 60
    new = made.client("company", TITLE="Ромашка", ASSIGNED_BY_ID=8)
    wanted = f"register 101 +79161234567 in create {chosen}".format(old=old, lead=lead, new=new).rstrip()
    last = "\nsearch +79161234567" if policy == "talker" else ""  # who talked is known only then
    said(made.play(ANSWERED), f"{first}{wanted}\n& show 101\nfinish 101 200 5s{last}")


def test_call_moves_to_the_record_of_who_talked(house: Open) -> None:
    made = house(calls__entity="talker")
    lead = made.client("lead", TITLE="Заявка", ASSIGNED_BY_ID=1)
    contact = made.client("contact", NAME="Анна", ASSIGNED_BY_ID=2)
    said(
        made.play("22/in_rg_answered"),
        f"""
        search +79161234567
        register 101 +79161234567 in create for=LEAD:{lead}
        & show 101,102,103
        hide 101,103
        finish 102 200 4s
        search +79161234567
        crm.activity.binding.add
        crm.activity.binding.delete
        """,
    )
    (activity,) = made.portal.activities
    assert activity.bindings == ((3, contact),)
