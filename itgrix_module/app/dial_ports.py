# SPDX-License-Identifier: GPL-3.0-or-later
"""Ordering calls: the words for the outside, and what it needs from others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from itgrix_module.app.ports import CallRow, NewStep, PortalSide

NO_ROUTE = "no_route"  # failure: nothing in the dialplan fits the number, so that nobody was called
SENT, OVER = "sent", "over"  # of a dial
WAITING, CALLING, DONE, FAILED = "waiting", "calling", "done", "failed"  # of a callback


@dataclass(frozen=True)
class Originate:
    """What the PBX is asked to do: ring ``channel``, then let it dial ``exten`` in ``context``.

    ``id``: unique id of the first channel, and so of the call. ``timeout``: seconds that the employee's phone rings.
    ``held``: whoever answers waits, at most as long again, until the order is released: a queue answers by itself.
    ``otherwise``: how else ``exten`` may be dialled, should the dialplan have no such number.
    """

    id: str
    channel: str
    exten: str
    context: str
    caller_id: str = ""
    timeout: float = 30.0
    priority: int = 1
    variables: tuple[tuple[str, str], ...] = ()
    held: bool = False
    otherwise: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Originate:
        """As it was stored. Raises TypeError for data of another shape."""
        pairs = tuple((str(name), str(value)) for name, value in data.get("variables", ()))
        return cls(**{**data, "variables": pairs, "otherwise": tuple(map(str, data.get("otherwise", ())))})


class Pbx(Protocol):
    """Makes calls."""

    def originate(self, order: Originate) -> None:
        """The PBX has taken the order; what comes of it is told by its events. Raises Failure.

        Permanent ``bad_order`` when something in it must not reach the PBX, ``no_route`` when its dialplan has no such
        number; NeedsOwner ``permission``.
        """

    def release(self, order: Originate) -> None:
        """Somebody has picked up for a held order: the client is dialled for him now. Raises Failure."""


@dataclass(frozen=True)
class Dial:
    """One order to the PBX. ``event``: key of the portal's event (and of the try); ``id``: 0 before it is stored.

    ``kind``: ``click`` or ``callback``; ``call_id``: the portal's; ``user``: portal user who clicked.
    ``timeout``: seconds that the phone rings. ``request``: the order as JSON data, for people who look.
    """

    node: str
    linkedid: str
    kind: str
    event: str
    number: str
    extension: str
    created: float
    timeout: float
    line: str = ""
    call_id: str = ""
    user: int | None = None
    callback: int | None = None
    request: Mapping[str, Any] = field(default_factory=dict)
    state: str = SENT
    code: str = ""
    id: int = 0


@dataclass(frozen=True)
class OpenDial:
    """An order whose end nobody has noted yet, and how its call stands. ``status``: empty while it goes on."""

    dial: Dial
    ended: bool
    answered: bool
    status: str
    outcome: str


@dataclass(frozen=True)
class Callback:
    """A form that asks to be called back. Times in epoch seconds. ``why``: of its state, for people."""

    node: str
    event: str
    number: str
    received: float
    due: float
    deadline: float
    line: str = ""
    text: str = ""
    entity_type: str = ""
    entity_id: str = ""
    state: str = WAITING
    tries: int = 0
    code: str = ""
    why: str = ""
    linkedid: str = ""
    id: int = 0


class DialStore(Protocol):
    """What outlives a restart. All raise Failure when the database does not answer."""

    def order(self, dial: Dial, call: CallRow, side: PortalSide, told: str) -> bool:
        """Keep an order with its call and the portal's side of it, all or nothing. False when its event is known.

        ``told``: a line for the call's timeline. A callback's try counts with it.
        """

    def open(self, node: str) -> Sequence[OpenDial]:
        """Orders that are not over, oldest first."""

    def request(self, node: str, linkedid: str) -> Mapping[str, Any]:
        """The order for a call as it was stored; empty when there is none."""

    def revise(self, node: str, linkedid: str, request: Mapping[str, Any]) -> None:
        """The order has been changed before the PBX heard of it."""

    def over(self, dial: int, code: str) -> None:
        """An order has come to its end."""

    def keep(self, callback: Callback) -> bool:
        """Keep a form; False when its event is known."""

    def callbacks(self, node: str, states: Sequence[str], limit: int = 100) -> Sequence[Callback]:
        """Forms in these states, those first whose turn is next. An empty node: of all."""

    def put_off(self, callback: int, due: float, code: str, why: str) -> None:
        """The next try is then."""

    def close(self, callback: Callback, state: str, code: str, why: str, step: NewStep | None) -> None:
        """A form has come to its end. ``step``: still to be done, for its last call."""

    def last_failure(self, node: str, linkedid: str) -> str:
        """Why the portal was told that a call failed; empty when nothing was said."""


Tell = Callable[[Any], None]  # gives the tracker a fact, in the order of the PBX's own events


class People(Protocol):
    """Who is who in the portal."""

    def phone_of(self, user: int, *, mobile: bool) -> str:
        """Extension of a portal user, else his mobile; ``mobile``: the other way round. Empty when he has none."""

    @property
    def are_known(self) -> bool:
        """Has the portal told who they are, ever?"""

    def is_employee(self, party: str) -> bool:
        """Is it the extension of a portal user, not of a group or a queue?"""

    def missed_user(self, line: str) -> int:
        """Who takes what is nobody's; 0 when nobody does."""
