# SPDX-License-Identifier: GPL-3.0-or-later
"""telephony.externalLine.*: the outside lines of an application."""

from __future__ import annotations

from typing import Any

from itgrix_module.sandbox.portal.errors import core
from itgrix_module.sandbox.portal.exchange import APP, Exchange, Method
from itgrix_module.sandbox.portal.model import Line
from itgrix_module.sandbox.portal.params import Params


def add(exchange: Exchange, params: Params) -> dict[str, int]:
    lines, number = _lines(exchange), _number(params)
    if number in lines:
        raise core("Line already exists")
    line = Line(exchange.state.next_id(), number, params.text("NAME"), params.flag("CRM_AUTO_CREATE", True))
    lines[number] = exchange.state.lines[number] = line
    return {"ID": line.id}


def update(exchange: Exchange, params: Params) -> dict[str, str]:
    """The id comes back as text here, as a number from add."""
    number = _number(params)
    if "NAME" not in params and "CRM_AUTO_CREATE" not in params:
        raise core("There are no fields to update")
    line = _existing(exchange, number)
    line.name = params.text("NAME", line.name)
    line.crm_auto_create = params.flag("CRM_AUTO_CREATE", line.crm_auto_create)
    return {"ID": str(line.id)}


def delete(exchange: Exchange, params: Params) -> list[Any]:
    line = _existing(exchange, _number(params))
    del _lines(exchange)[line.number]
    exchange.state.lines.pop(line.number, None)
    return []


def get(exchange: Exchange, _params: Params) -> list[dict[str, str]]:
    return [
        {"NUMBER": line.number, "NAME": line.name, "CRM_AUTO_CREATE": "Y" if line.crm_auto_create else "N"}
        for line in _lines(exchange).values()
    ]


def _lines(exchange: Exchange) -> dict[str, Line]:
    assert exchange.caller.app is not None
    return exchange.caller.app.lines


def _number(params: Params) -> str:
    if not (number := params.text("NUMBER").strip()):
        raise core("NUMBER should not be empty")
    return number


def _existing(exchange: Exchange, number: str) -> Line:
    line = _lines(exchange).get(number)
    if line is None:
        raise core(f"Could not find line with number {number}")
    return line


_SCOPE = ("telephony",)
METHODS = (
    Method("telephony.externalLine.add", add, _SCOPE, APP),
    Method("telephony.externalLine.update", update, _SCOPE, APP),
    Method("telephony.externalLine.delete", delete, _SCOPE, APP),
    Method("telephony.externalLine.get", get, _SCOPE, APP),
)
