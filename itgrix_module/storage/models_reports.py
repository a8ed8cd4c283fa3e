# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of whole days, counted once; and how far the first-run wizard has come."""

from __future__ import annotations

from sqlalchemy import Double, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from itgrix_module.storage.models import TABLE_OPTIONS, Base


def _number() -> Mapped[float]:
    return mapped_column(Double, nullable=False, server_default=text("0"))


def _count() -> Mapped[int]:
    return mapped_column(Integer, nullable=False, server_default=text("0"))


class ReportDay(Base):
    """A day whose calls are counted in ReportRow; gone as soon as one of its calls changes.

    ``day``: ordinal of the date; ``zone``, ``since``, ``until`` (epoch seconds, the second one excluded): which day
    was counted, so that another time zone is noticed.
    """

    __tablename__ = "itgrix_report_days"
    __table_args__ = (TABLE_OPTIONS,)

    day: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    zone: Mapped[str] = mapped_column(String(100), nullable=False, server_default="")
    since: Mapped[float] = _number()
    until: Mapped[float] = _number()


class ReportRow(Base):
    """Calls of a day with one ``name`` of a ``kind`` (hour, line, source, employee, outcome) in one direction.

    ``wait``: seconds of waiting of the answered ones, ``lost_wait`` of the others; ``talk`` in seconds.
    """

    __tablename__ = "itgrix_report_rows"
    __table_args__ = (TABLE_OPTIONS,)

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    day: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    direction: Mapped[str] = mapped_column(String(16), primary_key=True)
    calls: Mapped[int] = _count()
    answered: Mapped[int] = _count()
    wait: Mapped[float] = _number()
    lost_wait: Mapped[float] = _number()
    longest_wait: Mapped[float] = _number()
    talk: Mapped[float] = _number()
    longest_talk: Mapped[float] = _number()


class WizardStep(Base):
    """A step of the first-run wizard. ``state``: ok, warning, error or skipped; ``data``: JSON of its findings."""

    __tablename__ = "itgrix_wizard_steps"
    __table_args__ = (TABLE_OPTIONS,)

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    state: Mapped[str] = mapped_column(String(16), nullable=False, server_default="")
    at: Mapped[float] = _number()
    data: Mapped[str] = mapped_column(Text, nullable=False, default="{}")
