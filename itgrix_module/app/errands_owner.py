# SPDX-License-Identifier: GPL-3.0-or-later
"""A call's activity goes to the record for which the employee who talked is responsible."""

from __future__ import annotations

from collections.abc import Sequence

from itgrix_module.app.errand_ports import BindClient, ClientsOf, UnbindClient
from itgrix_module.app.errands_matter import Done, Errand, Matter
from itgrix_module.app.wording_terms import client_of
from itgrix_module.domain.responsible import Record, chosen_record


def hand_over(matter: Matter) -> Errand:
    """Bind it to his record, then take it from the other one: in between it shows in both."""
    kind, number = client_of(matter.portal)
    records: Sequence[Record] = yield ClientsOf(matter.call.number)
    own = chosen_record(records, "talker", [int(matter.step.payload["user"])])
    if own is None or (own.kind, own.id) == (kind, number):
        return Done(f"the call stays with {kind.lower()} {number}")
    yield BindClient(matter.portal.activity_id, own.kind, own.id)
    yield UnbindClient(matter.portal.activity_id, kind, number)
    return Done(f"the call moved from {kind.lower()} {number} to {own.kind.lower()} {own.id}")
