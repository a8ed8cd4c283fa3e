# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions and names from outside do no harm."""

from __future__ import annotations

import pytest

from itgrix_module.app.route_ports import Asked, harmless


def test_question_is_cleaned() -> None:
    asked = Asked.of("+7916\r\n1234567" + "0" * 100, "7495\x00", " sales\n", "1.2\r", "250")
    assert asked.number.startswith("+79161234567")
    assert len(asked.number) <= 64
    assert (asked.line, asked.destination, asked.linkedid, asked.limit) == ("7495", "sales", "1.2", 0.25)


@pytest.mark.parametrize("limit", ["", "0", "49", "10001", "-5", "1e3", "٥٠٠", "9" * 30])
def test_limit_without_sense_is_the_administrators(limit: str) -> None:
    assert Asked.of("1", limit_ms=limit).limit == 0.0


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("ООО «Ромашка» (Москва)", "ООО «Ромашка» (Москва)"),
        ("${SHELL(reboot)}", "SHELL(reboot)"),
        ('a"b\\c\r\nSET VARIABLE X "1"', "a b c SET VARIABLE X 1"),
        ("x" * 500, "x" * 100),
    ],
)
def test_name_can_do_no_harm_in_a_dialplan(name: str, shown: str) -> None:
    assert harmless(name) == shown
