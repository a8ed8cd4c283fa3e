# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields of a request after a customization had them: names, values and what must not change. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from itgrix_module.app.hook_inputs import CONTEXT

MOST_FIELDS = 200
MOST_ITEMS = 200  # of a list
LONGEST_TEXT = 60_000  # characters


class Unusable(ValueError):
    """An answer that cannot be used, and why."""


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_ORIGINATE = "process_originate_params"
_ENTITY = ("CRM_ENTITY_TYPE", "CRM_ENTITY_ID")

_LOCKED: Mapping[str, tuple[str, ...]] = {
    "process_registration_params": ("EXTERNAL_CALL_ID",),
    "process_final_params": ("CALL_ID",),
    "customize_attach_record_url": ("CALL_ID",),
    _ORIGINATE: ("request_data",),
    "customize_entity": ("ID",),
    "customize_activity": ("ID",),
}
# Of each group one must be there.
_REQUIRED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "process_registration_params": (("PHONE_NUMBER",), ("TYPE",), ("USER_ID", "USER_PHONE_INNER")),
    "process_final_params": (("USER_ID", "USER_PHONE_INNER"), ("STATUS_CODE",)),
    "customize_attach_record_url": (("FILENAME", "RECORD_URL"),),
    "process_task_creation_params": (("TITLE",), ("RESPONSIBLE_ID",)),
    _ORIGINATE: (("channel",), ("context",), ("extension",), ("priority",)),
}


def checked_fields(name: str, data: Any, default: Mapping[str, Any]) -> dict[str, Any]:
    """The request as the customization wants it: what it does not name stays, what it sets to null goes.

    ``data``: the fields, or the whole input with the fields changed in it. Raises ValueError.
    """
    if not isinstance(data, dict):
        raise Unusable("must be an object with the fields of the request")
    found = dict(default)
    inner = data.get("params")
    for source in (data, inner if isinstance(inner, dict) else {}):
        changed = {key: value for key, value in source.items() if key not in CONTEXT and _differs(key, value, default)}
        found |= changed
    for key in _LOCKED.get(name, ()):
        if found.get(key) != default.get(key):
            raise Unusable(f"{key} cannot be changed")
    wanted = {key: _value(name, key, value, default) for key, value in found.items() if value is not None}
    _check_whole(name, wanted)
    return wanted


def _differs(key: str, value: Any, default: Mapping[str, Any]) -> bool:
    # PHP writes an empty object as an empty list
    return key not in default or (value != default[key] and not (value == [] and default[key] == {}))


def fields_to_set(name: str, data: Any, default: Any) -> dict[str, Any]:  # noqa: ARG001
    """Fields of a CRM record to be set, by the portal's names; null empties a field. Raises ValueError."""
    if not isinstance(data, dict):
        raise Unusable("must be an object of fields to set")
    for key in _LOCKED.get(name, ()):
        if key in data:
            raise Unusable(f"{key} cannot be changed")
    _check_number(data)
    return {key: "" if value is None else _settable(key, value) for key, value in data.items()}


def _settable(key: str, value: Any) -> Any:
    """PHONE, EMAIL and the like are lists of flat objects."""
    _check_name(key)
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        _check_length(key, value)
        return [{_check_name(name): _scalar(key, item) for name, item in each.items()} for each in value]
    return _plain(key, value)


def _value(hook: str, key: str, value: Any, default: Mapping[str, Any]) -> Any:
    if key in default and value == default[key]:
        return value
    _check_name(key)
    if hook == _ORIGINATE:
        return _of_originate(key, value)
    rule = _RULES.get(key)
    return rule(key, value) if rule else _plain(key, value)


def _check_whole(name: str, fields: Mapping[str, Any]) -> None:
    _check_number(fields)
    for group in _REQUIRED.get(name, ()):
        if not any(fields.get(key) not in (None, "") for key in group):
            raise Unusable(f"{' or '.join(group)} is missing")
    if (_ENTITY[0] in fields) != (_ENTITY[1] in fields):
        raise Unusable(f"{_ENTITY[0]} and {_ENTITY[1]} go together")


