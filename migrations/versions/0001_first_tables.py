# SPDX-License-Identifier: GPL-3.0-or-later
"""First tables.

Everything is made "if not exists": MariaDB commits each statement by itself, so a migration that was interrupted
there is simply run again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.Text().with_variant(MEDIUMTEXT(), "mysql")
TABLE_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
TABLES = (
    "itgrix_calls",
    "itgrix_parties",
    "itgrix_clients",
    "itgrix_lines_seen",
    "itgrix_timeline",
    "itgrix_steps",
    "itgrix_lanes",
    "itgrix_employees",
    "itgrix_portal_tokens",
    "itgrix_portal_limits",
    "itgrix_settings",
    "itgrix_marks",
    "itgrix_leases",
    "itgrix_users",
    "itgrix_audit",
)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), server_default="", nullable=False)


def _time(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double(), server_default=sa.text("0"), nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text("0"), nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)


def _index(name: str, table: str, columns: list[str], only: str = "") -> None:
    """``only``: which rows SQLite takes into the index; MariaDB knows no such thing."""
    op.create_index(name, table, columns, sqlite_where=sa.text(only) if only else None, if_not_exists=True)


def upgrade() -> None:
    _calls()
    _history()
    _outbox()
    _portal()
    _home()
    _panel()


def _calls() -> None:
    op.create_table(
        "itgrix_calls",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        _text("node", 64),
        _text("linkedid", 150),
        _text("direction", 16),
        _text("phase", 16),
        _text("client", 100),
        _text("client_name", 191),
        _text("line", 100),
        _text("trunk", 100),
        _text("caller", 100),
        _text("queue", 100),
        _time("started"),
        sa.Column("answered", sa.Double(), nullable=True),
        sa.Column("ended", sa.Double(), nullable=True),
        _text("outcome", 32),
        _text("status", 16),
        sa.Column("wait", sa.Double(), nullable=True),
        _time("talk"),
        _text("answered_by", 100),
        _text("last_talker", 100),
        sa.Column("rang", JSON, nullable=False),
        _flag("live"),
        _text("merged_into", 150),
        sa.Column("state", JSON, nullable=False),
        _text("portal_call_id", 191),
        _text("entity_type", 32),
        _text("entity_id", 64),
        sa.Column("created", JSON, nullable=False),
        _text("activity_id", 64),
        _text("record_file_id", 64),
        sa.Column("registered_user", sa.BigInteger(), nullable=True),
        sa.Column("registered_at", sa.Double(), nullable=True),
        _flag("finished"),
        _text("delivery", 16),
        _flag("undelivered"),
        _text("work", 32),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("node", "linkedid", name="uq_itgrix_calls_linkedid"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    _index("ix_itgrix_calls_answered_by", "itgrix_calls", ["answered_by", "started"])
    _index("ix_itgrix_calls_client", "itgrix_calls", ["client", "started"])
    _index("ix_itgrix_calls_direction", "itgrix_calls", ["direction", "started"])
    _index("ix_itgrix_calls_line", "itgrix_calls", ["line", "started"])
    _index("ix_itgrix_calls_live", "itgrix_calls", ["live", "node"], "live = 1")
    _index("ix_itgrix_calls_merged_into", "itgrix_calls", ["merged_into"], "merged_into <> ''")
    _index("ix_itgrix_calls_outcome", "itgrix_calls", ["outcome", "started"])
    _index("ix_itgrix_calls_started", "itgrix_calls", ["started"])
    _index("ix_itgrix_calls_undelivered", "itgrix_calls", ["undelivered", "started"], "undelivered = 1")
    op.create_table(
        "itgrix_parties",
        sa.Column("call_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("extension", sa.String(length=100), nullable=False),
        _time("started"),
        sa.ForeignKeyConstraint(["call_id"], ["itgrix_calls.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "extension"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    _index("ix_itgrix_parties_extension", "itgrix_parties", ["extension", "started", "call_id"])
    op.create_table(
        "itgrix_clients",
        sa.Column("number", sa.String(length=100), nullable=False),
        _time("seen"),
        sa.PrimaryKeyConstraint("number"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    _index("ix_itgrix_clients_seen", "itgrix_clients", ["seen"])
    op.create_table(
        "itgrix_lines_seen",
        sa.Column("line", sa.String(length=100), nullable=False),
        sa.Column("trunk", sa.String(length=100), nullable=False),
        _time("first_at"),
        _time("last_at"),
        _count("times"),
        sa.PrimaryKeyConstraint("line", "trunk"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )


def _history() -> None:
    op.create_table(
        "itgrix_timeline",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("call_id", BIG_ID, autoincrement=False, nullable=False),
        _time("at"),
        _text("kind", 16),
        _text("text", 500),
        sa.Column("data", JSON, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["itgrix_calls.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    _index("ix_itgrix_timeline_at", "itgrix_timeline", ["at"])
    _index("ix_itgrix_timeline_call", "itgrix_timeline", ["call_id", "at"])


def _outbox() -> None:
    op.create_table(
        "itgrix_steps",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("call_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        _text("state", 16),
        _text("kind", 32),
        sa.Column("payload", JSON, nullable=False),
        _count("priority"),
        _time("due_at"),
        _time("decided_at"),
        _count("attempts"),
        _flag("unsure"),
        sa.Column("sent", JSON, nullable=True),
        _text("code", 100),
        _text("text", 500),
        sa.Column("answer", JSON, nullable=True),
        sa.Column("settled_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["itgrix_calls.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("call_id", "n", name="uq_itgrix_steps_place"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    _index("ix_itgrix_steps_state", "itgrix_steps", ["state", "decided_at"])
    op.create_table(
        "itgrix_lanes",
        sa.Column("call_id", BIG_ID, autoincrement=False, nullable=False),
        _text("node", 64),
        _count("priority"),
        _time("ready_at"),
        _text("owner", 100),
        _text("token", 64),
        sa.ForeignKeyConstraint(["call_id"], ["itgrix_calls.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    _index("ix_itgrix_lanes_ready", "itgrix_lanes", ["priority", "ready_at"])
    _index("ix_itgrix_lanes_token", "itgrix_lanes", ["token"])


def _portal() -> None:
    op.create_table(
        "itgrix_employees",
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        _text("extension", 100),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        _text("name", 191),
        sa.Column("phones", JSON, nullable=False),
        sa.PrimaryKeyConstraint("place"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    _index("ix_itgrix_employees_extension", "itgrix_employees", ["extension"])
    op.create_table(
        "itgrix_portal_tokens",
        sa.Column("portal", sa.String(length=100), nullable=False),
        sa.Column("sealed", JSON, nullable=False),
        _time("saved_at"),
        sa.PrimaryKeyConstraint("portal"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_table(
        "itgrix_portal_limits",
        sa.Column("portal", sa.String(length=100), nullable=False),
        _time("level"),
        _time("at"),
        sa.Column("operating", JSON, nullable=False),
        sa.Column("blocked", JSON, nullable=False),
        sa.PrimaryKeyConstraint("portal"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )


def _home() -> None:
    op.create_table(
        "itgrix_settings",
        sa.Column("name", sa.String(length=191), nullable=False),
        sa.Column("value", JSON, nullable=False),
        _flag("secret"),
        sa.PrimaryKeyConstraint("name"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_table(
        "itgrix_marks",
        sa.Column("name", sa.String(length=100), nullable=False),
        _time("number"),
        sa.PrimaryKeyConstraint("name"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_table(
        "itgrix_leases",
        sa.Column("name", sa.String(length=100), nullable=False),
        _text("owner", 191),
        _time("until"),
        sa.PrimaryKeyConstraint("name"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )


def _panel() -> None:
    op.create_table(
        "itgrix_users",
        sa.Column("name", sa.String(length=100), nullable=False),
        _text("password_hash", 255),
        _text("role", 32),
        _time("created_at"),
        _flag("disabled"),
        sa.PrimaryKeyConstraint("name"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    op.create_table(
        "itgrix_audit",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        _time("at"),
        _text("who", 100),
        _text("address", 64),
        _text("action", 100),
        _text("subject", 191),
        sa.Column("data", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        if_not_exists=True,
        **TABLE_OPTIONS,
    )
    _index("ix_itgrix_audit_at", "itgrix_audit", ["at"])


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table, if_exists=True)
