# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables, as plain declarative models.

All names begin with ``itgrix_``: the tables may live in the database that FreePBX made for itself. Times are epoch
seconds, UTC. JSON is kept as text: old MariaDB has no such type and nothing here queries inside it. Keys are at most
191 characters, what an index of utf8mb4 takes on every server.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Double, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.mysql import MEDIUMTEXT
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

BigId = BigInteger().with_variant(Integer, "sqlite")
Json = Text().with_variant(MEDIUMTEXT(), "mysql")
TABLE_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


class Base(DeclarativeBase):
    """Root of the models; ``Base.metadata`` is what the migrations are compared with."""


def _id() -> Mapped[int]:
    return mapped_column(BigId, primary_key=True, autoincrement=True)


def _text(length: int, **options: Any) -> Mapped[str]:
    return mapped_column(String(length), nullable=False, server_default="", **options)


def _json(default: str = "") -> Mapped[str]:
    # No server default: MariaDB before 10.2 refuses one on a TEXT column.
    return mapped_column(Json, nullable=False, default=default)


def _time() -> Mapped[float]:
    return mapped_column(Double, nullable=False, server_default=text("0"))


def _maybe_time() -> Mapped[float | None]:
    return mapped_column(Double, nullable=True)


def _count() -> Mapped[int]:
    return mapped_column(Integer, nullable=False, server_default=text("0"))


def _flag() -> Mapped[bool]:
    return mapped_column(Boolean, nullable=False, server_default=text("0"))


def _call_id(*, primary_key: bool = False) -> Mapped[int]:
    parent = ForeignKey("itgrix_calls.id", ondelete="CASCADE")
    return mapped_column(BigId, parent, primary_key=primary_key, autoincrement=False, nullable=False)


