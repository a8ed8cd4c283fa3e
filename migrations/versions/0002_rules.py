# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rules of the house need: normal form of the client's number, source, rating, open tasks, turns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLE_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def _new_columns() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("number", sa.String(100), server_default="", nullable=False),
        sa.Column("source", sa.String(100), server_default="", nullable=False),
        sa.Column("vote", sa.Integer(), nullable=True),
        sa.Column("left_out", sa.String(191), server_default="", nullable=False),
    )


def _there() -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns("itgrix_calls")}


def upgrade() -> None:
    there = _there()
    for column in _new_columns():
        if column.name not in there:
            op.add_column("itgrix_calls", column)
    op.create_index("ix_itgrix_calls_number", "itgrix_calls", ["number", "started"], if_not_exists=True)
    op.create_table(
        "itgrix_open_tasks",
        sa.Column("number", sa.String(100), nullable=False),
        sa.Column("node", sa.String(64), server_default="", nullable=False),
        sa.Column("linkedid", sa.String(150), server_default="", nullable=False),
        sa.Column("task_id", sa.String(64), server_default="", nullable=False),
        sa.Column("opened_at", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_table(
        "itgrix_portal_lines",
        sa.Column("number", sa.String(100), nullable=False),
        sa.Column("name", sa.String(191), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("number"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_table(
        "itgrix_turns",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("last", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("itgrix_turns", if_exists=True)
    op.drop_table("itgrix_portal_lines", if_exists=True)
    op.drop_table("itgrix_open_tasks", if_exists=True)
    there = _there()
    op.drop_index("ix_itgrix_calls_number", "itgrix_calls", if_exists=True)
    for column in reversed(_new_columns()):
        if column.name in there:
            op.drop_column("itgrix_calls", column.name)
