# SPDX-License-Identifier: GPL-3.0-or-later
"""Past calls to try something on."""

from __future__ import annotations

from itgrix_module.storage.queries import Calls
from web.deps import deps
from web.formatting import moment, phone
from web.words import direction

_FEW = 25


def recent() -> list[tuple[str, str]]:
    """Id (``node/linkedid``) and words of the newest calls."""
    found = []
    for item in Calls(deps().database).newest(_FEW):
        call = item.call
        who = phone(call.client) if call.client else call.linkedid
        found.append(
            (f"{call.node}/{call.linkedid}", f"{moment(call.started)}, {direction(call.direction).text}, {who}")
        )
    return found


def chosen(id: str) -> tuple[str, str]:  # noqa: A002
    """Node and linked id of a choice; empty for none."""
    node, _, linkedid = id.partition("/")
    return (node, linkedid) if linkedid else ("", "")
