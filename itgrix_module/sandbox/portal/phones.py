# SPDX-License-Identifier: GPL-3.0-or-later
"""How the portal reads telephone numbers: what it accepts and which spellings are one number."""

from __future__ import annotations

import re

_EXTENSION = re.compile(r"(?:[;,#x]|ext|доб).*", re.IGNORECASE | re.DOTALL)
_IGNORED = re.compile(r"[+()\-\s.]")


def is_phone(text: str) -> bool:
    """At least one digit once the usual punctuation is gone."""
    return any(char.isdigit() for char in _IGNORED.sub("", text))


def normal(text: str) -> str:
    """Digits without extension; the Russian 8XXXXXXXXXX and 7XXXXXXXXXX are one number."""
    digits = re.sub(r"\D", "", _EXTENSION.sub("", text))
    return "7" + digits[1:] if len(digits) == 11 and digits[0] == "8" else digits


def international(text: str) -> str:
    """``+`` and the digits when it looks like a full number, else the text as it was."""
    digits = normal(text)
    return "+" + digits if len(digits) >= 11 else text
