# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the migrations on the connection that the caller gives in ``config.attributes["connection"]``."""

from __future__ import annotations

from alembic import context

from itgrix_module.storage.migrate import VERSION_TABLE, is_ours
from itgrix_module.storage.models import Base


def run() -> None:
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        version_table=VERSION_TABLE,
        include_name=is_ours,
        render_as_batch=connection.dialect.name == "sqlite",
        # SQLite undoes DDL as well: a migration that stops half-way leaves nothing behind.
        transactional_ddl=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


run()
