# SPDX-License-Identifier: GPL-3.0-or-later
"""The first-run wizard over the running service: tries what was typed for real before anything is saved."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from itgrix_module import doctor, surroundings, wizard_records
from itgrix_module.app import wizard as steps
from itgrix_module.app.health import Check, Level
from itgrix_module.app.lines import unmapped
from itgrix_module.app.people_ports import Employee
from itgrix_module.app.ports import PortalSide
from itgrix_module.app.recording_rules import RecordingRules
from itgrix_module.app.wizard import CallTest, Found, ManagerAccount, Progress, Tried, stages_of, state_of
from itgrix_module.asterisk import account_file, account_section
from itgrix_module.domain.call import Direction
from itgrix_module.domain.failures import Failure
from itgrix_module.live import portal_of
from itgrix_module.portal_door import PortalDoor
from itgrix_module.service import Service
from itgrix_module.settings import Settings, SettingsError
from itgrix_module.storage.queries import CallStory
from itgrix_module.storage.wizard_progress import SqlWizardProgress

_LOOKED_AT = 20  # newest calls among which the test call is
_RELOAD_WAIT = 3.0  # seconds that a reloaded PBX may take to know a new user
_HIDDEN_SECRET = "…"  # noqa: S105 -- stands for a password in the lines shown


class Wizard:
    """Fulfils ``app.wizard.WizardDesk``. ``reload``: tells the PBX of a changed configuration, false if it cannot."""

    def __init__(self, service: Service, reload: Callable[[], bool] = account_section.reload) -> None:
        self._service, self._core, self._reload = service, service.core, reload
        self._progress = SqlWizardProgress(service.core.database)
        self._checks: Mapping[str, Callable[[Settings], Iterator[Check]]] = {
            steps.LANGUAGE: lambda _: iter(()),
            steps.DATABASE: self._database,
            steps.PBX: doctor.pbx,
            steps.RECORDS: wizard_records.examined,
            steps.PORTAL: self._portal,
            steps.EMPLOYEES: self._employees,
            steps.LINES: self._lines,
            steps.RECORDINGS: lambda settings: iter([surroundings.recordings(settings)]),
        }

    @property
    def _settings(self) -> Settings:
        return self._core.settings.current

    # -- how far

    def progress(self) -> Progress:
        """See the port."""
        return self._progress.load()

    def is_fresh(self) -> bool:
        """See the port."""
        return not portal_of(self._settings) and not self.progress().is_closed

    def skip(self, step: str) -> None:
        """See the port."""
        self._progress.save(step, Found(steps.SKIPPED, time.time(), self.progress().of(step).checks))

    def close(self) -> None:
        """See the port."""
        self._progress.save(steps.CLOSED, Found(steps.CLOSED, time.time()))

    def values(self) -> Mapping[str, Any]:
        """See the port."""
        return self._settings.shown()

    # -- checking and saving

    def look(self, step: str, *, keep: bool = True) -> Found:
        """See the port."""
        checks = self._examined(step, self._settings)
        return self._kept(step, checks) if keep else Found(state_of(checks), time.time(), checks)

    def offer(self, step: str, changes: Mapping[str, Any], *, anyway: bool = False) -> Tried:
        """See the port."""
        wanted = {key: value for key, value in changes.items() if key in steps.KEYS[step]}
        current = self._settings
        try:
            trial = Settings({**{key: current[key] for key in current.given}, **wanted})
        except SettingsError as error:
            return Tried(problems=error.problems)
        checks = self._examined(step, trial)
        if state_of(checks) == Level.ERROR and not anyway:
            return Tried(self._kept(step, checks))
        try:
            self._core.settings.save(wanted)
        except SettingsError as error:
            return Tried(problems=error.problems)
        return Tried(self._kept(step, checks), saved=True)

    def _examined(self, step: str, settings: Settings) -> tuple[Check, ...]:
        try:
            return tuple(self._checks[step](settings))
        except Failure as failure:
            return (doctor.bad(step, failure),)

    def _kept(self, step: str, checks: Sequence[Check]) -> Found:
        found = Found(state_of(checks), time.time(), tuple(checks))
        self._progress.save(step, found)
        return found

    def _database(self, settings: Settings) -> Iterator[Check]:
        for check in doctor.database(self._core):
            if check.part == "database":
                yield check
        yield surroundings.disk(surroundings.disks_of(self._core.place, settings))

    # -- the PBX's user

    def account(self) -> ManagerAccount:
        """See the port."""
        section = account_section.Section(self._settings["ami.username"] or "itgrix", _HIDDEN_SECRET)
        try:
            file = account_file.file_for(self._folder())
        except Failure as failure:
            return ManagerAccount(section.name, section.text(), reason=failure.text)
        return ManagerAccount(section.name, section.text(), str(file))

    def _folder(self) -> Path:
        return Path(self._settings["ami.config_folder"])

    def create_account(self) -> Tried:
        """See the port."""
        section = account_section.Section(self._settings["ami.username"] or "itgrix", account_section.new_secret())
        try:
            account_file.write(account_file.file_for(self._folder()), section)
        except Failure as failure:
            return Tried(self._kept(steps.PBX, (doctor.bad("pbx", failure),)))
        changes = {"ami.username": section.name, "ami.secret": section.secret}
        if not self._reload():
            # The user is there and its password must not get lost, though the PBX does not know it yet.
            self._core.settings.save(changes)
            words = "the manager user is written, but the PBX could not be told"
            hint = "Run `asterisk -rx 'manager reload'` on the PBX, then check again."
            return Tried(self._kept(steps.PBX, (Check("pbx", Level.ERROR, "manager_reload", words, hint),)), saved=True)
        tried = self.offer(steps.PBX, changes, anyway=True)
        deadline = time.monotonic() + _RELOAD_WAIT
        while tried.found.state == Level.ERROR and time.monotonic() < deadline:
            if self._service.ending.event.wait(0.2):
                break
            tried = Tried(self.look(steps.PBX), saved=True)
        return tried

    # -- call records

    def records_parts(self) -> Mapping[str, str]:
        """See the port."""
        return wizard_records.parts_of(self._settings["cdr.url"])

    def offer_records(self, parts: Mapping[str, str], *, anyway: bool = False) -> Tried:
        """See the port."""
        problem = wizard_records.problem_of(parts)
        if problem:
            return Tried(problems={"port": problem})
        url = wizard_records.address_of(parts, self._settings["cdr.url"])
        return self.offer(steps.RECORDS, {"cdr.url": url}, anyway=anyway)

    # -- the portal

    def _portal(self, settings: Settings) -> Iterator[Check]:
        if settings["portal.mode"] == "app" and self._core.tokens.load() is None:
            yield from _application(settings)
            return
        with self._door(settings) as portal:
            for check in doctor.portal_checks(settings, portal):
                if check.part == "employees":
                    return
                yield check

    def _employees(self, settings: Settings) -> Iterator[Check]:
        with self._door(settings) as portal:
            yield from doctor.employees(portal, settings)

    @contextmanager
    def _door(self, settings: Settings) -> Iterator[PortalDoor]:
        portal = PortalDoor(self._core.tokens, doctor.Account(self._core.limits), time.time, time.sleep)
        portal.configure(settings)
        try:
            yield portal
        finally:
            portal.close()

    def employees(self) -> Sequence[Employee]:
        """See the port."""
        return self._service.directory.state.employees

    # -- lines

    def open_lines(self) -> Sequence[str]:
        """See the port."""
        seen = self._core.calls.lines()
        found = unmapped(((line.line, line.trunk) for line in seen), self._core.settings.house.lines)
        return list(dict.fromkeys(line or trunk for line, trunk in found if line or trunk))

    def name_lines(self, names: Mapping[str, str]) -> Tried:
        """See the port."""
        open_ = set(self.open_lines())
        added = [{"match": line, "name": name} for line, name in names.items() if name and line in open_]
        return self.offer(steps.LINES, {"lines": [*self._settings["lines"], *added]})

    def _lines(self, settings: Settings) -> Iterator[Check]:
        open_, named = self.open_lines(), len(settings["lines"])
        if open_:
            words = f"{len(open_)} lines of the traffic have no name"
            yield Check("lines", Level.WARNING, "lines_open", words, "Name them here, or later on the lines page.")
        elif named:
            yield Check("lines", Level.OK, "lines_named", f"{named} lines are named")
        else:
            yield Check("lines", Level.OK, "lines_none", "no line was seen yet")

    # -- the test call

    def begin_test(self) -> None:
        """See the port."""
        now = time.time()
        self._progress.save(steps.TEST, Found("", now, data={"since": now}))

    def test_call(self) -> CallTest:
        """See the port."""
        found = self.progress().of(steps.TEST)
        since = float(found.data.get("since", 0.0))
        if not since:
            return CallTest()
        newer = [item.call for item in self._core.calls.newest(_LOOKED_AT) if item.call.started >= since - 1.0]
        outside = [call for call in newer if call.direction != Direction.INTERNAL]
        story = self._core.calls.story(outside[-1].node, outside[-1].linkedid) if outside else None
        test = CallTest(since, story.item.call if story else None, self._stages(story), bool(newer) and not outside)
        if test.is_over and not found.is_passed:
            state = Level.OK if test.is_good else Level.ERROR
            self._progress.save(steps.TEST, Found(str(state), time.time(), data=found.data))
        return test

    def _stages(self, story: CallStory | None) -> tuple[steps.Stage, ...]:
        if story is None:
            return stages_of(None, PortalSide(), {}, recorded=False)
        sent = {step.kind: (step.state, step.text) for step in story.steps}
        rules = RecordingRules.of(self._settings, self._core.settings.house.lines)
        return stages_of(story.item.call, story.item.portal, sent, recorded=rules.are_wanted)


def _application(settings: Settings) -> Iterator[Check]:
    """The portal sends the authorisation by itself when the application is installed there."""
    missing = [name for name in ("domain", "client_id", "client_secret") if not settings[f"portal.{name}"]]
    if missing:
        words = "address, code and key of the application are needed"
        yield Check("portal", Level.ERROR, "app_incomplete", words, "Copy them from the application in Bitrix24.")
        return
    words = "the portal has not sent the authorisation yet"
    hint = "Open the application in Bitrix24 and save it once more, or press Reinstall there; this page sees it."
    yield Check("portal", Level.WARNING, "app_waiting", words, hint)
