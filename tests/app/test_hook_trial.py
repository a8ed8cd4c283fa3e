# SPDX-License-Identifier: GPL-3.0-or-later
"""Inputs for past calls: as a customization would have had them at its moment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest

from itgrix_module.app.call_full import Known
from itgrix_module.app.hook_answers import decided
from itgrix_module.app.hook_sample_call import EMPLOYEES, PATHS, PORTAL, ROW, known, missed, sample
from itgrix_module.app.hook_samples import of_call
from itgrix_module.app.hook_trial import Attempt, HookRules, Roster, tried
from itgrix_module.app.hooking import HOOKS, Said
from itgrix_module.app.ports import CallRow, PortalSide

EARLY = HOOKS[:6]


class Echo:
    """A script that hands back what it was given."""

    def attempt(self, name: str, params: Mapping[str, Any]) -> Attempt:
        return Attempt(name, "x.py", Said(data=dict(params)), 0.1)


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_has_an_input_that_is_plain_json(name: str) -> None:
    given = sample(name)
    assert json.loads(json.dumps(given, allow_nan=False)) == given
    assert {"call_full", "call_stage"} <= set(given)


@pytest.mark.parametrize("name", HOOKS)
@pytest.mark.parametrize(
    "row",
    [
        CallRow("pbx1", "1.1", "incoming", "ended"),
        CallRow("pbx1", "1.1", "outgoing", "ended", caller="101", ended=9.0),
        CallRow("pbx1", "1.1", "internal", "ringing", caller="101", rang=("102",)),
        CallRow("pbx1", "1.1", "unknown", "arriving"),
        missed()[0],
    ],
    ids=["bare", "outgoing", "internal", "unknown", "missed"],
)
def test_call_of_which_little_is_known_can_be_tried(name: str, row: CallRow) -> None:
    given, default = of_call(name, row, PortalSide(), Known(Roster(()), UTC))
    assert json.dumps(given)
    assert decided(name, Said(data=None), default).value == default


@pytest.mark.parametrize("name", EARLY)
def test_hooks_at_the_beginning_see_the_call_as_it_rings(name: str) -> None:
    given = sample(name)
    assert given["call_stage"] == "conversation_requested"
    main = given["call_full"]["channel"]
    assert (main["state"], main["was_answered"], main["extra"]["talk_seconds"]) == ("ringing", False, 0)
    assert {each["channel"]["state"] for each in given["call_full"]["conversations"].values()} == {"ringing"}
    assert (given["call_full"]["registration"] is None) is (
        name not in ("post_registration", "customize_show_call_card")
    )


@pytest.mark.parametrize("name", HOOKS[6:12])
def test_hooks_at_the_end_see_the_whole_call(name: str) -> None:
    given = sample(name)
    assert given["call_stage"] == "call_ended"
    assert given["call_full"]["registration"]["CALL_ID"] == PORTAL.call_id


def test_call_told_when_it_was_over_is_seen_so() -> None:
    row, seen = missed()
    late = tuple(replace(entry, at=float(row.ended or 0)) if entry.kind == "step" else entry for entry in seen.timeline)
    given, _ = of_call("need_registration", row, PORTAL, replace(seen, timeline=late))
    assert given["call_stage"] == "call_ended"


def test_click_in_the_crm_comes_before_any_call() -> None:
    given = sample("process_originate_params")
    assert (given["call_full"], given["call_stage"]) == (None, "")
    assert given["params"]["request_data"]["PHONE_NUMBER"] == "+79161234567"


def test_card_of_the_past_names_the_people() -> None:
    given = sample("customize_show_call_card")
    assert (given["users"], [each["name"] for each in given["people"]]) == ([7, 8], ["Olga Novikova", "Ivan Kuznetsov"])


def test_old_scripts_find_the_conversation_at_the_top_level() -> None:
    given = sample("customize_activity")
    assert (given["type"], given["was_answered"], given["to"]["number"]) == ("incoming", True, "102")
    assert given["activity"]["type"] == "activity"
    assert sample("need_registration")["conversation"]["to"]["number"] == "101"


def test_trial_tells_input_answer_and_result() -> None:
    trial = tried(Echo(), "process_final_params", ROW, PORTAL, known(), PATHS)
    assert trial.attempt.said.data == trial.given
    assert trial.decision.value == trial.given["params"]
    assert trial.given["params"]["USER_ID"] == 8  # who talked last


def test_limit_of_recordings_is_their_own() -> None:
    rules = HookRules(True, frozenset(HOOKS), 2.0, 10.0)
    assert {name for name in HOOKS if rules.limit(name) == 10.0} == {"process_record_file_path"}


def test_roster_finds_by_extension_mobile_and_user() -> None:
    names = Roster(EMPLOYEES)
    found = names.employee("101"), names.employee("89161000101"), names.user(7)
    assert found == (EMPLOYEES[0],) * 3
    assert names.employee("") is None
    assert names.user(0) is None
