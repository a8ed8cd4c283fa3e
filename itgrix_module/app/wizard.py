# SPDX-License-Identifier: GPL-3.0-or-later
"""The first-run wizard: its steps, how far somebody has come, and what the pages need from the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from itgrix_module.app.health import Check, Level
from itgrix_module.app.people_ports import Employee
from itgrix_module.app.ports import CallRow, PortalSide

LANGUAGE, DATABASE, PBX, RECORDS, PORTAL = "language", "database", "pbx", "records", "portal"
EMPLOYEES, LINES, RECORDINGS, TEST = "employees", "lines", "recordings", "test"
STEPS = (LANGUAGE, DATABASE, PBX, RECORDS, PORTAL, EMPLOYEES, LINES, RECORDINGS, TEST)
CLOSED = "closed"  # somebody has left the wizard for good
SKIPPED = "skipped"
# What each step may change; nothing else gets through a form.
KEYS: Mapping[str, frozenset[str]] = {
    LANGUAGE: frozenset({"portal.language", "panel.time_zone", "numbers.country"}),
    PBX: frozenset({"ami.host", "ami.port", "ami.username", "ami.secret", "ami.tls", "ami.tls_verify", "ami.tls_ca"}),
    RECORDS: frozenset({"cdr.url"}),
    PORTAL: frozenset(
        {
            *("portal.mode", "portal.webhook_url", "portal.domain", "portal.client_id", "portal.client_secret"),
            *("portal.public_url", "portal.verify_tls", "portal.ca_file"),
        }
    ),
    EMPLOYEES: frozenset({"calls.default_user"}),
    LINES: frozenset({"lines"}),
    RECORDINGS: frozenset({"recordings.mode", "recordings.directory", "recordings.bitrate"}),
}
DONE, WAITING, FAILED, UNNEEDED = "done", "waiting", "failed", "unneeded"


@dataclass(frozen=True)
class Found:
    """How a step came out. ``state``: ok, warning, error, skipped, or empty when nobody was there yet.

    ``at``: epoch seconds. ``data``: JSON of the step itself.
    """

    state: str = ""
    at: float = 0.0
    checks: tuple[Check, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_passed(self) -> bool:
        """Can one go on from here?"""
        return self.state in (Level.OK, Level.WARNING, SKIPPED)


@dataclass(frozen=True)
class Progress:
    """How far somebody has come."""

    steps: Mapping[str, Found] = field(default_factory=dict)

    def of(self, step: str) -> Found:
        """A step that nobody has seen is empty."""
        return self.steps.get(step, Found())

    @property
    def next(self) -> str:
        """The first step that is not passed; empty at the end."""
        return next((step for step in STEPS if not self.of(step).is_passed), "")

    @property
    def is_closed(self) -> bool:
        return CLOSED in self.steps


@dataclass(frozen=True)
class Tried:
    """What came of an attempt. ``problems``: key of a setting to what is wrong with it; ``saved``: it is in force."""

    found: Found = Found()
    problems: Mapping[str, str] = field(default_factory=dict)
    saved: bool = False


@dataclass(frozen=True)
class ManagerAccount:
    """The PBX's user for us. ``file``: where the wizard can write it, empty when it cannot, for the ``reason``."""

    name: str
    lines: str
    file: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Stage:
    """A stage of the test call. ``state``: done, waiting, failed or unneeded. ``why``: of a failure, English."""

    name: str
    state: str
    why: str = ""


@dataclass(frozen=True)
class CallTest:
    """The test call as far as it has come. ``since``: epoch seconds from which calls are waited for, 0: not begun.

    ``only_internal``: calls came, but none with anybody outside.
    """

    since: float = 0.0
    call: CallRow | None = None
    stages: tuple[Stage, ...] = ()
    only_internal: bool = False

    @property
    def is_over(self) -> bool:
        return bool(self.stages) and all(stage.state != WAITING for stage in self.stages)

    @property
    def is_good(self) -> bool:
        return self.is_over and all(stage.state != FAILED for stage in self.stages)


class WizardDesk(Protocol):
    """What the pages of the wizard work with. Everything raises Failure when the database does not answer."""

    def progress(self) -> Progress: ...

    def is_fresh(self) -> bool:
        """Is nothing set up yet, and has nobody left the wizard?"""

    def values(self) -> Mapping[str, Any]:
        """Settings now; of secrets only whether they are set."""

    def records_parts(self) -> Mapping[str, str]:
        """Address of the call records in parts, without the password."""

    def look(self, step: str, *, keep: bool = True) -> Found:
        """Check with what is in force. ``keep``: the step counts as seen."""

    def offer(self, step: str, changes: Mapping[str, Any], *, anyway: bool = False) -> Tried:
        """Check with these changes for real, then save them; with errors only ``anyway``."""

    def offer_records(self, parts: Mapping[str, str], *, anyway: bool = False) -> Tried:
        """The same for the call records, by the parts of their address."""

    def name_lines(self, names: Mapping[str, str]) -> Tried:
        """Line to what people call it; lines without a name stay as they are."""

    def skip(self, step: str) -> None: ...

    def close(self) -> None:
        """Do not open by itself any more."""

    def account(self) -> ManagerAccount: ...

    def create_account(self) -> Tried:
        """Write the user into the PBX's configuration, reload it, log in, and save."""

    def employees(self) -> Sequence[Employee]: ...

    def open_lines(self) -> Sequence[str]:
        """Lines of the traffic that have no name yet."""

    def begin_test(self) -> None:
        """Wait for the next call from now on."""

    def test_call(self) -> CallTest: ...


def state_of(checks: Sequence[Check]) -> str:
    """The worst of them."""
    levels = [check.level for check in checks]
    return str(max(levels, key=list(Level).index, default=Level.OK))


def stages_of(
    call: CallRow | None, portal: PortalSide, steps: Mapping[str, tuple[str, str]], *, recorded: bool
) -> tuple[Stage, ...]:
    """What has become of the test call. ``steps``: kind to state and text of the last one; ``recorded``: wanted."""
    if call is None:
        return tuple(Stage(name, WAITING) for name in _NAMES)
    over, answered = not call.live, call.answered is not None
    left = portal.left_out
    return (
        Stage("heard", DONE),
        Stage("rings", DONE if call.rang or answered else _waits(over)),
        _sent("registered", bool(portal.call_id), steps.get("register"), left),
        Stage("answered", DONE if answered else (UNNEEDED if over else WAITING)),
        Stage("ended", DONE if over else WAITING),
        _sent("finished", portal.finished, steps.get("finish"), left),
        _attached(portal, steps.get("attach"), wanted=recorded and (answered or not over), left=left),
    )


_NAMES = ("heard", "rings", "registered", "answered", "ended", "finished", "attached")


def _waits(over: bool) -> str:
    return UNNEEDED if over else WAITING


def _sent(name: str, done: bool, step: tuple[str, str] | None, left: str) -> Stage:
    if done:
        return Stage(name, DONE)
    if left:
        return Stage(name, FAILED, left)
    if step is not None and step[0] in ("failed", "dropped"):
        return Stage(name, FAILED, step[1])
    return Stage(name, WAITING, step[1] if step is not None else "")


def _attached(portal: PortalSide, step: tuple[str, str] | None, *, wanted: bool, left: str) -> Stage:
    if step is not None and step[0] == "done":
        return Stage("attached", DONE)
    if not wanted or left or (step is None and portal.finished):
        return Stage("attached", DONE if portal.record_file_id else UNNEEDED)
    return _sent("attached", bool(portal.record_file_id), step, "")
