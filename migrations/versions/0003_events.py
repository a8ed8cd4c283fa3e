# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of the portal, kept before they are answered; and where each node has them sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.Text().with_variant(MEDIUMTEXT(), "mysql")
TABLE_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def upgrade() -> None:
    op.create_table(
        "itgrix_events",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("unique_key", sa.String(191), nullable=False),
        sa.Column("node", sa.String(64), server_default="", nullable=False),
        sa.Column("name", sa.String(100), server_default="", nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("sealed", JSON, nullable=False),
        sa.Column("sent_at", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("received_at", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.String(16), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_at", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("done_at", sa.Double(), nullable=True),
        sa.Column("note", sa.String(500), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("unique_key", name="uq_itgrix_events_key"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_index("ix_itgrix_events_due", "itgrix_events", ["state", "node", "next_at"], if_not_exists=True)
    op.create_index("ix_itgrix_events_received", "itgrix_events", ["received_at"], if_not_exists=True)
    op.create_table(
        "itgrix_event_ways",
        sa.Column("node", sa.String(64), nullable=False),
        sa.Column("way", sa.String(500), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("node"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("itgrix_event_ways", if_exists=True)
    op.drop_table("itgrix_events", if_exists=True)
