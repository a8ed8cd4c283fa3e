# SPDX-License-Identifier: GPL-3.0-or-later
"""What the use cases need from the outside, as Protocols that the adapters fulfil."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from itgrix_module.domain.steps import urgency


@dataclass(frozen=True)
class Tokens:
    """OAuth pair of the portal's application. Times in epoch seconds, UTC.

    ``server_endpoint``: ``https://HOST/rest/`` of the authorisation server, as the portal gave it.
    """

    access_token: str
    refresh_token: str
    expires_at: float
    member_id: str
    domain: str
    client_endpoint: str
    server_endpoint: str
    application_token: str = ""
    scope: frozenset[str] = frozenset()
    user_id: int | None = None


class TokenStore(Protocol):
    """Keeps the pair, encrypted at rest."""

    def load(self) -> Tokens | None: ...

    def save(self, tokens: Tokens) -> None:
        """Durable when it returns: a refreshed pair is stored before its first use."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Held by one thread of one process at a time; bounds every refresh."""


@dataclass(frozen=True)
class LimitState:
    """Shared account of the portal's limits; one row per portal, the same for all nodes.

    ``level``: fill of the leaky bucket at ``at`` (epoch seconds). ``operating``: per method, seconds used in the
    portal's window and the epoch second when the oldest minute leaves it. ``blocked_until``: epoch seconds, per
    method; the key ``*`` blocks the portal.
    """

    level: float = 0.0
    at: float = 0.0
    operating: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    blocked_until: Mapping[str, float] = field(default_factory=dict)


class LimitStore(Protocol):
    """Read-modify-write of LimitState under one lock across threads and processes."""

    def locked(self) -> AbstractContextManager[None]: ...

    def load(self) -> LimitState: ...

    def save(self, state: LimitState) -> None: ...


@dataclass(frozen=True)
class Command:
    """One REST method for the portal. ``key`` names it inside a batch; params may hold ``$result[key][field]``."""

    key: str
    method: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """What the portal said to one Command: ``result`` or ``failure``, never both."""

    key: str
    result: Any = None
    failure: Exception | None = None
    total: int | None = None
    next: int | None = None


class Rest(Protocol):
    """The portal's REST interface with authorisation, limits and error table applied."""

    def call(self, method: str, params: Mapping[str, Any] | None = None, *, priority: int = 5) -> Any:
        """Result of one method. Raises domain.failures.Failure."""

    def batch(self, commands: Sequence[Command], *, priority: int = 5) -> list[Answer]:
        """Up to 50 commands in one request, answers in the same order, each settled by itself.

        Raises domain.failures.Failure when the request as a whole failed.
        """


# -- storage


@dataclass(frozen=True)
class StoredStep:
    """A step on its way to the portal.

    ``n``: its place in the order of its call. ``payload``: the decision as JSON data, the shape is the deliverer's.
    ``sent``: exact parameters of the first attempt, kept so that a repeat is the same request. ``unsure``: an
    attempt's answer was lost, so the portal may have executed it. Times in epoch seconds, UTC.
    """

    id: int
    n: int
    kind: str
    payload: Mapping[str, Any]
    priority: int
    due_at: float
    decided_at: float
    attempts: int = 0
    unsure: bool = False
    sent: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class NewStep:
    """A step to be stored; its ``n`` is the next of its call."""

    kind: str
    payload: Mapping[str, Any]
    priority: int
    due_at: float
    decided_at: float


@dataclass(frozen=True)
class CallRow:
    """A call as the panel, the reports and the deliverer see it; ``state`` is the tracker's own JSON data.

    ``caller``: the employee who began it, of an outgoing or internal call. ``client``: the number as the PBX shows
    it, ``number``: the same in the portal's normal form. ``source``: the lead source of its line. ``vote``: 1 to 5,
    the caller's rating. Empty text and None mean "not known". Times in epoch seconds, UTC; durations in seconds.
    """

    node: str
    linkedid: str
    direction: str
    phase: str
    client: str = ""
    number: str = ""
    client_name: str = ""
    line: str = ""
    source: str = ""
    trunk: str = ""
    caller: str = ""
    queue: str = ""
    started: float = 0.0
    answered: float | None = None
    ended: float | None = None
    outcome: str = ""
    status: str = ""
    wait: float | None = None
    talk: float = 0.0
    answered_by: str = ""
    last_talker: str = ""
    rang: tuple[str, ...] = ()
    live: bool = True
    merged_into: str = ""
    vote: int | None = None
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PortalSide:
    """What the portal answered for a call so far; part of the call's row, written by the deliverer only.

    ``left_out``: why the portal is not told of the call, when a customization decided so.
    """

    call_id: str = ""
    entity_type: str = ""
    entity_id: str = ""
    created: tuple[tuple[str, str], ...] = ()
    activity_id: str = ""
    record_file_id: str = ""
    registered_user: int | None = None
    registered_at: float | None = None
    finished: bool = False
    left_out: str = ""


