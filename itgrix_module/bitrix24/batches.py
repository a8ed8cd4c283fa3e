# SPDX-License-Identifier: GPL-3.0-or-later
"""Many commands in one request: writing them, and settling each from the one answer (contract §3).

The portal answers 200 even if every command failed, leaves commands out, and sends a list where the keys happen to be
0, 1, 2. A reference into an answer that failed or is empty expands to nothing there (an unfiltered list, a call
without id), so such a command counts as failed here, whatever the portal said to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from itgrix_module.app.rest_ports import Answer, Command
from itgrix_module.bitrix24.encoding import command_line, referenced
from itgrix_module.bitrix24.errors import fault, refusal
from itgrix_module.bitrix24.shapes import mapping, whole
from itgrix_module.domain.failures import Failure

MAX_COMMANDS = 50

METHOD = re.compile(r"^[A-Za-z][A-Za-z0-9_.]{0,100}$")

_KEY = re.compile(r"^[A-Za-z0-9_.-]{1,64}$")


def checked(commands: Sequence[Command]) -> Sequence[Command]:
    """The same commands. Raises ValueError for what only a mistake in our code can produce."""
    keys = {command.key for command in commands}
    if len(commands) > MAX_COMMANDS:
        raise ValueError(f"{len(commands)} commands in a batch, {MAX_COMMANDS} are allowed")
    if len(keys) != len(commands):
        raise ValueError("two commands of a batch have the same key")
    bad = [c for c in commands if not _KEY.match(c.key) or not METHOD.match(c.method)]
    if bad:
        raise ValueError(f"not usable as key or method of a command: {bad[0].key!r}, {bad[0].method!r}")
    return commands


def body(commands: Sequence[Command], halt: bool) -> dict[str, Any]:
    """Parameters of the ``batch`` method."""
    lines: dict[str, str] = {}
    for command in commands:
        lines[command.key] = command_line(command.method, command.params, lines.keys())
    return {"halt": int(halt), "cmd": lines}


def without_held(commands: Sequence[Command], held: Mapping[str, float]) -> tuple[list[Command], dict[str, Answer]]:
    """Commands that may go, and answers for those whose method rests or which build on one that does."""
    going: list[Command] = []
    waiting: dict[str, Answer] = {}
    for command in commands:
        rest = held.get(command.method, 0.0)
        needed = [key for key, _ in referenced(command.params) if key in waiting]
        if rest > 0:
            waiting[command.key] = _failed(command, fault("method_held", command.method, wait=rest))
        elif needed:
            waiting[command.key] = _failed(command, fault("earlier_failed", command.method))
        else:
            going.append(command)
    return going, waiting


def settle(commands: Sequence[Command], result: Any, halt: bool) -> list[Answer]:
    """An answer for each command, in their order. Raises Temporary when the whole makes no sense."""
    parts = mapping(result)
    if not parts.keys() & {"result", "result_error"}:
        raise fault("bad_answer", "batch", said="no results in the answer to a batch")
    results, errors = mapping(parts.get("result")), mapping(parts.get("result_error"))
    totals, nexts = mapping(parts.get("result_total")), mapping(parts.get("result_next"))
    settled: dict[str, Answer] = {}
    for command in commands:
        key = command.key
        failure = _failure(command, results, errors, settled, halt)
        if failure is None:
            settled[key] = Answer(key, results[key], None, whole(totals.get(key)), whole(nexts.get(key)))
        else:
            settled[key] = _failed(command, failure)
    return list(settled.values())


def _failure(
    command: Command,
    results: Mapping[str, Any],
    errors: Mapping[str, Any],
    settled: Mapping[str, Answer],
    halt: bool,
) -> Failure | None:
    if command.key in errors:
        return _told(command, errors[command.key])
    broken = _broken_reference(command, settled)
    if broken is not None:
        return broken
    if command.key in results:
        return None
    stopped = halt and any(answer.failure for answer in settled.values())
    return fault("not_reached" if stopped else "no_answer", command.method)


def _told(command: Command, said: Any) -> Failure:
    if isinstance(said, dict):
        return refusal(200, said.get("error"), said.get("error_description"), command.method)
    return refusal(200, said, "", command.method)


def _broken_reference(command: Command, settled: Mapping[str, Answer]) -> Failure | None:
    for key, path in referenced(command.params):
        earlier = settled.get(key)
        if earlier is None:
            continue
        if earlier.failure is not None:
            return fault("earlier_failed", command.method)
        if not _has_value(earlier.result, path):
            return fault("reference_empty", command.method, said=f"{key}: {'.'.join(path)}")
    return None


def _has_value(result: Any, path: Sequence[str]) -> bool:
    for part in path:
        result = mapping(result).get(part)
    return result not in (None, "", [], {}, False)


def _failed(command: Command, failure: Failure) -> Answer:
    return Answer(command.key, failure=failure)
