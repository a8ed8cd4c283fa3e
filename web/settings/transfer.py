# SPDX-License-Identifier: GPL-3.0-or-later
"""All settings as one file: what an uploaded one would change, kept until it is confirmed.

A file may hold secrets, so it waits here and not in the page that asks whether it is meant.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from itgrix_module.app.desk_ports import SettingsDesk, Spec
from web.preferences import said, text
from web.settings import titles
from web.settings.fields import widget_for
from web.settings.form import Change

WAITS = 900.0  # seconds until an uploaded file is forgotten
MOST_WAITING = 8


@dataclass(frozen=True)
class Waiting:
    """An uploaded file. ``who``: only he may confirm it; ``resets``: what it does not name goes to its default."""

    who: str
    given: Mapping[str, Any]
    resets: bool
    at: float


class Pending:
    """Uploaded files by a token. Thread-safe."""

    KEY = "itgrix-import"

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[str, Waiting] = {}

    def put(self, who: str, given: Mapping[str, Any], *, resets: bool) -> str:
        """Its token; the oldest give way."""
        token = secrets.token_urlsafe(16)
        with self._lock:
            self._forget()
            self._waiting[token] = Waiting(who, given, resets, self._clock())
            while len(self._waiting) > MOST_WAITING:
                self._waiting.pop(next(iter(self._waiting)))
        return token

    def take(self, who: str, token: str) -> Waiting | None:
        """None when it is not there any more, or is somebody else's."""
        with self._lock:
            self._forget()
            found = self._waiting.get(token)
            return self._waiting.pop(token) if found is not None and found.who == who else None

    def _forget(self) -> None:
        old = self._clock() - WAITS
        self._waiting = {token: each for token, each in self._waiting.items() if each.at > old}


class NoSettings(ValueError):
    """Says in English why a text is no file of settings."""


def parsed(content: str) -> dict[str, Any]:
    """A file of settings. Raises NoSettings."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise NoSettings(f"the file is no JSON{where}") from None
    if not isinstance(found, dict) or not found:
        raise NoSettings("the file must hold one JSON object with settings by their names")
    return found


@dataclass(frozen=True)
class Plan:
    """What an import would do. ``problems``: key to what is wrong; nothing is imported while there is one."""

    changes: tuple[Change, ...]
    problems: Mapping[str, str]
    same: int


def planned(desk: SettingsDesk, given: Mapping[str, Any], *, resets: bool) -> Plan:
    """Compare a file with the settings of now, and check the whole."""
    specs, sheet = desk.book.specs(), desk.book.sheet()
    real = desk.book.revealed(list(specs))
    # A file without secrets says nothing about them.
    gone = [key for key in sheet.given if resets and key not in given and not specs[key].secret]
    wanted = {key: value for key, value in given.items() if key not in specs or value != real[key]}
    problems = {key: said(problem) for key, problem in desk.book.problems(given, gone).items()}
    sure = [key for key in wanted if key in specs and key not in problems]
    changes = [_change(desk, specs[key], sheet.values[key], wanted[key]) for key in sure]
    changes += [_change(desk, specs[key], sheet.values[key], specs[key].default, removed=True) for key in sorted(gone)]
    return Plan(tuple(changes), problems, len(given) - len(wanted))


def _change(desk: SettingsDesk, spec: Spec, before: Any, after: Any, *, removed: bool = False) -> Change:
    widget = widget_for(spec, desk)
    told = str(widget.told(after))
    if spec.secret and before and after:
        told = text("replaced")
    title = titles.TITLES.get(spec.key)
    name = text(title) if title else said(spec.help)
    return Change(spec.key, name, str(widget.told(before)), told, after, removed)
