# SPDX-License-Identifier: GPL-3.0-or-later
"""The store of CRM activities and of what each is bound to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from itgrix_module.sandbox.portal.params import as_int, as_list, as_text
from itgrix_module.sandbox.portal.state import State

_EMPTY: dict[str, Any] = {
    "PROVIDER_ID": None, "PROVIDER_TYPE_ID": None, "PROVIDER_GROUP_ID": None, "ASSOCIATED_ENTITY_ID": "0",
    "SUBJECT": "", "START_TIME": None, "END_TIME": None, "DEADLINE": None, "COMPLETED": "N", "STATUS": "1",
    "RESPONSIBLE_ID": "", "PRIORITY": "2", "NOTIFY_TYPE": "0", "NOTIFY_VALUE": "0", "DESCRIPTION": "",
    "DESCRIPTION_TYPE": "1", "DIRECTION": "0", "LOCATION": "", "SETTINGS": [], "ORIGINATOR_ID": None,
    "ORIGIN_ID": None, "PROVIDER_PARAMS": [], "PROVIDER_DATA": None, "RESULT_MARK": "0", "RESULT_VALUE": None,
    "RESULT_SUM": None, "RESULT_CURRENCY_ID": None, "RESULT_STATUS": "0", "RESULT_STREAM": "0",
    "RESULT_SOURCE_ID": None, "AUTOCOMPLETE_RULE": "0", "COMMUNICATIONS": [],
}  # fmt: skip
_NUMBERS = frozenset({"OWNER_ID", "OWNER_TYPE_ID", "TYPE_ID", "RESPONSIBLE_ID", "DIRECTION"})
_LISTS = frozenset({"COMMUNICATIONS", "SETTINGS", "PROVIDER_PARAMS", "FILES"})
_WRITABLE = frozenset(_EMPTY) | {"OWNER_ID", "OWNER_TYPE_ID", "TYPE_ID"}


def add_activity(state: State, fields: Mapping[str, Any], author: int, more: Iterable[tuple[int, int]] = ()) -> int:
    """Store an activity bound to its owner and to ``more`` (type id, id); returns its id."""
    number = state.next_id()
    now = state.iso()
    stored = {"ID": str(number), **_EMPTY, "CREATED": now, "LAST_UPDATED": now, **_clean(fields)}
    stored |= {"AUTHOR_ID": str(author), "EDITOR_ID": str(author), "STATUS": _status(stored)}
    stored["COMMUNICATIONS"] = [
        {"ID": str(state.next_id()), **item} for item in stored["COMMUNICATIONS"] if isinstance(item, dict)
    ]
    state.activities[number] = stored
    state.bindings[number] = [(int(stored["OWNER_TYPE_ID"]), int(stored["OWNER_ID"])), *more]
    _forget_bindings(state)
    state.publish("ONCRMACTIVITYADD", {"FIELDS": {"ID": number}}, author, "")
    return number


def change_activity(state: State, stored: dict[str, Any], fields: Mapping[str, Any], editor: int) -> None:
    """Write fields of an activity."""
    stored |= _clean(fields)
    stored |= {"LAST_UPDATED": state.iso(), "EDITOR_ID": str(editor), "STATUS": _status(stored)}
    state.publish("ONCRMACTIVITYUPDATE", {"FIELDS": {"ID": int(stored["ID"])}}, editor, "")


def _clean(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(name, value) for name, value in fields.items() if name in _WRITABLE}


def _value(name: str, value: Any) -> Any:
    if name in _LISTS:
        return as_list(value)
    return str(as_int(value) or 0) if name in _NUMBERS else as_text(value)


def _status(stored: Mapping[str, Any]) -> str:
    return "2" if stored["COMPLETED"] == "Y" else "1"


def _forget_bindings(state: State) -> None:
    while len(state.bindings) > state.activities.limit:
        del state.bindings[next(iter(state.bindings))]
