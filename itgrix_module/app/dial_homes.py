# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of several PBXs makes the calls of an extension that were ordered in the portal all of them share. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_MOST = 1000
_SPELLED = re.compile(r"[0-9X*#]{1,20}")
_WILD = str.maketrans({"x": "X", "х": "X", "Х": "X"})  # people type the Cyrillic letter
_MARK = "@"


class Homes:
    """``extensions``: of each PBX by its name, numbers and patterns such as ``2XX``; ``here``: the name of this one."""

    def __init__(self, extensions: Mapping[str, Sequence[str]], here: str) -> None:
        self._here = here
        named = [(name, text.strip().translate(_WILD)) for name, texts in extensions.items() for text in texts]
        # What says more counts first: a number before patterns. What two name in the same way needs no way round.
        named.sort(key=lambda item: (item[1].count("X"), item[0] != here, item))
        self._patterns = [(name, re.compile(re.escape(text).replace("X", "[0-9]"))) for name, text in named]

    def of(self, extension: str) -> str:
        """Name of the PBX; this one for an extension that nobody names."""
        return next((name for name, pattern in self._patterns if pattern.fullmatch(extension)), self._here)


def handed(key: str, home: str) -> str:
    """Key of an event that is given to another PBX: the same for the same event."""
    mark = f"{_MARK}{home}"
    return key[: 191 - len(mark)] + mark


def was_handed(key: str, home: str) -> bool:
    """Has an event been given to that PBX before?"""
    return key.endswith(f"{_MARK}{home}")


def problem_of_extensions(value: Sequence[Any]) -> str:
    """What is wrong with ``dial.extensions``; empty when nothing is."""
    if len(value) > _MOST:
        return f"must be at most {_MOST} entries"
    for text in value:
        if not isinstance(text, str) or not _SPELLED.fullmatch(text.strip().translate(_WILD)):
            return f"{text!a:.60} must be an extension, or a pattern such as 2XX"
    return ""
