# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of the portal: our authorisation, the account of its limits, the lines that we have made there."""

from __future__ import annotations

from sqlalchemy import Double, String, text
from sqlalchemy.orm import Mapped, mapped_column

from itgrix_module.storage.models import TABLE_OPTIONS, Base, Json


class PortalToken(Base):
    """The OAuth pair of the portal's application, sealed by the vault as one text."""

    __tablename__ = "itgrix_portal_tokens"
    __table_args__ = (TABLE_OPTIONS,)

    portal: Mapped[str] = mapped_column(String(100), primary_key=True)
    sealed: Mapped[str] = mapped_column(Json, nullable=False, default="")
    saved_at: Mapped[float] = mapped_column(Double, nullable=False, server_default=text("0"))


class PortalLimit(Base):
    """The account of the portal's request budget, shared by all nodes. ``operating``, ``blocked``: JSON."""

    __tablename__ = "itgrix_portal_limits"
    __table_args__ = (TABLE_OPTIONS,)

    portal: Mapped[str] = mapped_column(String(100), primary_key=True)
    level: Mapped[float] = mapped_column(Double, nullable=False, server_default=text("0"))
    at: Mapped[float] = mapped_column(Double, nullable=False, server_default=text("0"))
    operating: Mapped[str] = mapped_column(Json, nullable=False, default="{}")
    blocked: Mapped[str] = mapped_column(Json, nullable=False, default="{}")


class PortalLine(Base):
    """An external line that we have made in the portal: only these are ever renamed or removed there."""

    __tablename__ = "itgrix_portal_lines"
    __table_args__ = (TABLE_OPTIONS,)

    number: Mapped[str] = mapped_column(String(100), primary_key=True)
    name: Mapped[str] = mapped_column(String(191), nullable=False, server_default="")
