# SPDX-License-Identifier: GPL-3.0-or-later
"""event.offline.get|list|clear|error: for hosts that the portal cannot reach."""

from __future__ import annotations

from typing import Any

from itgrix_module.sandbox.portal.errors import RestError, denied
from itgrix_module.sandbox.portal.exchange import APP, Exchange, Method
from itgrix_module.sandbox.portal.methods.subscriptions import app_of
from itgrix_module.sandbox.portal.offline import MAX_PORTION, Item, OfflineQueue
from itgrix_module.sandbox.portal.params import Params, as_text
from itgrix_module.sandbox.portal.query import Page, matches, ordered, paged


def get(exchange: Exchange, params: Params) -> dict[str, Any]:
    """``clear=1`` takes the events away, ``clear=0`` reserves them for one process."""
    queue = _queue(exchange)
    process = params.text("process_id")
    found = queue.reserved(process) if process else queue.free(params.text("auth_connector"), params.flag("error"))
    chosen = _chosen(found, params)[: max(1, min(params.integer("limit", 50), MAX_PORTION))]
    if params.flag("clear", True):
        queue.take(chosen)
        return {"process_id": None, "events": [item.row() for item in chosen]}
    return {"process_id": process or queue.reserve(chosen), "events": [item.row() for item in chosen]}


def list_(exchange: Exchange, params: Params) -> Page:
    items = [item for item in _queue(exchange).all() if item.connector == params.text("auth_connector")]
    return paged([item.full_row() for item in _chosen(items, params)], params)


def clear(exchange: Exchange, params: Params) -> bool:
    ids = {as_text(item) for item in params.items("id")}
    messages = {as_text(item) for item in params.items("message_id")}
    _queue(exchange).clear(_process(params), ids, messages)
    return True


def error(exchange: Exchange, params: Params) -> bool:
    _queue(exchange).fail(_process(params), {as_text(item) for item in params.items("message_id")})
    return True


def _queue(exchange: Exchange) -> OfflineQueue:
    if not exchange.user.admin:
        raise denied()
    return exchange.state.offline[app_of(exchange).client_id]


def _process(params: Params) -> str:
    if not (process := params.text("process_id")):
        raise RestError(400, "ERROR_ARGUMENT", "Argument 'process_id' is null or empty", argument="process_id")
    return process


def _chosen(items: list[Item], params: Params) -> list[Item]:
    conditions = {key.upper(): value for key, value in params.mapping("filter").items()}
    order = {key.upper(): value for key, value in params.mapping("order").items()} or {"ID": "ASC"}
    by_id = {str(item.id): item for item in items}
    rows = [item.row() for item in items]
    return [by_id[row["ID"]] for row in ordered([row for row in rows if matches(row, conditions)], order)]


METHODS = (
    Method("event.offline.get", get, context=APP),
    Method("event.offline.list", list_, context=APP),
    Method("event.offline.clear", clear, context=APP),
    Method("event.offline.error", error, context=APP),
)
