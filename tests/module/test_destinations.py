# SPDX-License-Identifier: GPL-3.0-or-later
"""Destinations as FreePBX offers, dials, counts and changes them, and the form that makes them."""

from __future__ import annotations

import json
import re

import pytest

from tests.module.scenarios import ADD, Php, base64_of


def test_destinations_are_offered_by_name(php: Php) -> None:
    rows = php(ADD + "return itgrix_destinations();")
    assert [(row["destination"], row["description"], row["category"]) for row in rows] == [
        ("itgrix-responsible,1,1", 'Connect to the responsible: Sales; "A", (б)', "Itgrix"),
        ("itgrix-responsible,2,1", "Connect to the responsible: Support", "Itgrix"),
    ]
    # The GUI's script looks for $("#" + category + number): a colon in it makes the second selector stay hidden.
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9 ]*", row["category"]) for row in rows)
    assert php("return itgrix_destinations();") is None


def test_dialplan_asks_the_service_and_falls_back(php: Php) -> None:
    lines = php(ADD + "$ext = new extensions(); $m->doDialplanHook($ext, 'asterisk', 900); return $ext->lines;")
    name = "Sales%3B%20%22A%22%2C%20%28%D0%B1%29"
    assert lines["itgrix-responsible,1"] == [
        "1,Set(ITGRIX_EXTENSION=)",
        "n,Set(ITGRIX_REASON=)",
        f"n,AGI(agi://127.0.0.1:4574/responsible?name={name}&destination=1&limit_ms=800)",
        'n,GotoIf($["${ITGRIX_EXTENSION}"=""]?fallback)',
        "n,Goto(from-internal,${ITGRIX_EXTENSION},1)",
        "n(fallback),Noop(Itgrix: ${ITGRIX_REASON})",
        "n,Goto(ext-group,600,1)",
    ]
    assert lines["itgrix-responsible,2"][4:] == [
        "n,Macro(blkvm-set,reset)",
        "n,Set(__NODEST=${EXTEN})",
        "n,Dial(Local/${ITGRIX_EXTENSION}@from-internal/n,20,tr)",
        'n,GotoIf($["${DIALSTATUS}"="ANSWER"]?end)',
        "n,Set(__NODEST=)",
        "n,Macro(blkvm-clr,)",
        "n,Goto(fallback)",
        "n(end),Hangup()",
        "n(fallback),Noop(Itgrix: ${ITGRIX_REASON})",
        "n,Goto(app-blackhole,hangup,1)",
    ]


def test_destination_info_tells_ours_gone_and_foreign_apart(php: Php) -> None:
    asked = "['itgrix-responsible,2,1', 'itgrix-responsible,9,1', 'ext-group,600,1', '']"
    found = php(f"{ADD} return array_map('itgrix_getdestinfo', {asked});")
    assert found[0]["description"] == "Itgrix: connect to the responsible: Support"
    assert found[0]["edit_url"] == "config.php?display=itgrix&view=destinations&id=2"
    assert found[1:] == [[], False, False]


def test_our_fall_backs_are_counted_as_uses_and_follow_a_change(php: Php) -> None:
    asked = "[true, ['ext-group,600,1'], []]"
    every, one, none = php(f"{ADD} return array_map('itgrix_check_destinations', {asked});")
    assert [use["dest"] for use in every] == ["ext-group,600,1", "app-blackhole,hangup,1"]
    assert [use["dest"] for use in one] == ["ext-group,600,1"]
    assert none == []
    change = "itgrix_change_destination('ext-group,600,1', 'ext-group,601,1')"
    changed = php(f"{ADD} return [{change}, $m->destinations()->get('1')];")
    assert (changed[0], changed[1]["fallback"]) == (1, "ext-group,601,1")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 51}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "Support"}, "name"),
        ({"fallback": ""}, "fallback"),
        ({"fallback": "a,b"}, "fallback"),
        ({"fallback": "a,b,1)\nexten => x"}, "fallback"),
        ({"limit_ms": "x"}, "limit_ms"),
        ({"limit_ms": "-1"}, "limit_ms"),
        ({"limit_ms": "10001"}, "limit_ms"),
        ({"ring_seconds": "301"}, "ring_seconds"),
    ],
)
def test_a_form_that_is_wrong_saves_nothing_and_names_the_field(php: Php, given: dict[str, str], field: str) -> None:
    row = json.dumps({"name": "New", "fallback": "ext-group,600,1"} | given)
    save = f"$m->destinations()->save('', json_decode(base64_decode('{base64_of(row)}'), true))"
    problems, count = php(f"{ADD} return [{save}, count($m->destinations()->all())];")
    assert list(problems) == [field]
    assert count == 2


