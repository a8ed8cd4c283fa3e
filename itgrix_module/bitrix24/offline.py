# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal's queue of events, for a PBX that the portal cannot reach (contract §7.4).

A portion is reserved first and forgotten by the portal only after it is stored here, so a crash in between loses
nothing. What was reserved by a process that died is found again by ``reserved``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from itgrix_module.app.happenings import Happening
from itgrix_module.app.rest_ports import Command, Rest
from itgrix_module.bitrix24.crm import Portal
from itgrix_module.bitrix24.events import key_of
from itgrix_module.bitrix24.handlers import epoch
from itgrix_module.bitrix24.limits import NORMAL
from itgrix_module.bitrix24.shapes import mapping, maps, text
from itgrix_module.domain.failures import Failure

PORTION = 50
GET, CLEAR, LIST = "event.offline.get", "event.offline.clear", "event.offline.list"
_MOST_NAMES = 100  # characters
_DEEPEST = 8  # maps in maps


@dataclass(frozen=True)
class Portion:
    """Events that the portal holds for ``process`` until it is told to forget them.

    ``offset``: seconds that the portal's clock is ahead of ours; None when it does not tell.
    """

    process: str
    happenings: tuple[Happening, ...]
    offset: float | None

    @property
    def is_full(self) -> bool:
        """May there be more?"""
        return len(self.happenings) >= PORTION


def take(rest: Rest, forget: Sequence[str], now: float) -> Portion:
    """The next portion, in one request that also forgets what is stored here already. Raises Failure.

    ``forget``: processes. One that the portal knows no more is no fault.
    """
    commands = [Command(f"c{number}", CLEAR, {"process_id": each}) for number, each in enumerate(forget)]
    commands += [Command("time", "server.time", {}), Command("get", GET, {"limit": PORTION, "clear": 0})]
    answers = {answer.key: answer for answer in rest.batch(commands, priority=NORMAL)}
    if isinstance(refused := answers["get"].failure, Failure):
        raise refused
    found = mapping(answers["get"].result)
    at = epoch(answers["time"].result)
    offset = None if at is None else at - now
    return Portion(text(found.get("process_id")), tuple(_read(maps(found.get("events")), now, offset)), offset)


def reserved(portal: Portal, now: float) -> list[Portion]:
    """What somebody of ours reserved and did not forget. Raises Failure."""
    held: dict[str, list[dict[str, Any]]] = {}
    for row in portal.list(LIST, {"order": {"ID": "ASC"}}, priority=NORMAL):
        if process := text(row.get("PROCESS_ID")):
            held.setdefault(process, []).append(row)
    return [Portion(process, tuple(_read(rows, now, None)), None) for process, rows in held.items()]


def _read(rows: Sequence[Mapping[str, Any]], now: float, offset: float | None) -> Iterator[Happening]:
    for row in rows:
        name = text(row.get("EVENT_NAME")).strip().upper()[:_MOST_NAMES]
        data = _as_form(mapping(row.get("EVENT_DATA")))
        moment = text(row.get("TIMESTAMP_X"))
        at = epoch(moment)
        sent = now if at is None else min(now, at - (offset or 0.0))
        yield Happening(name, data, sent, now, key_of(name, data, moment or text(row.get("ID"))))


def _as_form(value: Any, depth: int = 0) -> Any:
    """The same with texts for leaves, as a form brings them: in JSON ids are numbers."""
    if depth < _DEEPEST and isinstance(value, dict):
        return {str(name): _as_form(each, depth + 1) for name, each in value.items()}
    if depth < _DEEPEST and isinstance(value, list):
        return [_as_form(each, depth + 1) for each in value]
    return ("1" if value else "") if isinstance(value, bool) else text(value)
