# SPDX-License-Identifier: GPL-3.0-or-later
"""A notice to the employee who clicked a number: why his call did not come about."""

from __future__ import annotations

from itgrix_module.app import dial_words
from itgrix_module.app.errand_ports import Notify
from itgrix_module.app.errands_matter import Done, Errand, Matter

TOO_LATE = 900.0  # seconds after which nobody wants to hear of it


def notice(matter: Matter) -> Errand:
    """In the portal's language; a repeat replaces the one before."""
    call, payload = matter.call, matter.step.payload
    user = int(payload.get("employee") or 0)
    text = dial_words.notice(str(payload.get("code", "")), matter.rules.language, call.number, call.caller)
    if not text:
        return Done("no notice: nothing to say")
    if matter.now - (call.ended or matter.now) > TOO_LATE:
        return Done("no notice: it comes too late to be of use")
    yield Notify(user, plain(text), f"ITGRIX|CALL|{matter.origin}"[:255])
    return Done(f"user {user} was told why")


def plain(text: str) -> str:
    """Square brackets are the portal's markup; a number may hold anything."""
    return text.replace("[", "(").replace("]", ")")
