# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the house: what each use case reads of the settings, derived once for each change of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from itgrix_module.app.directory import DirectoryRules
from itgrix_module.app.errands_matter import ErrandRules
from itgrix_module.app.hook_trial import HookRules
from itgrix_module.app.lines import LineRule, Lines
from itgrix_module.app.mobiles import Mobiles
from itgrix_module.app.numbering import Numbering
from itgrix_module.app.orders import Options
from itgrix_module.app.ports import CallRow
from itgrix_module.app.recording_rules import RecordingRules
from itgrix_module.app.track import CardTiming
from itgrix_module.domain.hours import Hours
from itgrix_module.domain.policy import Rules
from itgrix_module.settings import Settings

_LOCALTIME = Path("/etc/localtime")


@dataclass(frozen=True)
class HouseRules:
    """``zone``: of all times that people see, None for the server's. ``portal``: its address, for links to it."""

    settings: Settings
    numbering: Numbering
    mobiles: Mobiles
    lines: Lines
    rules: Rules
    options: Options
    timing: CardTiming
    directory: DirectoryRules
    hooks: HookRules
    recordings: RecordingRules
    errands: ErrandRules
    hours: Hours
    zone: tzinfo | None

    @classmethod
    def of(cls, settings: Settings, home: Path, portal: str, before: HouseRules | None = None) -> HouseRules:
        """``before``: the rules until now; what they have learned stays, as far as its settings do."""
        numbering, lines = Numbering.of(settings), Lines.of(settings["lines"])
        zone = zone_of(settings["panel.time_zone"])
        return cls(
            settings,
            numbering,
            _mobiles(settings, home, before),
            lines,
            _rules(settings, lines),
            _options(settings, numbering, lines),
            CardTiming(settings["cards.lead_ms"] / 1000, settings["cards.window_ms"] / 1000),
            _directory(settings, numbering),
            _hooks(settings),
            RecordingRules.of(settings, lines),
            ErrandRules.of(settings, settings["portal.language"], portal, zone),
            _hours(settings),
            zone,
        )

    def annotated(self, row: CallRow) -> CallRow:
        """A call with what the rules of the house say of it."""
        rule = self.lines.rule(row.line, row.trunk)
        return replace(row, number=self.numbering.client(row.client), source=rule.source if rule else "")

    def line_name(self, call: CallRow) -> str:
        """What people call a call's line; empty when it has no name."""
        rule = self.lines.rule(call.line, call.trunk)
        return rule.name if rule else ""

    def category(self, call: CallRow) -> int | None:
        """Sales funnel of a call's line; None when it has none."""
        rule = self.lines.rule(call.line, call.trunk)
        return (rule.category or None) if rule else None


def zone_of(name: str) -> tzinfo | None:
    """A time zone by its name; None when there is no such."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _local_zone() -> tzinfo:
    """The server's, with its changes of the clock."""
    try:
        with _LOCALTIME.open("rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError):
        return UTC


def _mobiles(settings: Settings, home: Path, before: HouseRules | None) -> Mobiles:
    keys = ("employees.mobiles", "employees.mobiles_file")
    if before is not None and all(settings[key] == before.settings[key] for key in keys):
        return before.mobiles
    name = settings["employees.mobiles_file"]
    return Mobiles(settings["employees.mobiles"], home / name if name else None, time.monotonic)


def _rules(settings: Settings, lines: Lines) -> Rules:
    left_out = Lines(LineRule(match, ignore=True) for match in settings["filters.lines"])

    def ignores_line(line: str, trunk: str) -> bool:
        rule = lines.rule(line, trunk)
        return (rule is not None and rule.ignore) or left_out.rule(line, trunk) is not None

    return Rules(
        ignores_line=ignores_line,
        ignores_number=_listed(settings["filters.numbers"]),
        extensions_black=frozenset(settings["filters.extensions_black"]),
        extensions_white=frozenset(settings["filters.extensions_white"]),
        recordings=RecordingRules.of(settings, lines).are_wanted,
    )


def _listed(numbers: list[str]) -> Callable[[str], bool]:
    """By exact spelling (short numbers and words too), however a subscriber number is written, or by pattern."""
    exact, known = frozenset(numbers), Mobiles(numbers, None, time.monotonic)
    return lambda number: number in exact or known.matches(number)


def _options(settings: Settings, numbering: Numbering, lines: Lines) -> Options:
    return Options(
        create_incoming=settings["calls.create_incoming"],
        create_outgoing=settings["calls.create_outgoing"],
        lines=lines,
        first_responsible=settings["calls.first_responsible"],
        missed_responsible=settings["missed.responsible"],
        entity=settings["calls.entity"],
        spellings=numbering.variants if settings["numbers.search_variants"] else None,
        language=settings["portal.language"],
    )


def _directory(settings: Settings, numbering: Numbering) -> DirectoryRules:
    return DirectoryRules(
        settings["employees.overrides"],
        settings["calls.default_user"],
        settings["missed.spread"],
        tuple(settings["missed.users"]),
        settings["employees.profile_phones"],
        numbering.user,
    )


def _hooks(settings: Settings) -> HookRules:
    return HookRules(
        settings["hooks.enabled"],
        frozenset(settings["hooks.active"]),
        settings["hooks.seconds"],
        settings["hooks.record_seconds"],
    )


def _hours(settings: Settings) -> Hours:
    zone = zone_of(settings["hours.time_zone"]) or _local_zone()
    return Hours.parse(settings["hours.week"], settings["hours.holidays"], settings["hours.workdays"], zone)
