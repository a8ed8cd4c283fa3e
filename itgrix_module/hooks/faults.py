# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a customization did not decide, in one line fit for a timeline and a log."""

from __future__ import annotations

import re

LONGEST = 300  # characters of one line
_HIDDEN = "***"
_WORDS = r"secret|passw(?:or)?d|passwd|pwd|token|api_?key|auth_?key|access_?key|credential|client_?secret|auth"
_NAMED = re.compile(rf"(?i)([\w.-]*(?:{_WORDS})[\w.-]*[\"']?\s*(?:=>|[=:])\s*[\"']?)[^\s,;&|\"')}}\]]+")
_BEARER = re.compile(r"(?i)(\b(?:bearer|basic|digest)\s+)\S+")
_LOGIN = re.compile(r"(://)[^/\s@]+@")
_WEBHOOK = re.compile(r"(/rest/\d+/)[^/?#\s\"']+")


class HookFault(Exception):
    """``by_time``: it was too slow, which is what leaves a customization out for a while."""

    def __init__(self, text: str, *, by_time: bool = False) -> None:
        super().__init__(text)
        self.by_time = by_time


def one_line(text: str) -> str:
    """What a script said, without control characters and without what looks like a secret, bounded."""
    clean = "".join(char if char.isprintable() else " " for char in text[: 4 * LONGEST])
    clean = _BEARER.sub(rf"\1{_HIDDEN}", clean)
    clean = _LOGIN.sub(rf"\1{_HIDDEN}@", clean)
    clean = _WEBHOOK.sub(rf"\1{_HIDDEN}", clean)
    clean = " ".join(_NAMED.sub(rf"\1{_HIDDEN}", clean).split())
    return clean if len(clean) <= LONGEST else clean[: LONGEST - 1] + "…"


def told_by(errors: bytes) -> str:
    """The line of a script's standard error that says what is wrong; empty when it said nothing."""
    lines = [line for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
    if not lines:
        return ""
    # Python tells the reason last, PHP and the shell tell it first.
    return one_line(lines[-1] if lines[0].startswith("Traceback ") else lines[0])
