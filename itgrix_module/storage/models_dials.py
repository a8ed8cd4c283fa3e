# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of calls that the portal orders."""

from __future__ import annotations

from sqlalchemy import BigInteger, Double, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from itgrix_module.storage.models import TABLE_OPTIONS, Base, BigId, Json


def _text(length: int) -> Mapped[str]:
    return mapped_column(String(length), nullable=False, server_default="")


def _time() -> Mapped[float]:
    return mapped_column(Double, nullable=False, server_default=sql("0"))


class Dial(Base):
    """One order to the PBX. ``event``: key of what asked for it. ``state``: sent, over. ``request``: JSON."""

    __tablename__ = "itgrix_dials"
    __table_args__ = (
        UniqueConstraint("event", name="uq_itgrix_dials_event"),
        UniqueConstraint("node", "linkedid", name="uq_itgrix_dials_linkedid"),
        Index("ix_itgrix_dials_state", "state", "node"),
        Index("ix_itgrix_dials_created", "created"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    node: Mapped[str] = _text(64)
    linkedid: Mapped[str] = _text(150)
    kind: Mapped[str] = _text(16)
    event: Mapped[str] = _text(191)
    callback: Mapped[int | None] = mapped_column(BigInteger, nullable=True)
    call_id: Mapped[str] = _text(191)
    number: Mapped[str] = _text(100)
    extension: Mapped[str] = _text(100)
    line: Mapped[str] = _text(100)
    user: Mapped[int | None] = mapped_column(BigInteger, nullable=True)
    state: Mapped[str] = _text(16)
    code: Mapped[str] = _text(64)
    created: Mapped[float] = _time()
    timeout: Mapped[float] = _time()
    request: Mapped[str] = mapped_column(Json, nullable=False, default="{}")


class Callback(Base):
    """A form that asks to be called back. ``state``: waiting, calling, done, failed. ``text``: of the client."""

    __tablename__ = "itgrix_callbacks"
    __table_args__ = (
        UniqueConstraint("event", name="uq_itgrix_callbacks_event"),
        Index("ix_itgrix_callbacks_due", "state", "node", "due"),
        Index("ix_itgrix_callbacks_received", "received"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    node: Mapped[str] = _text(64)
    event: Mapped[str] = _text(191)
    number: Mapped[str] = _text(100)
    line: Mapped[str] = _text(100)
    entity_type: Mapped[str] = _text(32)
    entity_id: Mapped[str] = _text(64)
    text: Mapped[str] = mapped_column(Text, nullable=False, default="")
    state: Mapped[str] = _text(16)
    tries: Mapped[int] = mapped_column(Integer, nullable=False, server_default=sql("0"))
    code: Mapped[str] = _text(64)
    why: Mapped[str] = _text(500)
    linkedid: Mapped[str] = _text(150)
    received: Mapped[float] = _time()
    due: Mapped[float] = _time()
    deadline: Mapped[float] = _time()