def test_a_destination_cannot_be_its_own_fall_back(php: Php) -> None:
    found = php(ADD + "return $m->destinations()->save('1', ['name' => 'A', 'fallback' => 'itgrix-responsible,1,1']);")
    assert list(found) == ["fallback"]


@pytest.mark.parametrize(("number", "fallback"), [("1", "itgrix-responsible,2,1"), ("3", "itgrix-responsible,3,1")])
def test_fall_backs_do_not_lead_in_a_circle(php: Php, number: str, fallback: str) -> None:
    first = "$m->destinations()->save('', ['name' => 'A', 'fallback' => 'ext-group,600,1']);"
    second = "$m->destinations()->save('', ['name' => 'B', 'fallback' => 'itgrix-responsible,1,1']);"
    third = "$m->destinations()->save('', ['name' => 'C', 'fallback' => 'itgrix-responsible,2,1']);"
    circle = f"$m->destinations()->save('{number}', ['name' => 'D', 'fallback' => '{fallback}'])"
    found = php(f"{first} {second} return [{third[:-1]}, {circle}];")
    assert found == [[], {"fallback": "It cannot be its own fall-back."}]


def test_a_new_destination_cannot_fall_back_to_one_that_waits_for_its_number(php: Php) -> None:
    first = "$m->destinations()->save('', ['name' => 'A', 'fallback' => 'itgrix-responsible,2,1']);"
    second = "$m->destinations()->save('', ['name' => 'B', 'fallback' => 'itgrix-responsible,1,1'])"
    assert list(php(f"{first} return {second};")) == ["fallback"]


REMOVE = "$_SESSION['itgrix_token'] = 't'; $_POST = ['action' => 'itgrix_remove', 'token' => 't', 'id' => '%s'];"


def test_a_destination_in_use_is_not_removed(php: Php) -> None:
    look = (
        "$m->doConfigPageInit('itgrix'); return [array_keys($m->destinations()->all()), $m->showPage('destinations')];"
    )
    found = php(ADD + REMOVE % "1" + look, whole=True)
    assert found["result"][0] == [1, 2]
    assert "choose another destination there: Inbound route: any" in found["result"][1]
    assert found["reloads"] == 0
    found = php(ADD + REMOVE % "2" + look, whole=True)
    assert (found["result"][0], found["reloads"]) == ([1], 1)
    assert "Apply Config" in found["result"][1]


def test_fall_backs_are_shown_as_the_pbx_calls_them(php: Php) -> None:
    page = php(ADD + "$_SESSION = []; return $m->showPage('destinations');")
    assert "<td>Ring Group: Sales (600)</td>" in page
    assert "<td>app-blackhole,hangup,1</td>" in page  # nobody knows it


FORM = "$_SESSION['itgrix_token'] = 't'; $_POST = %s; $m->doConfigPageInit('itgrix'); return $m->destinations()->all();"


def test_the_form_saves_what_the_selector_of_freepbx_sends(php: Php) -> None:
    chosen = "'goto0' => 'Ring_Groups', 'Ring_Groups0' => 'ext-group,600,1'"
    sent = f"['action' => 'itgrix_save', 'token' => 't', 'name' => 'A', {chosen}]"
    found = php(FORM % sent, whole=True)
    assert found["result"]["1"]["fallback"] == "ext-group,600,1"
    assert found["reloads"] == 1


@pytest.mark.parametrize("token", ["'token' => 'x',", "", "'token' => ['t'],"])
def test_a_form_of_another_site_is_ignored(php: Php, token: str) -> None:
    sent = f"['action' => 'itgrix_save', {token} 'name' => 'A', 'goto0' => 'G', 'G0' => 'ext-group,600,1']"
    assert php(FORM % sent) == []
