# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as an answer, and what is told of everything else."""

from __future__ import annotations

import json

import pytest

from itgrix_module.app.hooking import Said
from itgrix_module.hooks import answer
from itgrix_module.hooks.faults import LONGEST, HookFault, one_line, told_by
from itgrix_module.hooks.process import Ran


def read(output: str | bytes, status: int = 0, errors: bytes = b"") -> Said:
    return answer.read(Ran(status, output if isinstance(output, bytes) else output.encode(), errors, 0.1))


@pytest.mark.parametrize("data", [{"result": False}, [1, 2], "text", 0, False, "", 1.5, {"a": None}, [{}]])
def test_data_is_a_decision(data: object) -> None:
    assert read(json.dumps({"state": "success", "data": data})) == Said(data=data)


@pytest.mark.parametrize("data", [', "data": {}', ', "data": []', ', "data": null', "", ', "date": 1'])
def test_empty_or_absent_data_cancels(data: str) -> None:
    assert read('{"state": "success"' + data + "}") == Said(cancelled=True)


def test_byte_order_mark_and_white_space_do_no_harm() -> None:
    assert read(b'\xef\xbb\xbf\r\n {"state":"success","data":1}\n\n') == Said(data=1)


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("", "it printed nothing"),
        (" \n", "it printed nothing"),
        ("hello", "is not JSON"),
        ('{"state": "success"} {"state": "success"}', "is not JSON"),
        ('{"state": "success", "data": NaN}', "NaN is not a JSON value"),
        ('{"state": "success", "data": -Infinity}', "-Infinity is not a JSON value"),
        ('{"state": "success", "data": 1e999}', "a number that is too large"),
        ('{"state": "success", "data": ' + "9" * 5000 + "}", "is not JSON"),
        (b'{"state": "success", "data": "\xff"}', "is not UTF-8"),
        ("\ufeff".encode("utf-16"), "is not UTF-8"),
        ('{"state": "success", "data": "\\ud800"}', "half a character"),
        ('{"state": "success", "data": {"\\udfff": 1}}', "half a character"),
        ('{"state": "success", "data": ' + "[" * 40 + "]" * 40 + "}", "nested deeper"),
        ("[" * 500_000, "nested deeper"),
        ('{"a":' * 100_000, "nested deeper"),
        ("[]", "is not an object"),
        ("null", "is not an object"),
        ('"success"', "is not an object"),
        ("{}", 'lacks "state": "success"'),
        ('{"state": true, "data": 1}', 'lacks "state": "success"'),
        ('{"state": "error", "message": "no such client"}', 'the state "error": no such client'),
        ('{"state": "Success", "data": 1}', 'the state "Success"'),
    ],
)
def test_everything_else_is_a_failure_with_its_reason(output: str | bytes, reason: str) -> None:
    with pytest.raises(HookFault) as caught:
        read(output)
    assert reason in str(caught.value)
    assert len(str(caught.value)) < 2 * LONGEST
    assert str(caught.value).isprintable()


def test_exit_status_counts_more_than_a_good_answer() -> None:
    with pytest.raises(HookFault, match=r"^ended with status 2: cannot open the list$"):
        read('{"state": "success", "data": 1}', 2, b"\n\ncannot open the list\nmore\n")
    with pytest.raises(HookFault, match=r"^was ended by SIGKILL$"):
        read("", -9)
    with pytest.raises(HookFault, match=r"^was ended by signal 99$"):
        read("", -99)


def test_line_that_tells_the_reason_is_shown() -> None:
    assert told_by(b"Traceback (most recent call last):\n  File ...\nKeyError: 'phone'\n") == "KeyError: 'phone'"
    assert told_by(b"\nPHP Fatal error: no\nStack trace:\n") == "PHP Fatal error: no"
    assert told_by(b" \n") == ""
    assert told_by(b"\xff\x1b[31mred\x07") == "� [31mred"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("mysql://itgrix:Mellon@db/x failed", "mysql://***@db/x failed"),
        (
            "GET https://p.bitrix24.ru/rest/1/mellon12345/crm.lead.list",
            "GET https://p.bitrix24.ru/rest/1/***/crm.lead.list",
        ),
        ("Authorization: Bearer Mellon", "***"),
        ("password=Mellon token: 'Mellon' API_KEY => \"Mellon\"", "***"),
        ('{"access_token":"Mellon"}', "***"),
    ],
)
def test_secrets_in_what_a_script_says_are_hidden(said: str, shown: str) -> None:
    assert "ellon" not in one_line(said)
    assert shown in one_line(said)


def test_long_lines_are_cut() -> None:
    assert len(one_line("x" * 100_000)) == LONGEST
