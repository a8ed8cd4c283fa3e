# SPDX-License-Identifier: GPL-3.0-or-later
"""All rows of a list method, page after page (contract §2, list paging).

Two ways. By id: ``start=-1`` (the portal does not count, which is what makes long lists slow) and a filter ``>ID``.
By ``next``: for methods that do not filter by id, and for callers that want an order of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from itgrix_module.bitrix24.envelope import Envelope
from itgrix_module.bitrix24.errors import fault
from itgrix_module.bitrix24.shapes import maps, whole

PAGE = 50
MAX_PAGES = 5000

# method → name of its id; the universal CRM methods write it small
_BY_ID = {
    "crm.lead.list": "ID",
    "crm.contact.list": "ID",
    "crm.company.list": "ID",
    "crm.deal.list": "ID",
    "crm.activity.list": "ID",
    "crm.item.list": "id",
}
_ROWS_IN = ("items", "tasks", "categories", "result")
_UPPER_START = frozenset({"department.get"})


class Asking(Protocol):
    """What paging needs of the client."""

    def ask(self, method: str, params: Mapping[str, Any], *, priority: int) -> Envelope: ...


def rows(client: Asking, method: str, params: Mapping[str, Any], priority: int) -> Iterator[dict[str, Any]]:
    """Rows of all pages. Raises Failure, also when the portal's pages lead in a circle."""
    name = _BY_ID.get(method.lower())
    has_order = any(key.lower() in ("order", "start", "sort") for key in params)
    if name and not has_order:
        return _by_id(client, method, params, priority, name)
    return _by_next(client, method, params, priority)


def rows_of(result: Any) -> list[dict[str, Any]]:
    """Rows of one page, which some methods wrap in ``items``, ``tasks`` or ``categories``."""
    if isinstance(result, dict):
        for name in _ROWS_IN:
            if isinstance(result.get(name), list | dict):
                return maps(result[name])
    return maps(result)


def _by_id(
    client: Asking, method: str, params: Mapping[str, Any], priority: int, name: str
) -> Iterator[dict[str, Any]]:
    last: int | None = None
    for _ in range(MAX_PAGES):
        page = rows_of(client.ask(method, _after(params, name, last), priority=priority).result)
        yield from page
        if len(page) < PAGE:
            return
        highest = whole(page[-1].get(name))
        if highest is None or (last is not None and highest <= last):
            break
        last = highest
    raise fault("bad_answer", method, said="its pages do not go on")


def _after(params: Mapping[str, Any], name: str, last: int | None) -> dict[str, Any]:
    asked = {**params, "order": {name: "ASC"}, "start": -1}
    if last is not None:
        asked["filter"] = {**params.get("filter", {}), f">{name}": last}
    select = params.get("select")
    if select and name not in select and "*" not in select:
        asked["select"] = [name, *select]
    return asked


def _by_next(client: Asking, method: str, params: Mapping[str, Any], priority: int) -> Iterator[dict[str, Any]]:
    key = "START" if method.lower() in _UPPER_START else "start"
    start = whole(params.get(key)) or 0
    for _ in range(MAX_PAGES):
        envelope = client.ask(method, {**params, key: start}, priority=priority)
        yield from rows_of(envelope.result)
        if envelope.next is None:
            return
        if envelope.next <= start:
            break
        start = envelope.next
    raise fault("bad_answer", method, said="its pages do not go on")
