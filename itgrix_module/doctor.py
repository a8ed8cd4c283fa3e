# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor: tries every part for real, without side effects, and says how to mend what is wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace

from sqlalchemy import create_engine, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from itgrix_module import surroundings
from itgrix_module.app.health import Check, Level
from itgrix_module.app.rest_ports import LimitState, LimitStore
from itgrix_module.app.standing import CHECK
from itgrix_module.asterisk.connection import Connection
from itgrix_module.bitrix24 import crm
from itgrix_module.bitrix24.selftest import examine
from itgrix_module.core import Core
from itgrix_module.domain.failures import Failure, Temporary
from itgrix_module.pbx_door import link_settings
from itgrix_module.portal_door import PortalDoor
from itgrix_module.records_door import RecordsDoor
from itgrix_module.settings import Settings
from itgrix_module.vitals import deliveries_check

RIGHTS = (
    "Give the manager user read = call,cdr,agent,system and write = originate,call,reporting in manager.conf, "
    "then `manager reload`."
)


class Account:
    """Fulfils ``LimitStore``: the shared account of the portal's requests, or an own one where no row can be written.

    The portal must be looked at even while the database is locked or its disk is full.
    """

    def __init__(self, store: LimitStore) -> None:
        self._store = store
        self._own = LimitState()
        self._works: bool | None = None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """See the port."""
        with self._store.locked() if self._is_shared() else nullcontext():
            yield

    def load(self) -> LimitState:
        """See the port."""
        return self._store.load() if self._is_shared() else self._own

    def save(self, state: LimitState) -> None:
        """See the port."""
        if self._is_shared():
            self._store.save(state)
        else:
            self._own = state

    def _is_shared(self) -> bool:
        if self._works is None:
            try:
                try_writing(self._store)
                self._works = True
            except Failure:
                self._works = False  # the check of the database tells of it
        return self._works


def try_writing(store: LimitStore) -> None:
    """A write that means nothing; SQLite does not even touch a row that stays as it is. Raises Failure."""
    with store.locked():
        state = store.load()
        store.save(replace(state, level=state.level + 1e-9))


def ok(part: str, code: str, words: str) -> Check:
    """Nothing to mend."""
    return Check(part, Level.OK, code, words)


def bad(part: str, failure: Failure, level: Level = Level.ERROR) -> Check:
    """A failure as a finding."""
    return Check(part, level, failure.code, failure.text, failure.hint)


def examine_all(core: Core, portal: PortalDoor) -> Iterator[Check]:
    """Every check, as it is made."""
    settings = core.settings.current
    steps: tuple[Callable[[], Iterator[Check]], ...] = (
        lambda: database(core),
        lambda: pbx(settings),
        lambda: call_records(settings),
        lambda: portal_checks(settings, portal),
        lambda: iter([surroundings.recordings(settings)]),
        lambda: iter([surroundings.disk(surroundings.disks_of(core.place, settings))]),
    )
    for step in steps:
        yield from step()


def database(core: Core) -> Iterator[Check]:
    """Reading and writing, and what waits or failed for good."""
    try:
        try_writing(core.limits)
        yield ok("database", "database_ok", f"the database can be read and written: {core.database.address}")
    except Failure as failure:
        yield bad("database", failure)
    try:
        yield deliveries_check(core.deliveries, core.outbox.counts(), time.time())
    except Failure:
        return  # said above


def pbx(settings: Settings) -> Iterator[Check]:
    """The manager interface: can we log in, and may we do what we need?"""
    wanted = link_settings(settings)
    connection = Connection(wanted.host, wanted.port, on_message=lambda _: None, on_lost=lambda _: None, tls=wanted.tls)
    try:
        connection.open()
        connection.login(wanted.username, wanted.secret, "off")
        yield ok("pbx", "ami_login", f"logged in at {connection.where} as {wanted.username}")
        yield from _rights(connection)
    except Failure as failure:
        yield bad("pbx", failure)
    finally:
        connection.close()


def _rights(connection: Connection) -> Iterator[Check]:
    """Each class by an action that the PBX refuses for want of a channel, if it lets us try at all."""
    missing = [name for name, action in _PROBES if _is_denied(connection, action)]
    if missing:
        words = f"the manager user lacks the rights {', '.join(missing)}"
        yield Check("pbx", Level.ERROR, "ami_rights", words, RIGHTS, params={"missing": missing})
    else:
        yield ok("pbx", "ami_rights", "the manager user may do what is needed")


