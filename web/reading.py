# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages read from the database, in the shapes that they show.

Single calls come from the storage's own read side. The long lists (deliveries: ``web.reading_steps``) are read through
Flask-SQLAlchemy, because a person pages through them in both directions. Pages go by key, never by offset: page one
thousand costs what page one costs. Everything raises domain.failures.Failure when the database does not answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ColumnElement, Executable, Select, and_, func, or_, select

from itgrix_module.domain.call import Direction
from itgrix_module.domain.numbers import digits
from itgrix_module.storage.employees import SqlEmployeeStore
from itgrix_module.storage.faults import explained
from itgrix_module.storage.flask_db import bind_flask
from itgrix_module.storage.models import Call, Client, Party, SeenLine
from itgrix_module.storage.queries import CallItem, Calls, CallStory
from itgrix_module.storage.rows import call_row, portal_side
from web.deps import PanelDeps, deps
from web.people import People, people_of

_KEY = "itgrix-db"
_WHOLE_NUMBER = 10  # digits: from here on only the last ten are compared, however the number is written
_FEW_NUMBERS = 200
_KNOWN_LINES = 100


class Wanted(NamedTuple):
    """Which calls, and which page of them. Empty and None mean any; times in epoch seconds, ``until`` excluded.

    ``number``: a part of the client's number in any spelling. ``after``, ``before``: keys of a page's last and first
    call.
    """

    since: float | None = None
    until: float | None = None
    number: str = ""
    employee: str = ""
    line: str = ""
    direction: str = ""
    outcome: str = ""
    undelivered: bool = False
    oldest_first: bool = False
    after: str = ""
    before: str = ""


@dataclass(frozen=True)
class CallPage:
    """``previous``, ``next``: keys for ``before`` and ``after``, empty where the list ends."""

    items: Sequence[CallItem] = ()
    previous: str = ""
    next: str = ""

    @property
    def is_later(self) -> bool:
        """Not the first page."""
        return bool(self.previous)


@dataclass(frozen=True)
class Live:
    """The first of the running calls, and how many there are."""

    items: Sequence[CallItem] = field(default_factory=tuple)
    count: int = 0


def install(app: Flask, given: PanelDeps) -> None:
    """Give the app its session over the service's database."""
    app.extensions[_KEY] = bind_flask(app, given.database)


def rows(query: Executable) -> list[Any]:
    """What the database answers, as mappings."""
    db: SQLAlchemy = current_app.extensions[_KEY]
    with explained():
        return list(db.session.execute(query).mappings())


def value(query: Select[Any]) -> Any:
    """The only one that it answers; None when there is none."""
    db: SQLAlchemy = current_app.extensions[_KEY]
    with explained():
        return db.session.scalar(query)


# -- calls

_CALLS = Call.__table__.c


def story(node: str, linkedid: str) -> CallStory | None:
    """All about one call; None when there is none."""
    return Calls(deps().database).story(node, linkedid)


def last_calls(limit: int) -> Sequence[CallItem]:
    """Newest first."""
    return find_calls(Wanted(), limit).items


def live_calls(limit: int) -> Live:
    """The running calls, the newest first."""
    query = select(Call.__table__).where(_CALLS.live).order_by(_CALLS.started.desc(), _CALLS.id.desc()).limit(limit)
    items = [_item(row) for row in rows(query)]
    if len(items) < limit:
        return Live(items, len(items))
    return Live(items, value(select(func.count()).where(_CALLS.live)) or 0)


