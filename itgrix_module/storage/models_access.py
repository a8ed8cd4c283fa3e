# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of those who log in to the panel by themselves, and of what anybody changed in it."""

from __future__ import annotations

from sqlalchemy import Boolean, Double, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from itgrix_module.storage.models import TABLE_OPTIONS, Base, BigId, Json


class User(Base):
    """Somebody who logs in to the panel by himself, where no FreePBX does it for him."""

    __tablename__ = "itgrix_users"
    __table_args__ = (TABLE_OPTIONS,)

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(255), nullable=False, server_default="")
    role: Mapped[str] = mapped_column(String(32), nullable=False, server_default="")
    created_at: Mapped[float] = mapped_column(Double, nullable=False, server_default=text("0"))
    disabled: Mapped[bool] = mapped_column(Boolean, nullable=False, server_default=text("0"))
    listens: Mapped[bool] = mapped_column(Boolean, nullable=False, server_default=text("0"))
    password_at: Mapped[float] = mapped_column(Double, nullable=False, server_default=text("0"))


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


class Audit(Base):
    """Who changed what in the panel, by command or through the API."""

    __tablename__ = "itgrix_audit"
    __table_args__ = (Index("ix_itgrix_audit_at", "at"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    at: Mapped[float] = mapped_column(Double, nullable=False, server_default=text("0"))
    who: Mapped[str] = mapped_column(String(100), nullable=False, server_default="")
    address: Mapped[str] = mapped_column(String(64), nullable=False, server_default="")
    action: Mapped[str] = mapped_column(String(100), nullable=False, server_default="")
    subject: Mapped[str] = mapped_column(String(191), nullable=False, server_default="")
    data: Mapped[str] = mapped_column(Json, nullable=False, default="{}")
