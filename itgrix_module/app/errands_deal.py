# SPDX-License-Identifier: GPL-3.0-or-later
"""A call's deal in the sales funnel of its line.

A lead is in no funnel, so it gets no deal; in the simple CRM mode the portal may have made a deal itself, which then
moves. A known client's newest open deal in the funnel takes the call; where there is none, one is made.
"""

from __future__ import annotations

from typing import Any

from itgrix_module.app.errand_ports import (
    BindDeal,
    DealOfCall,
    FirstStage,
    Look,
    MakeDeal,
    MoveDeal,
    NewestOpenDeal,
    Record,
)
from itgrix_module.app.errands_fields import set_fields, templated
from itgrix_module.app.errands_matter import Done, Errand, Matter, Once
from itgrix_module.app.wording_terms import client_of, is_new

ORIGINATOR = "itgrix"
LONGEST_TITLE = 250


def place(matter: Matter) -> Errand:
    """Find, move or make the deal, then bind the call's activity to it."""
    category = int(matter.step.payload["category"])
    kind, number = client_of(matter.portal)
    portals = dict(matter.portal.created).get("DEAL", "")
    if portals:
        return (yield from _moved(matter, portals, category))
    if kind not in ("CONTACT", "COMPANY"):
        return Done("no deal: a lead is in no sales funnel until it is converted")
    looks: tuple[Look, ...] = (FirstStage(category), DealOfCall(matter.origin))
    if not is_new(matter.portal):
        looks += (NewestOpenDeal(kind, number, category),)
    stage, ours, *theirs = yield looks
    if ours:
        return (yield from _bound(matter, ours, f"deal {ours} was made for this call", made=True))
    if theirs and theirs[0]:
        return (yield from _bound(matter, theirs[0], f"deal {theirs[0]} of the client is open in funnel {category}"))
    before = matter.before("deal")
    fields = before["order"]["fields"] if before else _fields(matter, (kind, number), category, stage)
    deal = yield Once("deal", MakeDeal(fields))
    return (yield from _bound(matter, deal, f"deal {deal} made in funnel {category}", made=True, written=True))


def _moved(matter: Matter, deal: str, category: int) -> Errand:
    """The portal made a deal of its own for the call, in the general funnel."""
    raw, stage = yield Record("DEAL", deal), FirstStage(category)
    if str(raw.get("CATEGORY_ID") or "0") == str(category):
        return (yield from _bound(matter, deal, f"deal {deal} is in funnel {category}"))
    yield MoveDeal(deal, category, stage)
    return (yield from _bound(matter, deal, f"deal {deal} moved to funnel {category}"))


def _fields(matter: Matter, client: tuple[str, str], category: int, stage: str) -> dict[str, Any]:
    kind, number = client
    title = " ".join(matter.worded("", "deal.title", markup=False).split())[:LONGEST_TITLE]
    fields: dict[str, Any] = {
        "TITLE": title,
        "CATEGORY_ID": category,
        "STAGE_ID": stage,
        "ASSIGNED_BY_ID": int(matter.step.payload.get("user") or 0),
        "SOURCE_ID": matter.call.source,
        "ORIGINATOR_ID": ORIGINATOR,
        "ORIGIN_ID": matter.origin,
    }
    fields |= {"CONTACT_IDS": [int(number)]} if kind == "CONTACT" else {"COMPANY_ID": int(number)}
    kept = {name: value for name, value in fields.items() if value or name == "CATEGORY_ID"}
    return {**kept, **templated(matter, "DEAL")}


def _bound(matter: Matter, deal: str, how: str, *, made: bool = False, written: bool = False) -> Errand:
    """``made``: by us for this call; ``written``: with the templates' fields already."""
    matter.shared["DEAL"] = deal
    if matter.portal.activity_id:
        yield BindDeal(matter.portal.activity_id, deal)
    if not written:
        yield from set_fields(matter, "DEAL", deal, templated(matter, "DEAL"))
    return Done(how, {"deal_id": deal}, (("DEAL", deal),) if made else ())
