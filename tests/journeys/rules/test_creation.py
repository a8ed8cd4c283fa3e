# SPDX-License-Identifier: GPL-3.0-or-later
"""Leads and contacts for new numbers, their source, line and responsible, and deals in the funnel of the line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from itgrix_module.sandbox.portal import SandboxPortal
from tests.journeys.rules.conftest import Open, in_one_mode
from tests.journeys.rules.talk import said

KINDS = {"classic": {"LEAD"}, "simple": {"CONTACT", "DEAL"}}
LINE = {"match": "74950000001"}
ANSWERED, OUT = "22/in_direct_answered", "22/out_answered"


def test_unknown_caller_becomes_a_client(house: Open, mode: str) -> None:
    made = house()
    said(
        made.play(ANSWERED),
        """
        register 101 +79161234567 in create
        & show 101
        finish 101 200 5s
        """,
    )
    assert set(made.made()) == KINDS[mode]


def test_nobody_is_made_where_that_is_switched_off(house: Open) -> None:
    made = house(calls__create_incoming=False)
    said(
        made.play(ANSWERED),
        """
        register 101 +79161234567 in
        & show 101
        finish 101 200 5s
        """,
    )
    assert made.made() == {}


def test_dialled_number_makes_a_client_only_where_that_is_switched_on(house: Open, mode: str) -> None:
    made = house()
    said(
        made.play(OUT),
        """
        register 101 +79161234567 out
        & show 101
        finish 101 200 5s
        """,
    )
    assert made.made() == {}
    made.rule(calls__create_outgoing=True, calls__create_incoming=False)
    said(
        made.play(OUT),
        """
        register 101 +79161234567 out create
        & show 101
        finish 101 200 5s
        """,
    )
    assert set(made.made()) == KINDS[mode]


def test_hidden_number_makes_nobody(house: Open) -> None:
    made = house()
    said(
        made.play("22/in_anonymous"),
        """
        register 101 0 in
        & show 101
        finish 101 200 3s
        """,
    )
    assert made.made() == {}


@in_one_mode
def test_internal_call_is_not_told(house: Open) -> None:
    said(house().play("22/int_answered"), "")


def test_source_of_the_line_goes_into_the_new_client(house: Open, mode: str) -> None:
    made = house(lines=[{**LINE, "source": "ADVERTISING"}])
    said(
        made.play(ANSWERED),
        """
        register 101 +79161234567 in create source=ADVERTISING
        & show 101
        finish 101 200 5s
        """,
    )
    assert {each.source for each in made.made().values()} == {"ADVERTISING"}


def test_external_line_is_made_in_the_portal_before_calls_name_it(house: Open) -> None:
    made = house(portal__mode="app", lines=[{**LINE, "line": "4950000001", "name": "Сайт"}])
    assert [entry.params["NAME"] for entry in made.portal.requests if entry.method.endswith("line.add")] == ["Сайт"]
    said(
        made.play(ANSWERED),
        """
        register 101 +79161234567 in create line=4950000001
        & show 101
        finish 101 200 5s
        """,
    )
    assert made.call().line == "4950000001"


def test_line_that_the_portal_does_not_know_is_left_out(house: Open) -> None:
    """A webhook may not make lines; the call goes on without."""
    made = house(lines=[{**LINE, "line": "4950000001", "name": "Сайт"}])
    said(
        made.play(ANSWERED),
        """
        register 101 +79161234567 in create line=4950000001
        & show 101
        register 101 +79161234567 in create
        & show 101
        finish 101 200 5s
        """,
    )


def test_new_client_belongs_to_the_last_who_talked(house: Open) -> None:
    made = house()
    said(
        made.play("22/in_xfer_blind_refer"),
        """
        register 101 +79161234567 in create
        & show 101
        show 102
        & hide 101
        finish 102 200 11s
        """,
    )
    assert {each.responsible for each in made.made().values()} == {2}


def test_portal_that_cannot_make_leads_is_shown(
    house: Open, portal: SandboxPortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portal.state, "config", replace(portal.config, lead_creation_error=True))
    made = house()
    said(
        made.play(ANSWERED),
        """
        register 101 +79161234567 in create
        & show 101
        finish 101 200 5s
        """,
    )
    assert "Lead creation is disabled" in made.told()


def test_deal_of_a_new_client_moves_to_the_funnel_of_the_line(house: Open, mode: str) -> None:
    made = house(lines=[{**LINE, "category": 1}])
    talk = made.play(ANSWERED)
    if mode == "classic":
        said(
            talk,
            """
            register 101 +79161234567 in create
            & show 101
            finish 101 200 5s
            """,
        )
        return
    said(
        talk,
        """
        register 101 +79161234567 in create
        & show 101
        finish 101 200 5s
        crm.deal.get
        & crm.status.list
        crm.item.update
        crm.activity.binding.add
        crm.activity.binding.list
        """,
    )
    assert made.made()["DEAL"].fields["CATEGORY_ID"] == "1"


def test_known_client_gets_a_deal_in_the_funnel_once(house: Open) -> None:
    made = house(lines=[{**LINE, "category": 1}])
    made.client(NAME="Анна")
    said(
        made.play(ANSWERED),
        """
        register 101 +79161234567 in create
        & show 101
        finish 101 200 5s
        crm.status.list
        & crm.deal.list
        & crm.deal.list
        crm.deal.add
        crm.activity.binding.add
        """,
    )
    said(
        made.play(ANSWERED),
        """
        register 101 +79161234567 in create
        & show 101
        finish 101 200 5s
        crm.deal.list
        & crm.deal.list
        crm.activity.binding.add
        """,
    )
    assert [deal.fields["CATEGORY_ID"] for deal in made.portal.deals] == ["1"]
