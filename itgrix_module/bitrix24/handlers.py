# SPDX-License-Identifier: GPL-3.0-or-later
"""Event handlers and placements of our application in the portal: compared with what we want, and mended.

An update of the application takes them all away, a person may unbind one, an address may change: so they are looked
at, not assumed (contract §6.6, §7.1, §14).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from itgrix_module.app.application import Bound, Mended, Placed
from itgrix_module.app.rest_ports import Answer, Command, Rest
from itgrix_module.bitrix24.crm import read_profile
from itgrix_module.bitrix24.events import CALL_START, CALLBACK_START, TEST, UNINSTALL, UPDATE
from itgrix_module.bitrix24.limits import BACKGROUND
from itgrix_module.bitrix24.shapes import flag, mapping, maps, text, whole
from itgrix_module.domain.failures import Failure

USER_ADD = "ONUSERADD"
CRM = tuple(
    f"ONCRM{kind}{what}" for kind in ("LEAD", "CONTACT", "COMPANY", "DEAL") for what in ("ADD", "UPDATE", "DELETE")
)
OF_CALLS = (CALL_START, CALLBACK_START)
# Not every portal lets these be bound: it tells of them at the address of the application too, or not at all.
IF_POSSIBLE = frozenset({UPDATE, UNINSTALL, TEST, USER_ADD})
_PORTION = 50  # commands of one batch
_THERE = "handler_exists"


@dataclass(frozen=True)
class Wanted:
    """``handler``: our address, empty for the offline queue, None for no events at all.

    ``learn``: have the portal send a trial event.
    """

    handler: str | None
    crm: bool = True
    learn: bool = False
    placements: tuple[Placed, ...] = field(default=())

    def events(self) -> tuple[Bound, ...]:
        """The bindings as they should be."""
        if self.handler is None:
            return ()
        crm = CRM if self.crm else ()
        trial = (TEST,) if self.learn and self.handler else ()
        names = (*OF_CALLS, UPDATE, UNINSTALL, USER_ADD, *crm, *trial)
        return tuple(Bound(name, self.handler, offline=not self.handler) for name in names)


def mend(rest: Rest, wanted: Wanted, is_ours: Callable[[Bound], bool], clock: Callable[[], float]) -> Mended:
    """Bind what lacks, unbind what is ours and no longer wanted. Raises Failure when the portal refuses altogether.

    ``is_ours``: of a binding that nobody wants any more; others of the same application belong to other services.
    """
    seen = {answer.key: answer for answer in rest.batch(_looks(wanted), priority=BACKGROUND)}
    if isinstance(refused := seen["events"].failure, Failure):
        raise refused
    bound = tuple(_bound(seen["events"].result))
    lacking, surplus = _difference(bound, wanted.events(), is_ours)
    commands = [
        *(_bind(number, each) for number, each in enumerate(lacking)),
        *(_unbind(number, each) for number, each in enumerate(surplus)),
        *_placements(seen.get("placements"), wanted.placements),
    ]
    failures = _done(rest, commands)
    unbound = all(f"u{number}" not in failures for number, _ in enumerate(surplus))
    if wanted.learn and wanted.handler:
        rest.call("event.test", {}, priority=BACKGROUND)
    there = [each for each in bound if each not in surplus]
    there += [each for number, each in enumerate(lacking) if f"b{number}" not in failures]
    missing = {
        each.event: failures[f"b{number}"]
        for number, each in enumerate(lacking)
        if f"b{number}" in failures and each.event not in IF_POSSIBLE
    }
    person = read_profile(seen["person"].result)
    return Mended(
        bound=tuple(there),
        added=len(there) - len(bound) + len(surplus),
        removed=len(surplus),
        missing=missing,
        is_clean=unbound,
        offset=_offset(seen["time"].result, clock()),
        user_id=person.user_id if person else None,
        is_admin=person is not None and person.is_admin,
        is_installed=_is_installed(seen["app"]),
    )


def _looks(wanted: Wanted) -> list[Command]:
    looks = [
        Command("events", "event.get", {}),
        Command("time", "server.time", {}),
        Command("person", "profile", {}),
        Command("app", "app.info", {}),
    ]
    return [*looks, Command("placements", "placement.get", {})] if wanted.placements else looks


def _bound(rows: Any) -> Iterator[Bound]:
    for row in maps(rows):
        yield Bound(
            text(row.get("event")).upper(),
            text(row.get("handler")),
            flag(row.get("offline")),
            whole(row.get("auth_type")) or 0,
            text(row.get("connector_id")) or text(row.get("auth_connector")),
        )


def _difference(
    bound: Sequence[Bound], wanted: Sequence[Bound], is_ours: Callable[[Bound], bool]
) -> tuple[list[Bound], list[Bound]]:
    there = {_place(each) for each in bound}
    asked = {_place(each) for each in wanted}
    lacking = [each for each in wanted if _place(each) not in there]
    surplus = [each for each in bound if _place(each) not in asked and not each.connector and is_ours(each)]
    return lacking, surplus


def _place(bound: Bound) -> tuple[str, str, bool]:
    return bound.event, "" if bound.offline else bound.handler, bound.offline


def _params(bound: Bound) -> dict[str, Any]:
    if bound.offline:
        return {"event": bound.event, "event_type": "offline"}
    return {"event": bound.event, "handler": bound.handler}


def _bind(number: int, bound: Bound) -> Command:
    return Command(f"b{number}", "event.bind", _params(bound))


def _unbind(number: int, bound: Bound) -> Command:
    params = _params(bound) | ({"auth_type": bound.auth_type} if bound.auth_type else {})
    return Command(f"u{number}", "event.unbind", params)


def _placements(answer: Answer | None, wanted: Sequence[Placed]) -> Iterator[Command]:
    there = {(text(row.get("placement")), text(row.get("handler"))) for row in maps(answer.result if answer else ())}
    for number, each in enumerate(wanted):
        if (each.placement, each.handler) not in there:
            params = {"PLACEMENT": each.placement, "HANDLER": each.handler, "TITLE": each.title}
            yield Command(f"p{number}", "placement.bind", params)


def _done(rest: Rest, commands: Sequence[Command]) -> Mapping[str, Failure]:
    failures: dict[str, Failure] = {}
    for start in range(0, len(commands), _PORTION):
        for answer in rest.batch(commands[start : start + _PORTION], priority=BACKGROUND):
            if isinstance(answer.failure, Failure) and answer.failure.code != _THERE:
                failures[answer.key] = answer.failure
    return failures


def _offset(moment: Any, now: float) -> float | None:
    """Seconds that the portal's clock is ahead of ours; None when it does not tell."""
    at = epoch(moment)
    return None if at is None else at - now


def epoch(moment: Any) -> float | None:
    """A moment of the portal, ISO 8601 with its offset, as epoch seconds; None for anything else."""
    try:
        found = datetime.fromisoformat(text(moment))
        return found.timestamp() if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _is_installed(answer: Answer) -> bool:
    info = mapping(answer.result)
    return "INSTALLED" not in info or flag(info["INSTALLED"])
