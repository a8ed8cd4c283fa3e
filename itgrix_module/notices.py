# SPDX-License-Identifier: GPL-3.0-or-later
"""Notices on the dashboard of the PBX: the file ``notices.json`` of the home, which the PBX's own module reads.

A list of ``{"id", "kind", "title", "text"}``; what leaves the list leaves the dashboard.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from itgrix_module.app.health import Check, Level
from itgrix_module.app.updates import Outlook
from itgrix_module.domain.failures import Failure
from itgrix_module.update_files import read_json, replace_file

FAULTS = ("service", "portal", "pbx", "database", "disk")  # parts of the health whose faults are shown
MOST_TITLE = 250  # characters that the dashboard shows
_TITLES = {
    "en": {
        "update": "Itgrix: version {version} is there",
        "security": "Itgrix: version {version} mends a security hole",
        "support": "Itgrix: version {version} is no longer supported",
        "fault": "Itgrix: {text}",
    },
    "ru": {
        "update": "Itgrix: вышла версия {version}",
        "security": "Itgrix: версия {version} закрывает уязвимость",
        "support": "Itgrix: версия {version} больше не поддерживается",
        "fault": "Itgrix: {text}",
    },
}
_TEXTS = {
    "en": {
        "update": "Version {installed} is installed. Itgrix → Updates says what is new and installs it.",
        "support": "Only the three newest releases are supported. Install the newest version: Itgrix → Updates.",
    },
    "ru": {
        "update": "Установлена версия {installed}. Что нового и установка: Itgrix → Обновления.",
        "support": "Поддерживаются только три последних выпуска. Установите новую версию: Itgrix → Обновления.",
    },
}
Notice = Mapping[str, str]


def of_updates(found: Outlook | None, language: str) -> list[Notice]:
    """A newer version, and the end of support."""
    if found is None:
        return []
    titles, texts = _TITLES[language], _TEXTS[language]
    notices: list[Notice] = []
    if found.newest is not None:
        values = {"version": found.newest.version, "installed": found.installed}
        kind = "security" if found.is_urgent else "update"
        notices.append(_notice("update", kind, titles[kind].format(**values), texts["update"].format(**values)))
    if not found.is_supported:
        title = titles["support"].format(version=found.installed)
        notices.append(_notice("support", "warning", title, texts["support"]))
    return notices


def _notice(name: str, kind: str, title: str, text: str) -> Notice:
    return {"id": name, "kind": kind, "title": title[:MOST_TITLE], "text": text}


class Notices:
    """A job: call it now and then. ``after``: seconds that a part is broken before it is shown; ``said``: translates.

    ``language``: of the PBX.
    """

    def __init__(
        self,
        file: Path,
        checks: Callable[[], Iterable[Check]],
        outlook: Callable[[], Outlook | None],
        after: Callable[[], float],
        language: Callable[[], str],
        said: Callable[[str, str], str],
        clock: Callable[[], float],
    ) -> None:
        self._file, self._checks, self._outlook = file, checks, outlook
        self._after, self._language, self._said, self._clock = after, language, said, clock
        self._bad: dict[str, float] = {}

    def __call__(self) -> None:
        """Write the list as it is now. Never raises Failure: a disk that is full is one of its notices."""
        language = self._language()
        self._write([*of_updates(self._outlook(), language), *self._faults(language)])

    def close(self) -> None:
        """A service that is stopped does not know whether its faults go on; versions stay as they are."""
        self._write(of_updates(self._outlook(), self._language()))

    def _faults(self, language: str) -> list[Notice]:
        worst: dict[str, Check] = {}
        for check in self._checks():
            part = check.part
            if part in FAULTS and _is_bad(check) and (part not in worst or check.level is Level.ERROR):
                worst[part] = check
        now = self._clock()
        self._bad = {part: self._bad.get(part, min(now, check.since or now)) for part, check in worst.items()}
        old = [check for part, check in worst.items() if now - self._bad[part] >= self._after()]
        return [self._fault(check, language) for check in old]

    def _fault(self, check: Check, language: str) -> Notice:
        text = self._said(language, check.text) if check.text else ""
        hint = self._said(language, check.hint) if check.hint else ""
        kind = "error" if check.level is Level.ERROR else "warning"
        return _notice(check.part, kind, _TITLES[language]["fault"].format(text=text.rstrip(".")), hint)

    def _write(self, notices: Sequence[Notice]) -> None:
        content = json.dumps(notices, ensure_ascii=False, indent=1).encode() + b"\n"
        with suppress(OSError):
            if self._file.read_bytes() == content:
                return
        # The next run tries again; the check of the disk tells of it meanwhile.
        with suppress(Failure):
            replace_file(self._file, content)


def _is_bad(check: Check) -> bool:
    return check.level is Level.ERROR or (check.part == "disk" and check.level is Level.WARNING)


def language_of(home: Path, otherwise: str) -> str:
    """That of the PBX, as the installer found it."""
    found = read_json(home / "service.json").get("language")
    return found if found in _TITLES else otherwise
