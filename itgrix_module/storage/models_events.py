# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of the portal's events."""

from __future__ import annotations

from sqlalchemy import Double, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from itgrix_module.storage.models import TABLE_OPTIONS, Base, BigId, Json


class Event(Base):
    """An event of the portal. ``state``: waiting, done, stale, failed. ``node``: who acts on it.

    Rows stay for a while after they are done: their key is how a second delivery is known.
    """

    __tablename__ = "itgrix_events"
    __table_args__ = (
        UniqueConstraint("unique_key", name="uq_itgrix_events_key"),
        Index("ix_itgrix_events_due", "state", "node", "next_at"),
        Index("ix_itgrix_events_received", "received_at"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    unique_key: Mapped[str] = mapped_column(String(191), nullable=False)
    node: Mapped[str] = mapped_column(String(64), nullable=False, server_default="")
    name: Mapped[str] = mapped_column(String(100), nullable=False, server_default="")
    data: Mapped[str] = mapped_column(Json, nullable=False, default="{}")
    sealed: Mapped[str] = mapped_column(Json, nullable=False, default="")
    sent_at: Mapped[float] = mapped_column(Double, nullable=False, server_default=text("0"))
    received_at: Mapped[float] = mapped_column(Double, nullable=False, server_default=text("0"))
    state: Mapped[str] = mapped_column(String(16), nullable=False, server_default="waiting")
    attempts: Mapped[int] = mapped_column(Integer, nullable=False, server_default=text("0"))
    next_at: Mapped[float] = mapped_column(Double, nullable=False, server_default=text("0"))
    done_at: Mapped[float | None] = mapped_column(Double, nullable=True)
    note: Mapped[str] = mapped_column(String(500), nullable=False, server_default="")


class EventWay(Base):
    """Where the portal sends the events of a node: an address, ``poll`` for its queue; what is no longer is unbound."""

    __tablename__ = "itgrix_event_ways"
    __table_args__ = (TABLE_OPTIONS,)

    node: Mapped[str] = mapped_column(String(64), primary_key=True)
    way: Mapped[str] = mapped_column(String(500), nullable=False, server_default="")