def _check_number(fields: Mapping[str, Any]) -> None:
    if len(fields) > MOST_FIELDS:
        raise Unusable(f"more than {MOST_FIELDS} fields")


def _check_name(key: str) -> str:
    if not _NAME.fullmatch(key):
        raise Unusable(f"{key[:40]!r} is not the name of a field")
    return key


def _check_length(key: str, value: list[Any]) -> None:
    if len(value) > MOST_ITEMS:
        raise Unusable(f"{key} has more than {MOST_ITEMS} items")


def _plain(key: str, value: Any) -> Any:
    """A text, a number, yes or no, or a list of these."""
    if isinstance(value, list):
        _check_length(key, value)
        return [_scalar(key, item) for item in value]
    return _scalar(key, value)


def _scalar(key: str, value: Any) -> Any:
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT or "\0" in value:
            raise Unusable(f"{key} must be a text of up to {LONGEST_TEXT} characters")
        return value
    if isinstance(value, bool | int | float):
        return value
    raise Unusable(f"{key} must be a text, a number, or a list of these")


# -- fields whose values are known


def _whole(low: int, high: int) -> Callable[[str, Any], int]:
    def rule(key: str, value: Any) -> int:
        if isinstance(value, bool) and low == 0:
            value = int(value)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise Unusable(f"{key} must be a whole number from {low} to {high}")
        return value

    return rule


def _pattern(expression: str, words: str) -> Callable[[str, Any], str]:
    compiled = re.compile(expression)

    def rule(key: str, value: Any) -> str:
        found = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(found, str) or not compiled.fullmatch(found):
            raise Unusable(f"{key} must be {words}")
        return found

    return rule


_ID = _whole(1, 2**31 - 1)
_SWITCH = _whole(0, 1)
_RULES: Mapping[str, Callable[[str, Any], Any]] = {
    "USER_ID": _ID,
    "CRM_ENTITY_ID": _ID,
    "RESPONSIBLE_ID": _ID,
    "CREATED_BY": _ID,
    "GROUP_ID": _whole(0, 2**31 - 1),
    "TYPE": _whole(1, 5),
    "VOTE": _whole(1, 5),
    "DURATION": _whole(0, 7 * 86400),
    "CRM_CREATE": _SWITCH,
    "SHOW": _SWITCH,
    "ADD_TO_CHAT": _SWITCH,
    "CRM_ENTITY_TYPE": _pattern("LEAD|CONTACT|COMPANY", "LEAD, CONTACT or COMPANY"),
    "STATUS_CODE": _pattern(r"\d{3}(-S)?|OTHER", "a status such as 200, 304 or 603-S"),
    "PHONE_NUMBER": _pattern(r"[^\x00-\x1f]{1,64}", "a number of up to 64 characters"),
}
_ORIGINATE_RULES: Mapping[str, Callable[[str, Any], Any]] = {
    "context": _pattern(r"[A-Za-z0-9_.-]{1,79}", "a context of the dialplan"),
    "extension": _pattern(r"[A-Za-z0-9*#+_.-]{1,79}", "what to dial: digits, letters, * # + _ . -"),
    "priority": _pattern(r"[A-Za-z0-9_-]{1,79}", "a priority of the dialplan"),
    "channel": _pattern(r"[A-Za-z0-9_]+/[^\x00-\x1f,&|]{1,200}", "a channel such as Local/101@from-internal"),
    "timeout": _whole(1, 600),
}


def _of_originate(key: str, value: Any) -> Any:
    """What goes to the PBX is lines: nothing may begin another one. Fields of no name become channel variables."""
    rule = _ORIGINATE_RULES.get(key)
    found = rule(key, value) if rule else _scalar(key, value)
    if isinstance(found, str) and not (found.isprintable() or not found):
        raise Unusable(f"{key} must be one line")
    return found