_PROBES = (("originate", "Originate"), ("call", "Getvar"), ("reporting", "CoreShowChannels"))


def _is_denied(connection: Connection, action: str) -> bool:
    try:
        if action == "CoreShowChannels":
            connection.list_action(action)
        else:
            connection.action(action)
    except Failure as failure:
        return failure.code == "permission"
    return False


def call_records(settings: Settings) -> Iterator[Check]:
    """The database with CDR and CEL, or their files."""
    url = settings["cdr.url"]
    if not url:
        yield _record_files(settings)
        return
    try:
        engine = create_engine(url, connect_args={"connect_timeout": 5} if url.startswith("mysql") else {})
        try:
            with engine.connect() as connection:
                connection.execute(text("SELECT calldate, uniqueid FROM cdr LIMIT 1"))
        finally:
            engine.dispose()
        yield ok("cdr", "cdr_ok", "the PBX's call records can be read")
    except (SQLAlchemyError, ArgumentError, ImportError) as error:
        words = f"the PBX's call records cannot be read: {_short(error)}"
        yield Check("cdr", Level.ERROR, "cdr_unreadable", words, "Check cdr.url: address, user, password, database.")


def _record_files(settings: Settings) -> Check:
    door = RecordsDoor()
    door.configure(settings)
    if not door.is_set:
        return Check(
            "cdr",
            Level.WARNING,
            "cdr_unset",
            "the PBX's call records are not set up; calls that happen while the link is down cannot be found",
            "Set cdr.url, on FreePBX mysql+pymysql://USER:PASSWORD@localhost/asteriskcdrdb.",
        )
    if door.stories().exist:
        return ok("cdr", "cdr_ok", "the PBX's call records can be read")
    hint = "Check cdr.csv and cel.csv; Asterisk makes the files with the first call."
    return Check("cdr", Level.WARNING, "cdr_missing", "there are no files with call records of the PBX", hint)


def _short(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]


def portal_checks(settings: Settings, portal: PortalDoor) -> Iterator[Check]:
    """What the authorisation allows, and who is known by which extension."""
    try:
        abilities = examine(portal.client, settings["portal.mode"])
        yield ok("portal", "portal_answers", f"the portal answers, user {abilities.user_id}")
        for finding in abilities.missing:
            level = Level.ERROR if finding.required else Level.WARNING
            yield Check("portal", level, finding.code, finding.text, finding.hint)
        yield from employees(portal, settings)
    except Failure as failure:
        yield _unanswered(failure)


def _unanswered(failure: Failure) -> Check:
    """The service repeats by itself what got no answer; whoever asks the doctor wants to know where to look."""
    is_lost = isinstance(failure, Temporary) and failure.executed and failure.scope != "portal"
    return replace(bad("portal", failure), hint=CHECK) if is_lost else bad("portal", failure)


def employees(portal: PortalDoor, settings: Settings) -> Iterator[Check]:
    """Users without an internal number, numbers with two users, and somebody for the calls of nobody."""
    found = crm.employees(portal.client)
    yield from _default_user(settings, {user.id for user in found})
    owners: dict[str, list[str]] = {}
    for user in found:
        if user.extension:
            owners.setdefault(user.extension, []).append(user.name)
    without = [user.name for user in found if not user.extension and user.id not in _overridden(settings)]
    yield ok("employees", "employees_ok", f"{len(owners)} extensions of {len(found)} portal users")
    for extension, names in sorted(owners.items()):
        if len(names) > 1:
            words = f"extension {extension} belongs to {' and '.join(names)}"
            yield Check(
                "employees",
                Level.WARNING,
                "extension_doubled",
                words,
                "Give every employee an internal number of his own in the portal.",
            )
    if without:
        words = f"without an internal number: {', '.join(without[:10])}{' ...' if len(without) > 10 else ''}"
        hint = "Enter the internal numbers in the portal, or map them with employees.overrides."
        yield Check("employees", Level.WARNING, "extension_missing", words, hint, params={"count": len(without)})


def _default_user(settings: Settings, active: set[int]) -> Iterator[Check]:
    """Calls of extensions without a user go to him; without a setting, to the user of the authorisation."""
    wanted = settings["calls.default_user"]
    if wanted and wanted not in active:
        words = f"the default user {wanted} is not an active employee of the portal"
        hint = "Set calls.default_user to an active one; until then the user of the authorisation takes these calls."
        yield Check("employees", Level.WARNING, "default_user_unknown", words, hint, params={"user": wanted})


def _overridden(settings: Settings) -> set[int]:
    return set(settings["employees.overrides"].values())
