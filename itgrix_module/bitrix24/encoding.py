# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP's bracket notation, both ways: ``fields[PHONE][0][VALUE]=1`` ↔ nested maps and lists (contract, appendix B)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote_plus

REFERENCE = re.compile(r"\$result\[([^\[\]]+)\]((?:\[[^\[\]]+\])*)")
_SUBKEY = re.compile(r"\[([^\[\]]*)\]")


class BadForm(ValueError):
    """A form that no portal sends: too large, too many fields, too deep."""


@dataclass(frozen=True)
class FormLimits:
    """What a form may have: bytes, fields, brackets in a name, characters in a name."""

    size: int = 256 * 1024
    fields: int = 2000
    depth: int = 8
    name: int = 512


def reference(key: str, *path: str | int) -> str:
    """A value that the portal takes from the answer of an earlier command of the same batch.

    ``reference("r", "CALL_ID")`` → ``$result[r][CALL_ID]``.
    """
    return "$result" + "".join(f"[{part}]" for part in (key, *path))


def referenced(value: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Key and path of every reference in nested parameters; only a value that is nothing else is one."""
    if isinstance(value, str):
        found = REFERENCE.fullmatch(value)
        if found:
            yield found[1], tuple(_SUBKEY.findall(found[2]))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from referenced(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from referenced(item)


def pairs(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Flat fields of nested parameters, names percent-encoded, values not.

    True and False become 1 and 0 (methods that want Y or N get that from the caller); None, like null in JSON for
    PHP's ``isset``, is left out.
    """
    for name, value in params.items():
        yield from _flatten(quote(str(name), safe=""), value)


def _flatten(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flatten(f"{name}[{quote(str(key), safe='')}]", item)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _flatten(f"{name}[{index}]", item)
    else:
        yield name, _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str | int | float):
        return str(value)
    raise TypeError(f"a parameter of a REST method cannot be a {type(value).__name__}")


def encode(params: Mapping[str, Any]) -> str:
    """``application/x-www-form-urlencoded`` body of nested parameters."""
    return "&".join(f"{name}={_quoted(value)}" for name, value in pairs(params))


def command_line(method: str, params: Mapping[str, Any], earlier: Collection[str]) -> str:
    """One command of a batch: ``method?name=value``, values encoded once.

    A value that is wholly a reference to one of the ``earlier`` commands stays as it is, for the portal to resolve.
    ``$result[`` anywhere else is data (a caller may be called that) and is broken apart.
    """
    fields = [f"{name}={_command_value(value, earlier)}" for name, value in pairs(params)]
    return f"{method}?{'&'.join(fields)}" if fields else method


def _command_value(value: str, earlier: Collection[str]) -> str:
    found = REFERENCE.fullmatch(value)
    if found and found[1] in earlier:
        return value
    return _quoted(value.replace("$result[", "$result ["))


def _quoted(value: str) -> str:
    return quote(value, safe="", errors="replace")


def decode(form: bytes | str, limits: FormLimits | None = None) -> dict[str, Any]:
    """Nested maps and lists of a form body; every leaf is a string, of equal names the last one counts (PHP).

    Raises BadForm when the form exceeds the limits. Broken percent signs and bytes that are not UTF-8 are kept or
    replaced, never refused.
    """
    allowed = limits or FormLimits()
    body = form.decode("utf-8", "replace") if isinstance(form, bytes) else form
    if len(form) > allowed.size:
        raise BadForm(f"a form of {len(form)} bytes, {allowed.size} are allowed")
    if body.count("&") >= allowed.fields:
        raise BadForm(f"more than {allowed.fields} fields")
    tree: dict[str, Any] = {}
    for field in body.split("&"):
        name, _, value = field.partition("=")
        if name:
            _place(tree, _path(unquote_plus(name), allowed), unquote_plus(value))
    return {name: _lists(item) for name, item in tree.items()}


def _path(name: str, limits: FormLimits) -> list[str]:
    if len(name) > limits.name:
        raise BadForm(f"a field name of {len(name)} characters, {limits.name} are allowed")
    head, bracket, _ = name.partition("[")
    if not bracket or not head:
        return [name]
    path = [head]
    position = len(head)
    while found := _SUBKEY.match(name, position):
        path.append(found[1])
        position = found.end()
    if len(path) > limits.depth:
        raise BadForm(f"a field nested {len(path)} deep, {limits.depth} are allowed")
    return path if len(path) > 1 else [name]


def _place(tree: dict[str, Any], path: list[str], value: str) -> None:
    here = tree
    for part in path[:-1]:
        key = part or _next_index(here)
        inner = here.get(key)
        if not isinstance(inner, dict):
            inner = here[key] = {}
        here = inner
    here[path[-1] or _next_index(here)] = value


def _next_index(here: dict[str, Any]) -> str:
    # a field is appended to the list it belongs to, so the length is the next index unless the sender mixed styles
    index = len(here)
    while str(index) in here:
        index += 1
    return str(index)


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    items = {key: _lists(item) for key, item in value.items()}
    if all(key == str(index) for index, key in enumerate(items)):
        return list(items.values())
    return items
