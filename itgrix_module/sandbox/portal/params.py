# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters as PHP sees them: bracket pairs in, nested values out, loose types, names in any case."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

MAX_DEPTH = 32  # brackets in one name; PHP stops at 64, nothing real comes near
_BRACKET = re.compile(r"\[([^\]]*)\]")
_INTEGER = re.compile(r"\s*[+-]?\d+")


class Params:
    """One request's parameters. ``get`` ignores the case of the name, ``exact`` does not."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)
        self._folded = {key.casefold(): value for key, value in self.values.items()}

    def get(self, name: str, default: Any = None) -> Any:
        return self._folded.get(name.casefold(), default)

    def exact(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self._folded

    def text(self, name: str, default: str = "") -> str:
        """Scalar as text; a list or a map counts as absent."""
        return as_text(self.get(name), default)

    def integer(self, name: str, default: int = 0) -> int:
        """Whole number, PHP-like: leading digits count."""
        found = as_int(self.get(name))
        return default if found is None else found

    def flag(self, name: str, default: bool = False) -> bool:
        """1, "1", "Y", "true" are true."""
        value = self.get(name)
        return default if value is None or value == "" else as_bool(value)

    def mapping(self, name: str) -> dict[str, Any]:
        """A map; a list becomes a map of its indexes, anything else an empty one."""
        return as_map(self.get(name))

    def items(self, name: str) -> list[Any]:
        """A list; a scalar becomes a list of one, nothing an empty one."""
        return as_list(self.get(name))


def as_text(value: Any, default: str = "") -> str:
    if value is None or isinstance(value, (list, dict)):
        return default
    if isinstance(value, bool):
        return "1" if value else ""
    return str(value)


def as_int(value: Any) -> int | None:
    if isinstance(value, (bool, int, float)):
        return int(value) if math.isfinite(value) else None
    if not isinstance(value, str):
        return None
    found = _INTEGER.match(value)
    return int(found.group()[:20]) if found else None


def as_float(value: Any) -> float | None:
    try:
        found = float(value) if isinstance(value, (int, float, str)) else math.nan
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def as_bool(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().casefold() in {"1", "y", "yes", "true"}
    return bool(value)


def as_list(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    if isinstance(value, list):
        return value
    return list(value.values()) if isinstance(value, dict) else [value]


def as_map(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return {str(index): item for index, item in enumerate(value)}
    return {}


def decode(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Bracket pairs to nested maps and lists. A repeated scalar: the last wins. Numeric consecutive keys: a list."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        _place(tree, _path(name), value)
    return {key: _listed(value) for key, value in tree.items()}


def decode_query(query: str) -> dict[str, Any]:
    """``a=1&b[c]=2`` to nested values."""
    return decode(parse_qsl(query, keep_blank_values=True))


def encode(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Nested values to bracket pairs, as a portal sends its events: everything is text, None is empty."""
    return [pair for key, value in values.items() for pair in _flat(key, value)]


def _path(name: str) -> list[str]:
    start = name.find("[")
    if start <= 0:
        return [name]
    return [name[:start], *_BRACKET.findall(name[start:])[:MAX_DEPTH]]


def _place(tree: dict[str, Any], path: list[str], value: Any) -> None:
    node = tree
    for key in path[:-1]:
        key = key or str(_next_index(node))
        child = node.get(key)
        if not isinstance(child, dict):
            child = node[key] = {}
        node = child
    node[path[-1] or str(_next_index(node))] = value


def _next_index(node: Mapping[str, Any]) -> int:
    size = len(node)
    return size if str(size) not in node else 1 + max(int(key) for key in node if key.isdigit())


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(item) for key, item in value.items()}
    return list(inner.values()) if list(inner) == [str(n) for n in range(len(inner))] else inner


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(f"{prefix}[{key}]", item)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _flat(f"{prefix}[{index}]", item)
    else:
        yield prefix, as_text(value)
