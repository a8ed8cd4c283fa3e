# SPDX-License-Identifier: GPL-3.0-or-later
"""What a script printed, as JSON data: strict, because what is odd here would break a request to the portal later."""

from __future__ import annotations

import json
import math
import signal
from collections.abc import Mapping
from typing import Any

from itgrix_module.app.hooking import Said
from itgrix_module.hooks.faults import HookFault, one_line, told_by
from itgrix_module.hooks.process import Ran

DEEPEST = 32  # levels of objects and lists


def written(params: Mapping[str, Any]) -> bytes:
    """The input of a script. Raises HookFault for what JSON cannot hold."""
    try:
        text = json.dumps(params, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise HookFault(f"its input could not be written: {one_line(str(error))}") from None
    return text.encode("utf-8", "replace")  # half a character in a caller's name is no reason to leave a script out


def read(ran: Ran) -> Said:
    """The decision. Raises HookFault for everything that is none."""
    if ran.status:
        raise HookFault(_with_reason(_ended(ran.status), ran))
    answer = _json(ran)
    if not isinstance(answer, dict):
        raise HookFault('its answer is not an object with "state" and "data"')
    if answer.get("state") != "success":
        raise HookFault(_refused(answer))
    data = answer.get("data")
    return Said(cancelled=True) if data is None or data in ({}, []) else Said(data=data)


def _ended(status: int) -> str:
    if status > 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


def _with_reason(text: str, ran: Ran) -> str:
    said = told_by(ran.errors)
    return f"{text}: {said}" if said else text


def _refused(answer: Mapping[str, Any]) -> str:
    state = answer.get("state")
    if not isinstance(state, str):
        return 'its answer lacks "state": "success"'
    said = next((answer[key] for key in ("message", "error", "data") if isinstance(answer.get(key), str)), "")
    return one_line(f'its answer has the state "{state}"{": " if said else ""}{said}')


def _json(ran: Ran) -> Any:
    try:
        text = ran.output.decode("utf-8-sig")  # a script saved with a byte order mark prints it
    except UnicodeDecodeError:
        raise HookFault(_with_reason("its answer is not UTF-8", ran)) from None
    if not text.strip():
        raise HookFault(_with_reason("it printed nothing", ran))
    try:
        answer = json.loads(text, parse_constant=_refuse_constant)
        _check(answer, DEEPEST)
    except RecursionError:
        raise HookFault(f"its answer is nested deeper than {DEEPEST} levels") from None
    except ValueError as error:
        raise HookFault(f"its answer is not JSON: {one_line(str(error))} in {_beginning(text)}") from None
    return answer


def _beginning(text: str) -> str:
    shown = one_line(text.strip())
    return repr(shown if len(shown) <= 60 else shown[:59] + "…")


def _refuse_constant(word: str) -> Any:
    raise ValueError(f"{word} is not a JSON value")


def _check(value: Any, levels: int) -> None:
    """Raises HookFault for too deep nesting and for values that can be written but not be sent on."""
    if isinstance(value, str):
        if not _is_text(value):
            raise HookFault("its answer holds half a character (a lone surrogate)")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise HookFault("its answer holds a number that is too large")
    elif isinstance(value, dict | list):
        if not levels:
            raise HookFault(f"its answer is nested deeper than {DEEPEST} levels")
        for item in (*value, *value.values()) if isinstance(value, dict) else value:
            _check(item, levels - 1)


def _is_text(value: str) -> bool:
    return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)