def hourly(begin: float, step: float) -> dict[int, tuple[int, int, int]]:
    """Calls from a moment on, by how many steps (seconds) after it they began: incoming answered, not, outgoing."""
    query = select(_CALLS.direction, _CALLS.started, _CALLS.answered).where(
        _CALLS.started >= begin, _CALLS.merged_into == "", _CALLS.direction != str(Direction.INTERNAL)
    )
    found: dict[int, list[int]] = {}
    for row in rows(query):
        part = 2 if row["direction"] == Direction.OUTGOING else int(row["answered"] is None)
        found.setdefault(int((row["started"] - begin) // step), [0, 0, 0])[part] += 1
    return {place: (counts[0], counts[1], counts[2]) for place, counts in found.items()}


def newer_calls(since: float, most: int) -> int:
    """How many calls began after that moment, counted up to ``most``."""
    newer = select(_CALLS.id).where(_CALLS.merged_into == "", _CALLS.started > since).limit(most)
    return value(select(func.count()).select_from(newer.subquery())) or 0


def find_calls(wanted: Wanted, limit: int) -> CallPage:
    """One page. A key that no page gave leads to the first page."""
    after, before = key_of(wanted.after), key_of(wanted.before)
    backwards = before is not None and after is None
    rising = wanted.oldest_first != backwards
    query = _filtered(wanted)
    if query is None:
        return CallPage()
    edge = before if backwards else after
    if edge is not None:
        query = query.where(_beyond(edge, rising, *_place(wanted)))
    started, number = _place(wanted)
    order = (started, number) if rising else (started.desc(), number.desc())
    found = rows(query.order_by(*order).limit(limit + 1))
    more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
    has_previous, has_next = (more, True) if backwards else (edge is not None, more)
    return CallPage(
        [_item(row) for row in found],
        previous=key(found[0]["started"], found[0]["id"]) if found and has_previous else "",
        next=key(found[-1]["started"], found[-1]["id"]) if found and has_next else "",
    )


def _filtered(wanted: Wanted) -> Select[Any] | None:
    """None when no call can fit."""
    query = select(Call.__table__).where(_CALLS.merged_into == "")
    for name in ("line", "direction", "outcome"):
        if getattr(wanted, name):
            query = query.where(_CALLS[name] == getattr(wanted, name))
    if wanted.since is not None:
        query = query.where(_place(wanted)[0] >= wanted.since)
    if wanted.until is not None:
        query = query.where(_place(wanted)[0] < wanted.until)
    if wanted.undelivered:
        query = query.where(_CALLS.undelivered)
    if wanted.employee:
        part = Party.__table__.c
        query = query.join(Party.__table__, part.call_id == _CALLS.id).where(part.extension == wanted.employee)
    return _with_number(query, digits(wanted.number)[-_WHOLE_NUMBER:]) if wanted.number else query


def _with_number(query: Select[Any], part: str) -> Select[Any] | None:
    """A rare part is looked up among the numbers, a common one is soon met walking back in time."""
    known = Client.__table__.c.number
    found = select(known).where(known.contains(part, autoescape=True)).limit(_FEW_NUMBERS + 1)
    numbers = [row["number"] for row in rows(found)]
    if not numbers:
        return None
    if len(numbers) > _FEW_NUMBERS:
        return query.where(_CALLS.client.contains(part, autoescape=True))
    return query.where(_CALLS.client.in_(numbers))


def _place(wanted: Wanted) -> tuple[Any, Any]:
    """By what the pages go: of the table whose index leads to the rows."""
    part = Party.__table__.c
    return (part.started, part.call_id) if wanted.employee else (_CALLS.started, _CALLS.id)


def _beyond(edge: tuple[float, int], rising: bool, started: Any, number: Any) -> ColumnElement[bool]:
    at, row = edge
    if rising:
        return and_(started >= at, or_(started > at, number > row))
    return and_(started <= at, or_(started < at, number < row))


def key(at: float, number: int) -> str:
    """What a page says to be shown the rows beyond this one."""
    return f"{float(at).hex()}_{number}"


def key_of(text: str) -> tuple[float, int] | None:
    """Time and id of the row; None for what is no key."""
    at, _, number = text.partition("_")
    try:
        found = float.fromhex(at), int(number)
    except (ValueError, OverflowError):
        return None
    # NaN equals nothing, infinity and huge ids are no keys of ours and not every driver takes them.
    return found if abs(found[0]) < 1e12 and 0 <= found[1] < 2**63 else None


def _item(row: Any) -> CallItem:
    return CallItem(call_row(row), portal_side(row), row["delivery"])


def known_lines() -> list[str]:
    """Lines seen in traffic, the last seen first, for the filter."""
    seen = SeenLine.__table__.c
    found = rows(select(seen.line).group_by(seen.line).order_by(func.max(seen.last_at).desc()).limit(_KNOWN_LINES))
    return [row["line"] for row in found]


# -- employees


def people() -> People:
    """The phone book as the portal last told it."""
    employees, _ = SqlEmployeeStore(deps().database).load()
    return people_of(employees)
