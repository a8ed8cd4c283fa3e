# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of whole days for the reports, and how far the first-run wizard has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLE_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
_ZERO = sa.text("0")


def _number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Double(), server_default=_ZERO, nullable=False)


def upgrade() -> None:
    op.create_table(
        "itgrix_report_days",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("zone", sa.String(100), server_default="", nullable=False),
        _number("since"),
        _number("until"),
        sa.PrimaryKeyConstraint("day"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_table(
        "itgrix_report_rows",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("calls", sa.Integer(), server_default=_ZERO, nullable=False),
        sa.Column("answered", sa.Integer(), server_default=_ZERO, nullable=False),
        *(_number(name) for name in ("wait", "lost_wait", "longest_wait", "talk", "longest_talk")),
        sa.PrimaryKeyConstraint("kind", "day", "name", "direction"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_table(
        "itgrix_wizard_steps",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), server_default="", nullable=False),
        _number("at"),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )


def downgrade() -> None:
    for name in ("itgrix_wizard_steps", "itgrix_report_rows", "itgrix_report_days"):
        op.drop_table(name, if_exists=True)