@dataclass(frozen=True)
class TimelineEntry:
    """One line of a call's timeline. ``kind``: ``fact``, ``step``, ``attempt`` or ``note``; ``data``: JSON data."""

    at: float
    kind: str
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Lane:
    """All waiting steps of one call, in order, leased to one worker. The first is due."""

    call: CallRow
    portal: PortalSide
    steps: tuple[StoredStep, ...]

    @property
    def urgency(self) -> int:
        """Its place among others, see ``domain.steps.urgency``."""
        return urgency((step.kind, step.priority) for step in self.steps)


@dataclass(frozen=True)
class Settlement:
    """What became of one step. ``state``: ``done``, ``waiting`` (again at ``due_at``), ``failed`` or ``dropped``."""

    step: int
    state: str
    due_at: float = 0.0
    attempts: int = 0
    unsure: bool = False
    sent: Mapping[str, Any] | None = None
    code: str = ""
    text: str = ""
    answer: Mapping[str, Any] | None = None


class Work(Protocol):
    """One transaction of the tracker: state of calls and the steps that follow commit together or not at all."""

    def save_call(self, row: CallRow) -> None:
        """Insert or update by (node, linkedid); the portal's side is left alone."""

    def add_steps(self, node: str, linkedid: str, steps: Sequence[NewStep]) -> None: ...

    def hasten(self, node: str, linkedid: str, now: float) -> None:
        """Steps of a call that wait for company go now: somebody has answered. Those tried before keep their time."""

    def add_timeline(self, node: str, linkedid: str, entries: Sequence[TimelineEntry]) -> None: ...

    def merge_call(self, node: str, gone: str, kept: str) -> None:
        """Mark a call as part of another; its timeline moves there."""

    def see_line(self, line: str, trunk: str, at: float) -> None:
        """Count a line seen in traffic, for the panel's offer of unmapped lines."""


class CallStore(Protocol):
    """The tracker's side of the storage."""

    def work(self) -> AbstractContextManager[Work]:
        """Commits at a clean exit of the block, rolls back when an exception leaves it."""

    def live_calls(self, node: str) -> list[CallRow]:
        """Calls of a node that had not ended when it was last heard."""


class Outbox(Protocol):
    """The deliverer's side of the storage: lanes of steps, claimed by lease."""

    def claim(
        self, owner: str, now: float, lease: float, limit: int, first: int = 0, last: int = 99, node: str = ""
    ) -> list[Lane]:
        """Take up to ``limit`` calls whose first waiting step is due and which nobody holds.

        Only lanes with an urgency from ``first`` to ``last`` (inclusive), by urgency, then by due time; only those of
        ``node`` when one is named. No call is ever held by two owners.
        """

    def settle(
        self,
        owner: str,
        node: str,
        linkedid: str,
        settlements: Sequence[Settlement],
        portal: PortalSide | None,
        timeline: Sequence[TimelineEntry],
        now: float,
        follow: Sequence[NewStep] = (),
    ) -> bool:
        """Store what became of the steps of a claimed call, all in one transaction, and release it.

        ``follow``: steps that this leads to; they come before a recording that waits.

        False when the lease was lost in between; then nothing is stored.
        """

    def remember_sent(self, owner: str, step: int, sent: Mapping[str, Any]) -> None:
        """Store the exact request before it is sent for the first time."""

    def extend(self, owner: str, node: str, linkedid: str, until: float) -> bool: ...

    def next_due(self, now: float, first: int = 0, last: int = 99) -> float | None:
        """Epoch second when the next free lane of these priorities becomes due; None when nothing waits."""

    def counts(self) -> Mapping[str, int]:
        """Steps by state, and ``lanes``: calls that wait."""


@dataclass(frozen=True)
class Employee:
    """A portal user with an extension. ``phones``: his other numbers as the portal has them."""

    extension: str
    user_id: int
    name: str
    phones: tuple[str, ...] = ()


