# SPDX-License-Identifier: GPL-3.0-or-later
"""The health of the running service, part by part, in words; and the log's share of it: said once bad, once good."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from itgrix_module.app.directory import DirectoryState
from itgrix_module.app.health import Check, Health, Level
from itgrix_module.app.standing import State, of_database
from itgrix_module.asterisk.link import LinkState
from itgrix_module.bitrix24 import limits as budget
from itgrix_module.domain.failures import Failure
from itgrix_module.storage.outbox_admin import OutboxAdmin, StepFilter

if TYPE_CHECKING:
    from itgrix_module.service import Service

log = logging.getLogger("itgrix.health")

_STALE = 300.0  # seconds that a delivery may be late before it is worth a warning
_ECHO = 15.0  # seconds in which another part's notice of the same cause is the same fault
_SHOWN = 20  # extensions that a message names


def health(service: Service, version: str) -> Health:
    """How each part is now."""
    now = time.time()
    counts, database = _counts(service)
    directory, default_user = _people(service)
    deliveries = _deliveries(service.core.deliveries, counts, now) if database is None else None
    disk, recordings = service.surroundings.checks()
    checks = (
        pbx_check(service.pbx.state),
        portal_check(service.standing.state, is_held=service.standing.is_held),
        database or database_check(service),
        *((deliveries,) if deliveries else ()),
        disk,
        recordings_check(recordings, service.uploader.state),
        employees_check(directory, default_user),
        service.route_door.check(),
        clicks_check(service.dialling.check(), service.core.settings.current),
        service.reconciling.check(),
        *_events(service),
        *service.updates.checks(),
        *_broken(service),
    )
    counted = {**counts, "live_calls": service.tracker.live_calls, "employees": len(directory.employees)}
    return Health(version, service.node, service.started, now, checks, counted, _budget(service, now))


def _people(service: Service) -> tuple[DirectoryState, int]:
    """The employee map and the default user, which may become known, or become another portal's, meanwhile."""
    before = service.directory.default_user("")
    state = service.directory.state
    return state, before or service.directory.default_user("")


def _budget(service: Service, now: float) -> float:
    try:
        return budget.pressure(service.core.limits.load(), now, service.portal.limits)
    except Failure:
        return 0.0


def _counts(service: Service) -> tuple[Mapping[str, int], Check | None]:
    try:
        found = dict(service.core.outbox.counts())
    except Failure as failure:
        return {}, _bad("database", failure)
    named = {"steps_waiting": found.get("waiting", 0), "steps_failed": found.get("failed", 0)}
    return {**found, **named}, None


def database_check(service: Service) -> Check:
    """Reading works; whether writing does, those know who write."""
    for _, error in service.troubles.current:
        if isinstance(error, Failure) and of_database(error):
            return _bad("database", error)
    return Check("database", Level.OK, "database_ok", "the database answers")


def _events(service: Service) -> Iterator[Check]:
    if (check := service.way_in.check()) is not None:
        yield check


def _broken(service: Service) -> Iterator[Check]:
    """A part of the service that fails at something nobody foresaw."""
    for worker, error in service.troubles.current:
        if not isinstance(error, Failure):
            words = f"{worker} fails again and again: {error}"
            yield Check(
                "service", Level.ERROR, "worker_failed", words, "Please send the diagnostics bundle to support."
            )
            return


def _bad(part: str, failure: Failure, since: float | None = None) -> Check:
    return Check(part, Level.ERROR, failure.code, str(failure), failure.hint, since)


def pbx_check(state: LinkState) -> Check:
    """The AMI link."""
    if state.phase in ("up", "resyncing"):
        if state.missing:
            names = ", ".join(state.missing)
            text = f"the manager user may not use {names}"
            hint = "Give the manager user the rights read=call,cdr,agent,system and write=originate,call,reporting."
            return Check("pbx", Level.WARNING, "ami_rights", text, hint, state.since, {"missing": names})
        text = f"connected to Asterisk {state.asterisk_version}".strip()
        params = {"version": state.asterisk_version}
        return Check("pbx", Level.OK, "ami_up", text, since=state.since, params=params)
    level = Level.WARNING if state.phase == "connecting" else Level.ERROR
    return Check("pbx", level, state.code or "ami_connecting", state.reason or "connecting", state.hint, state.since)


def portal_check(state: State, *, is_held: bool = False) -> Check:
    """Whether the portal takes calls. ``is_held``: somebody wants nothing to be sent."""
    if is_held:
        hint = "Resume them on the deliveries page."
        return Check("portal", Level.WARNING, "portal_paused", "deliveries to the portal are paused", hint)
    if state.reason is None:
        return Check("portal", Level.OK, "portal_up", "the portal takes calls")
    return _bad("portal", state.reason, state.since)


def recordings_check(surroundings: Check, state: State) -> Check:
    """What keeps recordings from the portal: what was met while one was prepared says most."""
    if state.reason is None or surroundings.level is Level.ERROR:
        return surroundings
    return Check("recordings", Level.WARNING, state.reason.code, str(state.reason), state.reason.hint, state.since)


