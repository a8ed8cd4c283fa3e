# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of those who log in to the panel by themselves. ``User`` and ``Audit`` stand in ``models``."""

from __future__ import annotations

from sqlalchemy import Double, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from itgrix_module.storage.models import TABLE_OPTIONS, Base


class PanelSession(Base):
    """Somebody who is logged in. ``id``: SHA-256 of what his cookie holds, hexadecimal."""

    __tablename__ = "itgrix_sessions"
    __table_args__ = (
        Index("ix_itgrix_sessions_user", "user"),
        Index("ix_itgrix_sessions_seen", "seen_at"),
        TABLE_OPTIONS,
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user: Mapped[str] = mapped_column(String(100), nullable=False, server_default="")
    created_at: Mapped[float] = mapped_column(Double, nullable=False, server_default=text("0"))
    seen_at: Mapped[float] = mapped_column(Double, nullable=False, server_default=text("0"))
    address: Mapped[str] = mapped_column(String(64), nullable=False, server_default="")


class LoginWait(Base):
    """Wrong passwords of late; ``name``: a digest of who tried, from where. ``until``: no attempt before."""

    __tablename__ = "itgrix_login_waits"
    __table_args__ = (Index("ix_itgrix_login_waits_last", "last_at"), TABLE_OPTIONS)

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer, nullable=False, server_default=text("0"))
    last_at: Mapped[float] = mapped_column(Double, nullable=False, server_default=text("0"))
    until: Mapped[float] = mapped_column(Double, nullable=False, server_default=text("0"))
