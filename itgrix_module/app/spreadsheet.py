# SPDX-License-Identifier: GPL-3.0-or-later
"""CSV that a spreadsheet opens with a double click, without running anything.

UTF-8 with a byte order mark, without which Excel takes it for the old code page. Russian Excel expects semicolons and
decimal commas. A text that begins like a formula gets an apostrophe in front; a plain phone number is none and stays.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

BOM = "\ufeff"
_FORMULA = re.compile(r"\s*[=+\-@|%＝＋－＠]|[\t\r\n]")
_PHONE = re.compile(r"\+\d[\d ()-]{3,30}")
Value = str | int | float | None


def written(lines: Iterable[Sequence[Value]], language: str = "en") -> str:
    """CSV text with its byte order mark; lines end as RFC 4180 wants; numbers with one digit behind the point."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";" if language == "ru" else ",", lineterminator="\r\n")
    writer.writerows([[_cell(value, language) for value in line] for line in lines])
    return BOM + out.getvalue()


def _cell(value: Value, language: str) -> str:
    if isinstance(value, float):
        shown = f"{value:.1f}"
        return shown.replace(".", ",") if language == "ru" else shown
    if isinstance(value, str):
        return harmless(value)
    return "" if value is None else str(value)


def harmless(value: str) -> str:
    """No spreadsheet takes it for a formula."""
    plain = value.replace("\0", "")
    return f"'{plain}" if _FORMULA.match(plain) and not _PHONE.fullmatch(plain) else plain
