# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that the portal orders: clicks on a number, and forms that ask to be called back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
TABLE_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), server_default="", nullable=False)


def _time(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double(), server_default=sa.text("0"), nullable=False)


def _dials() -> None:
    op.create_table(
        "itgrix_dials",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        _text("node", 64),
        _text("linkedid", 150),
        _text("kind", 16),
        _text("event", 191),
        sa.Column("callback", sa.BigInteger(), nullable=True),
        _text("call_id", 191),
        _text("number", 100),
        _text("extension", 100),
        _text("line", 100),
        sa.Column("user", sa.BigInteger(), nullable=True),
        _text("state", 16),
        _text("code", 64),
        _time("created"),
        _time("timeout"),
        sa.Column("request", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event", name="uq_itgrix_dials_event"),
        sa.UniqueConstraint("node", "linkedid", name="uq_itgrix_dials_linkedid"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_index("ix_itgrix_dials_state", "itgrix_dials", ["state", "node"], if_not_exists=True)
    op.create_index("ix_itgrix_dials_created", "itgrix_dials", ["created"], if_not_exists=True)


def _callbacks() -> None:
    op.create_table(
        "itgrix_callbacks",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        _text("node", 64),
        _text("event", 191),
        _text("number", 100),
        _text("line", 100),
        _text("entity_type", 32),
        _text("entity_id", 64),
        sa.Column("text", sa.Text(), nullable=False),
        _text("state", 16),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _text("code", 64),
        _text("why", 500),
        _text("linkedid", 150),
        _time("received"),
        _time("due"),
        _time("deadline"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event", name="uq_itgrix_callbacks_event"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_index("ix_itgrix_callbacks_due", "itgrix_callbacks", ["state", "node", "due"], if_not_exists=True)
    op.create_index("ix_itgrix_callbacks_received", "itgrix_callbacks", ["received"], if_not_exists=True)


def upgrade() -> None:
    _dials()
    _callbacks()


def downgrade() -> None:
    op.drop_table("itgrix_callbacks", if_exists=True)
    op.drop_table("itgrix_dials", if_exists=True)
