# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of the call in the CRM, and the caller's rating."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.rules.conftest import Open, in_one_mode
from tests.journeys.rules.talk import said
from tests.journeys.wire import Change

ANSWERED = "22/in_direct_answered"
BASE = "register 101 +79161234567 in create\n& show 101\nfinish 101 200 5s\n"


def test_facts_go_into_the_activity(house: Open) -> None:
    made = house(extra__activity={"DESCRIPTION": "Ждал {{ wait|int }} с на {{ line }}"})
    said(made.play(ANSWERED), f"{BASE}activity.update DESCRIPTION=Ждал 2 с на 74950000001")


def test_facts_go_into_the_record_of_the_client(house: Open, mode: str) -> None:
    made = house(
        extra__lead={"COMMENTS": "лид {{ line }}"},
        extra__contact={"COMMENTS": "контакт {{ line }}"},
        extra__deal={"COMMENTS": "сделка {{ line }}"},
    )
    written = {
        "classic": "lead.update COMMENTS=лид 74950000001",
        "simple": "contact.update COMMENTS=контакт 74950000001\ndeal.update COMMENTS=сделка 74950000001",
    }
    said(made.play(ANSWERED), BASE + written[mode])


def test_template_that_comes_out_empty_writes_nothing(house: Open) -> None:
    told = "{% for item in transfers %}{{ item.kind }} {{ item.from }}-{{ item.to }}{% endfor %}"
    made = house(extra__activity={"DESCRIPTION": told})
    said(made.play(ANSWERED), BASE)
    assert made.play("22/in_xfer_blind_refer").lines[-1] == "activity.update DESCRIPTION=blind 101-102"


def test_call_without_a_client_has_no_place_for_facts(house: Open) -> None:
    made = house(extra__activity={"DESCRIPTION": "x"}, extra__lead={"COMMENTS": "x"}, calls__create_incoming=False)
    said(made.play(ANSWERED), BASE.replace(" create", ""))


def rated(variable: str, value: str) -> Change:
    """The caller presses a key at the end: a VarSet before the first hang-up."""

    def change(text: bytes) -> bytes:
        place = text.index(b"Event: Hangup\r\n")
        stamp = text[place:].split(b"Timestamp: ", 1)[1].split(b"\r\n", 1)[0]
        said_ = b"".join(
            b"%s: %s\r\n" % item
            for item in (
                (b"Event", b"VarSet"),
                (b"Privilege", b"dialplan,all"),
                (b"Timestamp", stamp),
                (b"Channel", first(text, b"Channel")),
                (b"Linkedid", first(text, b"Linkedid")),
                (b"Uniqueid", first(text, b"Uniqueid")),
                (b"Variable", variable.encode()),
                (b"Value", value.encode()),
            )
        )
        return text[:place] + said_ + b"\r\n" + text[place:]

    return change


def first(text: bytes, name: bytes) -> bytes:
    """Of the first channel."""
    start = text.index(b"Event: Newchannel\r\n")
    return text[start:].split(b"\r\n" + name + b": ", 1)[1].split(b"\r\n", 1)[0]


@in_one_mode
@pytest.mark.parametrize(
    ("settings", "variable", "value", "vote"),
    [
        ({}, "ITGRIX_VOTE", "4", " vote=4"),
        ({}, "ITGRIX_VOTE", "9", ""),
        ({}, "ITGRIX_VOTE", "", ""),
        ({}, "RATING", "4", ""),
        ({"calls__vote_variable": "RATING"}, "RATING", "5", " vote=5"),
        ({"calls__vote_variable": ""}, "ITGRIX_VOTE", "4", ""),
    ],
)
def test_rating_of_the_caller(house: Open, settings: dict[str, Any], variable: str, value: str, vote: str) -> None:
    said(house(**settings).play(ANSWERED, change=rated(variable, value)), BASE.rstrip() + vote)
