# SPDX-License-Identifier: GPL-3.0-or-later
"""Links from a call into the portal: the activity, the client, what was created for the call."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from itgrix_module.app.ports import PortalSide
from web.i18n import mark
from web.preferences import text

_PAGES = {"LEAD": "lead", "CONTACT": "contact", "COMPANY": "company", "DEAL": "deal"}
_TITLES = {
    "LEAD": mark("Lead {id}"),
    "CONTACT": mark("Contact {id}"),
    "COMPANY": mark("Company {id}"),
    "DEAL": mark("Deal {id}"),
}
_NUMBER = re.compile(r"\d{1,18}")


@dataclass(frozen=True)
class Link:
    """``url``: empty when the portal's address is not known."""

    text: str
    url: str = ""


def links(side: PortalSide, portal_url: str) -> list[Link]:
    """Everything that the portal has for a call, each once."""
    base = checked_base(portal_url)
    found: dict[tuple[str, str], Link] = {}
    if _NUMBER.fullmatch(side.activity_id):
        url = f"{base}/crm/activity/?open_view={side.activity_id}" if base else ""
        found["ACTIVITY", side.activity_id] = Link(text("Activity {id}", id=side.activity_id), url)
    for kind, number in side.created:
        _add(found, kind, number, base, mark("{what}, new"))
    _add(found, side.entity_type, side.entity_id, base, mark("{what}"))
    return list(found.values())


def _add(found: dict[tuple[str, str], Link], kind: str, number: str, base: str, words: str) -> None:
    key = (kind.upper(), str(number))
    if key[0] not in _PAGES or not _NUMBER.fullmatch(key[1]) or key in found:
        return
    what = text(_TITLES[key[0]], id=number)
    url = f"{base}/crm/{_PAGES[key[0]]}/details/{number}/" if base else ""
    found[key] = Link(text(words, what=what), url)


def checked_base(url: str) -> str:
    """``https://portal``; empty for what is no plain web address."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc or "@" in parts.netloc:
        return ""
    return f"{parts.scheme}://{parts.netloc}"