class EmployeeStore(Protocol):
    """The employee map as last read from the portal, with when that was."""

    def load(self) -> tuple[tuple[Employee, ...], float]: ...

    def save(self, employees: Sequence[Employee], at: float) -> None: ...


class SettingStore(Protocol):
    """Dotted keys to JSON values; secrets are encrypted at rest."""

    def load(self) -> Mapping[str, Any]: ...

    def save(self, values: Mapping[str, Any], removed: Sequence[str] = ()) -> None:
        """All or nothing."""

    def version(self) -> int:
        """Grows with every save, so that other processes notice."""


class Leases(Protocol):
    """Duties that only one process has at a time."""

    def take(self, name: str, owner: str, now: float, seconds: float) -> bool: ...

    def release(self, name: str, owner: str) -> None: ...


# -- the portal's telephony


@dataclass(frozen=True)
class RegisterOrder:
    """A call for the portal to know. ``external_id``: ``<node>-<linkedid>``; ``started``: epoch seconds, UTC.

    ``entity``: kind and id of the CRM record that gets the call, where the portal is not to choose. ``params``: what a
    customization made of the whole request, in the portal's own words. ``callback``: the client had asked for it.
    """

    external_id: str
    user_id: int
    phone: str
    incoming: bool
    started: float
    line: str = ""
    create: bool = False
    source: str = ""
    entity: tuple[str, str] | None = None
    params: Mapping[str, Any] | None = None
    callback: bool = False


@dataclass(frozen=True)
class FinishOrder:
    """The end of a call. ``seconds``: talk time; ``status``: 200, 304, 603-S ...; ``vote``: 1 to 5.

    ``params``: what a customization made of the whole request, in the portal's own words. ``reason``: why the call
    did not come about, for people.
    """

    user_id: int
    seconds: int
    status: str
    vote: int | None = None
    params: Mapping[str, Any] | None = None
    reason: str = ""


@dataclass(frozen=True)
class CallOrder:
    """Everything the portal must hear now of one call. ``call_id``: empty when ``register`` is to give it."""

    key: str
    call_id: str = ""
    register: RegisterOrder | None = None
    show: tuple[int, ...] = ()
    hide: tuple[int, ...] = ()
    finish: FinishOrder | None = None


@dataclass(frozen=True)
class Registered:
    """``created``: (type, id) of CRM objects made for the call; ``warning``: what the portal could not do."""

    call_id: str
    entity_type: str = ""
    entity_id: str = ""
    created: tuple[tuple[str, str], ...] = ()
    warning: str = ""


@dataclass(frozen=True)
class Finished:
    """``activity_id``: the call's activity in the CRM, empty when the number is bound to nothing."""

    activity_id: str = ""
    entity_type: str = ""
    entity_id: str = ""
    warning: str = ""


@dataclass(frozen=True)
class CallReply:
    """Each part of an order settled by itself: its result, a domain.failures.Failure, or None when not asked for."""

    key: str
    registered: Registered | Exception | None = None
    shown: bool | Exception | None = None
    hidden: bool | Exception | None = None
    finished: Finished | Exception | None = None


class CallPortal(Protocol):
    """Calls in the portal."""

    def send(self, orders: Sequence[CallOrder], priority: int) -> list[CallReply]:
        """All orders in one request where possible. Raises Failure when the request as a whole failed."""

    def finished_call(self, call_id: str) -> Finished | None:
        """What the portal's statistics know of a call that it has closed."""

    def attach(self, call_id: str, file: str, filename: str) -> str:
        """Upload a recording (path of the prepared file); returns the portal's file id. Repeating replaces it."""

    def pressure(self) -> float:
        """How full the request budget is, 0..1."""

    def ready_in(self, priority: int = 0) -> float:
        """Seconds until the budget allows a request of this priority; 0 when it does now."""


@dataclass(frozen=True)
class PreparedRecording:
    """A file ready for the portal. ``seconds``: its length."""

    path: str
    filename: str
    seconds: float


class Recordings(Protocol):
    """Recordings on the PBX's disk."""

    def prepare(self, paths: Sequence[str], name: str, started: float) -> PreparedRecording:
        """Find, wait for completeness, join, convert. Raises Temporary (not there yet, growing) or Permanent."""


class PeopleSource(Protocol):
    """The portal's users."""

    def employees(self) -> Sequence[Employee]:
        """Every active user with an internal number or another phone, all pages. Raises Failure."""

    def own_user(self) -> int:
        """The user whose authorisation is used."""