class Call(Base):
    """A call: what the tracker knows, and beside it what the portal answered (written by the deliverer only)."""

    __tablename__ = "itgrix_calls"
    __table_args__ = (
        UniqueConstraint("node", "linkedid", name="uq_itgrix_calls_linkedid"),
        Index("ix_itgrix_calls_started", "started"),
        Index("ix_itgrix_calls_client", "client", "started"),
        Index("ix_itgrix_calls_number", "number", "started"),
        Index("ix_itgrix_calls_line", "line", "started"),
        Index("ix_itgrix_calls_direction", "direction", "started"),
        Index("ix_itgrix_calls_outcome", "outcome", "started"),
        Index("ix_itgrix_calls_answered_by", "answered_by", "started"),
        # Only of the few calls that are so: for all the others SQLite would rather go by these than by the time.
        Index("ix_itgrix_calls_undelivered", "undelivered", "started", sqlite_where=text("undelivered = 1")),
        Index("ix_itgrix_calls_live", "live", "node", sqlite_where=text("live = 1")),
        Index("ix_itgrix_calls_merged_into", "merged_into", sqlite_where=text("merged_into <> ''")),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = _id()
    node: Mapped[str] = _text(64)
    linkedid: Mapped[str] = _text(150)
    direction: Mapped[str] = _text(16)
    phase: Mapped[str] = _text(16)
    client: Mapped[str] = _text(100)
    number: Mapped[str] = _text(100)
    client_name: Mapped[str] = _text(191)
    line: Mapped[str] = _text(100)
    source: Mapped[str] = _text(100)
    trunk: Mapped[str] = _text(100)
    caller: Mapped[str] = _text(100)
    queue: Mapped[str] = _text(100)
    started: Mapped[float] = _time()
    answered: Mapped[float | None] = _maybe_time()
    ended: Mapped[float | None] = _maybe_time()
    outcome: Mapped[str] = _text(32)
    status: Mapped[str] = _text(16)
    wait: Mapped[float | None] = _maybe_time()
    talk: Mapped[float] = _time()
    answered_by: Mapped[str] = _text(100)
    last_talker: Mapped[str] = _text(100)
    rang: Mapped[str] = _json("[]")
    live: Mapped[bool] = _flag()
    merged_into: Mapped[str] = _text(150)
    vote: Mapped[int | None] = mapped_column(Integer, nullable=True)
    state: Mapped[str] = _json("{}")

    portal_call_id: Mapped[str] = _text(191)
    entity_type: Mapped[str] = _text(32)
    entity_id: Mapped[str] = _text(64)
    created: Mapped[str] = _json("[]")
    activity_id: Mapped[str] = _text(64)
    record_file_id: Mapped[str] = _text(64)
    registered_user: Mapped[int | None] = mapped_column(BigInteger, nullable=True)
    registered_at: Mapped[float | None] = _maybe_time()
    finished: Mapped[bool] = _flag()
    left_out: Mapped[str] = _text(191)

    delivery: Mapped[str] = _text(16)
    undelivered: Mapped[bool] = _flag()
    work: Mapped[str] = _text(32)


class Party(Base):
    """An employee's part in a call (rang, answered or talked): lets the panel page through one employee's calls."""

    __tablename__ = "itgrix_parties"
    __table_args__ = (Index("ix_itgrix_parties_extension", "extension", "started", "call_id"), TABLE_OPTIONS)

    call_id: Mapped[int] = _call_id(primary_key=True)
    extension: Mapped[str] = mapped_column(String(100), primary_key=True)
    started: Mapped[float] = _time()


class Client(Base):
    """Each client number once: a part of a number is looked up here instead of in every call."""

    __tablename__ = "itgrix_clients"
    __table_args__ = (Index("ix_itgrix_clients_seen", "seen"), TABLE_OPTIONS)

    number: Mapped[str] = mapped_column(String(100), primary_key=True)
    seen: Mapped[float] = _time()


class Timeline(Base):
    """One line of a call's history. ``kind``: fact, step, attempt or note."""

    __tablename__ = "itgrix_timeline"
    __table_args__ = (
        Index("ix_itgrix_timeline_call", "call_id", "at"),
        Index("ix_itgrix_timeline_at", "at"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = _id()
    call_id: Mapped[int] = _call_id()
    at: Mapped[float] = _time()
    kind: Mapped[str] = _text(16)
    text: Mapped[str] = _text(500)
    data: Mapped[str] = _json("{}")


class Step(Base):
    """A step on its way to the portal. ``state``: waiting, done, failed or dropped; ``n``: its place in its call."""

    __tablename__ = "itgrix_steps"
    __table_args__ = (
        UniqueConstraint("call_id", "n", name="uq_itgrix_steps_place"),
        Index("ix_itgrix_steps_state", "state", "decided_at"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = _id()
    call_id: Mapped[int] = _call_id()
    n: Mapped[int] = mapped_column(Integer, nullable=False)
    state: Mapped[str] = _text(16)
    kind: Mapped[str] = _text(32)
    payload: Mapped[str] = _json("{}")
    priority: Mapped[int] = _count()
    due_at: Mapped[float] = _time()
    decided_at: Mapped[float] = _time()
    attempts: Mapped[int] = _count()
    unsure: Mapped[bool] = _flag()
    sent: Mapped[str | None] = mapped_column(Json, nullable=True)
    code: Mapped[str] = _text(100)
    text: Mapped[str] = _text(500)
    answer: Mapped[str | None] = mapped_column(Json, nullable=True)
    settled_at: Mapped[float | None] = _maybe_time()


class Lane(Base):
    """A call with waiting steps: exactly one row while there are any.

    ``ready_at``: from when anybody may claim it: the due time of its first waiting step while it is free, the end of
    the lease while somebody holds it. One number for both keeps the claim a plain range of the index.
    ``token``: what one claim wrote, so that it finds its own rows again.
    """

    __tablename__ = "itgrix_lanes"
    __table_args__ = (
        Index("ix_itgrix_lanes_ready", "priority", "ready_at"),
        Index("ix_itgrix_lanes_token", "token"),
        TABLE_OPTIONS,
    )

    call_id: Mapped[int] = _call_id(primary_key=True)
    node: Mapped[str] = _text(64)
    priority: Mapped[int] = _count()
    ready_at: Mapped[float] = _time()
    owner: Mapped[str] = _text(100)
    token: Mapped[str] = _text(64)


class OpenTask(Base):
    """A task for missed calls of a client; one row for each number while it is open.

    ``task_id``: empty until the portal has told it. ``call_id``: the call it was made for.
    """

    __tablename__ = "itgrix_open_tasks"
    __table_args__ = (TABLE_OPTIONS,)

    number: Mapped[str] = mapped_column(String(100), primary_key=True)
    node: Mapped[str] = _text(64)
    linkedid: Mapped[str] = _text(150)
    task_id: Mapped[str] = _text(64)
    opened_at: Mapped[float] = _time()


class Turn(Base):
    """Whose turn it is next where employees take turns; ``name``: what for."""

    __tablename__ = "itgrix_turns"
    __table_args__ = (TABLE_OPTIONS,)

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger, nullable=False, server_default=text("0"))


class Employee(Base):
    """A portal user with an extension, as last read from the portal; ``place`` keeps the portal's order."""

    __tablename__ = "itgrix_employees"
    __table_args__ = (Index("ix_itgrix_employees_extension", "extension"), TABLE_OPTIONS)

    place: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    extension: Mapped[str] = _text(100)
    user_id: Mapped[int] = mapped_column(BigInteger, nullable=False)
    name: Mapped[str] = _text(191)
    phones: Mapped[str] = _json("[]")


class Setting(Base):
    """``value``: JSON; sealed by the vault when ``secret``."""

    __tablename__ = "itgrix_settings"
    __table_args__ = (TABLE_OPTIONS,)

    name: Mapped[str] = mapped_column(String(191), primary_key=True)
    value: Mapped[str] = _json()
    secret: Mapped[bool] = _flag()


class Mark(Base):
    """Single numbers: the version of the settings, when the employees were read."""

    __tablename__ = "itgrix_marks"
    __table_args__ = (TABLE_OPTIONS,)

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    number: Mapped[float] = _time()


class Lease(Base):
    """A duty that one process has until ``until``."""

    __tablename__ = "itgrix_leases"
    __table_args__ = (TABLE_OPTIONS,)

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    owner: Mapped[str] = _text(191)
    until: Mapped[float] = _time()


class SeenLine(Base):
    """A line seen in traffic, for the panel's offer of unmapped lines."""

    __tablename__ = "itgrix_lines_seen"
    __table_args__ = (TABLE_OPTIONS,)

    line: Mapped[str] = mapped_column(String(100), primary_key=True)
    trunk: Mapped[str] = mapped_column(String(100), primary_key=True)
    first_at: Mapped[float] = _time()
    last_at: Mapped[float] = _time()
    times: Mapped[int] = _count()


# Tables of single areas; below, because they need what is above.
from itgrix_module.storage import models_access, models_dials, models_events, models_portal, models_reports  # noqa: E402, F401
