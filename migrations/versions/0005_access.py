# SPDX-License-Identifier: GPL-3.0-or-later
"""Those who log in to the panel by themselves: what they may hear, their sessions, waits after wrong passwords."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLE_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def _new_columns() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("listens", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("password_at", sa.Double(), server_default=sa.text("0"), nullable=False),
    )


def _there() -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns("itgrix_users")}


def upgrade() -> None:
    there = _there()
    for column in _new_columns():
        if column.name not in there:
            op.add_column("itgrix_users", column)
    op.create_table(
        "itgrix_sessions",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("user", sa.String(100), server_default="", nullable=False),
        sa.Column("created_at", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("seen_at", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("address", sa.String(64), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_index("ix_itgrix_sessions_user", "itgrix_sessions", ["user"], if_not_exists=True)
    op.create_index("ix_itgrix_sessions_seen", "itgrix_sessions", ["seen_at"], if_not_exists=True)
    op.create_table(
        "itgrix_login_waits",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_at", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("until", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_index("ix_itgrix_login_waits_last", "itgrix_login_waits", ["last_at"], if_not_exists=True)


def downgrade() -> None:
    op.drop_table("itgrix_login_waits", if_exists=True)
    op.drop_table("itgrix_sessions", if_exists=True)
    there = _there()
    for column in reversed(_new_columns()):
        if column.name in there:
            op.drop_column("itgrix_users", column.name)