def clicks_check(ready: Check, settings: Mapping[str, Any]) -> Check:
    """Of calls from the CRM. However ready the PBX is: where no event of the portal comes, no click does."""
    if ready.code != "dial_ok":
        return ready
    if settings["portal.mode"] == "webhook":
        return Check("dialling", Level.OK, "dial_unheard", "a click does not reach the PBX: a webhook brings no events")
    if settings["portal.events"] == "off":
        text = "a click does not reach the PBX: events of the portal are switched off"
        return Check("dialling", Level.OK, "dial_unheard", text)
    return ready


def _deliveries(admin: OutboxAdmin, counts: Mapping[str, int], now: float) -> Check | None:
    try:
        return deliveries_check(admin, counts, now)
    except Failure:
        return None


def deliveries_check(admin: OutboxAdmin, counts: Mapping[str, int], now: float) -> Check:
    """What failed, and what waits for longer than anything should. ``counts``: of the outbox. Raises Failure."""
    failed, waiting = counts.get("failed", 0), counts.get("waiting", 0)
    if failed:
        text = f"{failed} deliveries failed for good, the last one: {admin.steps('failed', limit=1)[0].text}"
        hint = "Look at them on the deliveries page: mend the cause and retry, or drop them."
        return Check("deliveries", Level.WARNING, "deliveries_failed", text, hint, params={"count": failed})
    old = StepFilter(until=now - _STALE)
    late = admin.count("waiting", old) if waiting else 0
    if late:
        why = admin.steps("waiting", limit=1, wanted=old)[0].text
        text = f"{late} of {waiting} deliveries wait for more than {int(_STALE / 60)} minutes: {why or 'not tried yet'}"
        hint = "They are repeated by themselves; nothing is lost meanwhile."
        return Check("deliveries", Level.WARNING, "deliveries_late", text, hint, params={"count": late})
    return Check("deliveries", Level.OK, "deliveries_ok", f"deliveries that wait: {waiting}", params={"count": waiting})


def employees_check(state: DirectoryState, default_user: int) -> Check:
    """The employee map. ``default_user``: who takes the calls of nobody, 0 when there is no such user."""
    if state.failure is not None and not state.employees:
        return _bad("employees", state.failure)
    if state.refreshed and not default_user:
        text = "nobody takes the calls of extensions without a portal user: they wait"
        return Check("employees", Level.ERROR, "default_user_missing", text, "Set calls.default_user.")
    return _gaps(state)


def _gaps(state: DirectoryState) -> Check:
    if state.doubles:
        names = _names(state.doubles)
        hint = "Give every employee an internal number of his own in the portal."
        text = f"more than one portal user has the extension {names}; its calls go to the default user"
        return Check("employees", Level.WARNING, "extension_doubled", text, hint, params={"extensions": names})
    if state.unknown:
        names = _names(state.unknown)
        hint = "Enter the internal numbers in the portal, or map them on the employees page."
        text = f"no portal user has the extension {names}; its calls go to the default user"
        return Check("employees", Level.WARNING, "extension_unknown", text, hint, params={"extensions": names})
    count = len(state.employees)
    if state.shrunken is not None:
        text = f"the portal named only {state.shrunken} of {count} employees; the known ones stay"
        hint = "Check that the user whose authorisation is used may see all employees."
        return Check("employees", Level.WARNING, "employees_shrunken", text, hint, params={"count": state.shrunken})
    if state.failure is not None:
        text = f"employees could not be refreshed: {state.failure.text}"
        return Check("employees", Level.WARNING, state.failure.code, text, state.failure.hint)
    return Check("employees", Level.OK, "employees_ok", f"employees known: {count}", params={"count": count})


def _names(extensions: tuple[str, ...]) -> str:
    more = len(extensions) - _SHOWN
    return ", ".join(extensions[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


class Watch:
    """Tells the log of findings that nobody tells of otherwise: once when they come, once when they are over.

    The AMI link, the deliverers and the workers tell of their own faults at once. One cause that several parts meet (a
    full disk) is told for the first of them, and those that notice its end a little later have nothing to tell.
    """

    _TOLD_ELSEWHERE = frozenset({"portal", "database", "service", "cdr"})

    def __init__(self, checks: Callable[[], tuple[Check, ...]], clock: Callable[[], float] = time.monotonic) -> None:
        self._checks, self._clock = checks, clock
        self._told: dict[str, Check] = {}
        self._causes: dict[str, tuple[str, float]] = {}

    def __call__(self) -> None:
        for check in self._checks():
            if check.level is Level.OK:
                self._well(check)
            elif self._is_told(check):
                self._causes[check.code] = check.part, self._clock()
            elif not self._is_echo(check):
                self._bad(check)

    def _is_echo(self, check: Check) -> bool:
        part, at = self._causes.get(check.code, (check.part, 0.0))
        return part != check.part and self._clock() - at < _ECHO

    def _is_told(self, check: Check) -> bool:
        if check.part in self._TOLD_ELSEWHERE or (check.part == "pbx" and check.code != "ami_rights"):
            return True
        told = self._told.get(check.part)
        if told is None or told.code != check.code:
            return False
        return check.part != "employees" or told.text == check.text

    def _bad(self, check: Check) -> None:
        level = logging.ERROR if check.level is Level.ERROR else logging.WARNING
        log.log(level, "%s: %s. %s", check.part, check.text.rstrip("."), check.hint)
        self._told[check.part] = check
        self._causes[check.code] = check.part, self._clock()

    def _well(self, check: Check) -> None:
        if self._told.pop(check.part, None) is not None:
            log.warning("%s: well again: %s", check.part, check.text)
