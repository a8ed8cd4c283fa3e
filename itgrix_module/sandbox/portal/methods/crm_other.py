# SPDX-License-Identifier: GPL-3.0-or-later
"""Dictionaries, funnels, the CRM's mode and comments of the timeline."""

from __future__ import annotations

import itertools
from typing import Any

from itgrix_module.sandbox.portal import crm_fields
from itgrix_module.sandbox.portal.errors import RestError, missing_parameter
from itgrix_module.sandbox.portal.exchange import Exchange, Method
from itgrix_module.sandbox.portal.model import Comment
from itgrix_module.sandbox.portal.params import Params, as_int, as_map, as_text
from itgrix_module.sandbox.portal.query import Page, matches, ordered, paged

DEAL = 2
OWNERS = {"lead": "LEAD", "deal": "DEAL", "contact": "CONTACT", "company": "COMPANY"}


def statuses(_exchange: Exchange, params: Params) -> Page:
    conditions = {key.upper(): value for key, value in params.mapping("filter").items()}
    rows = [row for row in _status_rows() if matches(row, conditions)]
    order = {key.upper(): value for key, value in params.mapping("order").items()} or {"SORT": "ASC"}
    return Page(ordered(rows, order), len(rows))


def status_items(_exchange: Exchange, params: Params) -> list[dict[str, Any]]:
    names = crm_fields.DICTIONARIES.get(params.text("entityId").upper())
    if names is None:
        raise RestError(400, "", "The parameter entityId is not defined or invalid.")
    return [
        {"NAME": name, "SORT": 10 * number, "STATUS_ID": key} for number, (key, name) in enumerate(names.items(), 1)
    ]


def categories(_exchange: Exchange, params: Params) -> Page:
    if params.exact("entityTypeId") is None:
        raise missing_parameter("entityTypeId")
    type_id = params.integer("entityTypeId")
    if type_id in crm_fields.KINDS and type_id != DEAL:
        raise RestError(400, "ENTITY_TYPE_NOT_SUPPORTED", f"Entity type `{crm_fields.KINDS[type_id]}` is not supported")
    if type_id != DEAL:
        raise RestError(400, "NOT_FOUND", "Smart process not found")
    rows = [_category(*category) for category in crm_fields.CATEGORIES]
    return Page(rows, len(rows), None, "categories")


def deal_categories(_exchange: Exchange, _params: Params) -> Page:
    """The deprecated list leaves the default funnel out."""
    rows = [{"ID": str(id_), "NAME": name, "SORT": str(sort)} for id_, name, sort in crm_fields.CATEGORIES if id_]
    return Page(rows, len(rows))


def mode(exchange: Exchange, _params: Params) -> int:
    return exchange.state.crm_mode


def comment_add(exchange: Exchange, params: Params) -> int:
    """Only the lower-case ``fields`` is understood."""
    fields = _comment_fields(params)
    owner = OWNERS.get(as_text(fields.get("ENTITY_TYPE")).casefold())
    number = as_int(fields.get("ENTITY_ID")) or 0
    if owner is None or exchange.state.crm.get(owner, number) is None:
        raise RestError(400, "OWNER_NOT_FOUND", "Owner not found.")
    text = as_text(fields.get("COMMENT")).strip()
    if not text:
        raise RestError(400, "INVALID_ARG_VALUE", "Empty comment message.")
    author = as_int(fields.get("AUTHOR_ID")) or exchange.user.id
    comment = Comment(exchange.state.next_id(), owner, number, text, author, exchange.now)
    exchange.state.comments[comment.id] = comment
    exchange.publish("ONCRMTIMELINECOMMENTADD", {"FIELDS": {"ID": comment.id}})
    return comment.id


def comment_get(exchange: Exchange, params: Params) -> dict[str, Any]:
    comment = exchange.state.comments.get(params.integer("id"))
    if comment is None:
        raise RestError(400, "NOT_FOUND", "Not found.")
    return _comment(exchange, comment)


def comment_list(exchange: Exchange, params: Params) -> Page:
    conditions = {key.upper(): value for key, value in as_map(params.exact("filter")).items()}
    rows = [_comment(exchange, comment) for comment in exchange.state.comments.values()]
    return paged([row for row in rows if matches(row, conditions)], params)


def _status_rows() -> list[dict[str, Any]]:
    numbers = itertools.count(101)
    return [
        _status(next(numbers), entity, key, name, 10 * place)
        for entity, names in crm_fields.DICTIONARIES.items()
        for place, (key, name) in enumerate(names.items(), 1)
    ]


def _status(number: int, entity: str, key: str, name: str, sort: int) -> dict[str, Any]:
    meaning = crm_fields.semantics(key) if entity == "STATUS" or entity.startswith("DEAL_STAGE") else "P"
    return {
        "ID": str(number),
        "ENTITY_ID": entity,
        "STATUS_ID": key,
        "NAME": name,
        "NAME_INIT": name,
        "SORT": str(sort),
        "SYSTEM": "Y",
        "CATEGORY_ID": None,
        "COLOR": "#39A8EF",
        "SEMANTICS": None if meaning == "P" else meaning,
        "EXTRA": {"SEMANTICS": {"P": "process", "S": "success", "F": "failure"}[meaning], "COLOR": "#39A8EF"},
    }


def _category(number: int, name: str, sort: int) -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "sort": sort,
        "entityTypeId": DEAL,
        "isDefault": "N" if number else "Y",
        "originId": "",
        "originatorId": "",
    }


def _comment_fields(params: Params) -> dict[str, Any]:
    value = params.exact("fields")
    if not isinstance(value, dict):
        raise missing_parameter("fields")
    return value


def _comment(exchange: Exchange, comment: Comment) -> dict[str, Any]:
    return {
        "ID": str(comment.id),
        "ENTITY_ID": str(comment.entity_id),
        "ENTITY_TYPE": comment.entity_type.lower(),
        "CREATED": exchange.state.iso(comment.at),
        "COMMENT": comment.text,
        "AUTHOR_ID": str(comment.author),
    }


METHODS = (
    Method("crm.status.list", statuses, ("crm",)),
    Method("crm.status.entity.items", status_items, ("crm",)),
    Method("crm.category.list", categories, ("crm",)),
    Method("crm.dealcategory.list", deal_categories, ("crm",)),
    Method("crm.settings.mode.get", mode, ("crm",)),
    Method("crm.timeline.comment.add", comment_add, ("crm",)),
    Method("crm.timeline.comment.get", comment_get, ("crm",)),
    Method("crm.timeline.comment.list", comment_list, ("crm",)),
)
