# SPDX-License-Identifier: GPL-3.0-or-later
"""batch: up to fifty commands in one request, each settled by itself, later ones may use results of earlier ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from itgrix_module.sandbox.portal.errors import RestError, not_in_batch
from itgrix_module.sandbox.portal.params import Params, as_map, as_text, decode
from itgrix_module.sandbox.portal.query import Page

LIMIT = 50
_REFERENCE = re.compile(r"\$result((?:\[[^\[\]]*\])+)")
# method, parameters → result, time
Dispatch = Callable[[str, Params], tuple[Any, dict[str, Any]]]


def methods_of(params: Params) -> list[str]:
    """Lower-case methods of the commands."""
    return [name for name, _ in map(_split, as_map(params.get("cmd")).values())]


def run(params: Params, dispatch: Dispatch) -> dict[str, Any]:
    """Result of the batch. Lists come back for a list of commands, maps for a map, ``[]`` for nothing."""
    parts: dict[str, dict[str, Any]] = {name: {} for name in ("result", "error", "total", "next", "time")}
    halt = params.flag("halt")
    for number, (key, command) in enumerate(as_map(params.get("cmd")).items()):
        try:
            _settle(parts, key, *_one(number, command, parts["result"], dispatch))
        except RestError as error:
            parts["error"][key] = error.body()
            if halt:
                break
    return {
        "result": _php(parts["result"]),
        "result_error": _php(parts["error"]),
        "result_total": _php(parts["total"]),
        "result_next": _php(parts["next"]),
        "result_time": _php(parts["time"]),
    }


def _one(number: int, command: Any, results: Mapping[str, Any], dispatch: Dispatch) -> tuple[Any, dict[str, Any]]:
    if number >= LIMIT:
        raise RestError(400, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
    method, query = _split(command)
    if method == "batch":
        raise not_in_batch()
    return dispatch(method, Params(decode(_resolved(query, results))))


def _settle(parts: dict[str, dict[str, Any]], key: str, result: Any, time: dict[str, Any]) -> None:
    parts["time"][key] = time
    if not isinstance(result, Page):
        parts["result"][key] = result
        return
    parts["result"][key] = result.result
    parts["total"][key] = result.total
    if result.next is not None:
        parts["next"][key] = result.next


def _split(command: Any) -> tuple[str, str]:
    method, _, query = as_text(command).partition("?")
    return method.strip().casefold().removesuffix(".json"), query


def _resolved(query: str, results: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, value in parse_qsl(query, keep_blank_values=True):
        yield name, _substituted(value, results)


def _substituted(value: str, results: Mapping[str, Any]) -> Any:
    """A value that is one reference keeps its type; inside other text it becomes text; an empty path becomes empty."""
    whole = _REFERENCE.fullmatch(value)
    if whole:
        found = _look_up(whole.group(1), results)
        return "" if found is None else found
    return _REFERENCE.sub(lambda match: as_text(_look_up(match.group(1), results)), value)


def _look_up(path: str, results: Mapping[str, Any]) -> Any:
    node: Any = results
    for key in path[1:-1].split("]["):
        node = node.get(key) if isinstance(node, Mapping) else _at(node, key)
    return node


def _at(node: Any, key: str) -> Any:
    if isinstance(node, list) and key.isdecimal() and int(key) < len(node):
        return node[int(key)]
    return None


def _php(values: dict[str, Any]) -> Any:
    """How PHP writes an array: consecutive numbers from 0 make a list, so does nothing at all."""
    return list(values.values()) if list(values) == [str(n) for n in range(len(values))] else values
