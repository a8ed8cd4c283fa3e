# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls as JSON data and back, and the row that the panel and the deliverer see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from itgrix_module.app.ports import CallRow
from itgrix_module.domain import summary
from itgrix_module.domain.call import Call, Dial, Leg, Phase, Recording, Ring, Rung, Span, Talk, Transfer
from itgrix_module.domain.facts import Side

_LISTS: dict[str, type[Any]] = {
    "rings": Rung,
    "talks": Talk,
    "consults": Span,
    "parks": Span,
    "transfers": Transfer,
    "recordings": Recording,
    "dials": Dial,
}
_SETS = ("near", "diallers")
_NAMES: dict[type[Any], tuple[str, ...]] = {
    kind: tuple(field.name for field in fields(kind)) for kind in (*_LISTS.values(), Leg, Call)
}


def dump(call: Call) -> dict[str, Any]:
    """The call's whole state as JSON data; records inside become lists of their values."""
    data: dict[str, Any] = {}
    for name in _NAMES[Call]:
        value = getattr(call, name)
        if name == "legs":
            data[name] = [_values(leg) for leg in value.values()]
        elif name in _LISTS:
            data[name] = [_values(item) for item in value]
        elif name in _SETS:
            data[name] = sorted(value)
        else:
            data[name] = value
    return data


def _values(item: Any) -> list[Any]:
    return [getattr(item, name) for name in _NAMES[type(item)]]


def load(data: Mapping[str, Any]) -> Call:
    """The call that ``dump`` wrote. Raises ValueError for data of another shape."""
    try:
        return Call(**{name: _loaded(name, data[name]) for name in _NAMES[Call] if name in data})
    except (KeyError, TypeError) as error:
        raise ValueError(f"stored state of a call cannot be read: {error}") from error


def _loaded(name: str, value: Any) -> Any:
    if name == "legs":
        return {leg.id: leg for leg in map(_leg, value)}
    if name in _LISTS:
        return tuple(_LISTS[name](*item) for item in value)
    if name in _SETS:
        return frozenset(value)
    if name == "root_side":
        return Side(value)
    return tuple(value) if name == "merged" else value


def _leg(values: list[Any]) -> Leg:
    data = dict(zip(_NAMES[Leg], values, strict=False))
    return Leg(**{**data, "side": Side(data["side"]), "ring": Ring(data["ring"])})


def row(node: str, call: Call) -> CallRow:
    """What others see of a call."""
    over = call.ended is not None
    first = summary.first_talk(call)
    return CallRow(
        node=node,
        vote=call.vote,
        linkedid=call.id,
        direction=call.direction.value,
        phase=call.phase.value,
        client=call.number,
        client_name=call.name,
        line=call.line,
        trunk=call.trunk,
        caller=call.employee or (call.root_party if call.root_side is Side.EMPLOYEE else ""),
        queue=call.queue,
        started=call.started,
        answered=first.start if first else None,
        ended=call.ended,
        outcome=summary.outcome(call).value if over else "",
        status=summary.status(call) if over else "",
        wait=summary.wait_seconds(call, call.changed),
        talk=summary.talk_seconds(call, call.changed),
        answered_by=summary.answered_by(call),
        last_talker=summary.last_talker(call),
        rang=call.rang,
        live=bool(call.legs) or call.phase is not Phase.ENDED,
        state=dump(call) if call.legs or not over else {},
    )
