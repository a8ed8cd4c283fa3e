# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrations on both databases."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

import migrations
from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.storage import migrate
from itgrix_module.storage.engine import open_database
from itgrix_module.storage.models import Base


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    with closing(open_database(url)) as database, database.begin() as connection:
        yield connection


def test_upgrade_brings_an_empty_database_to_the_head_and_repeats(url: str) -> None:
    assert migrate.current(url) is None
    assert migrate.upgrade(url) == migrate.head()
    assert migrate.current(url) == migrate.head()
    assert migrate.upgrade(url) == migrate.head()


def test_versions_by_the_names_of_the_files_are_those_of_alembic() -> None:
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert migrate.head() == scripts.get_current_head()
    assert migrate.known_versions() == {script.revision for script in scripts.walk_revisions()}


def test_migrations_make_what_the_models_say(url: str) -> None:
    migrate.upgrade(url)
    with connected(url) as connection:
        options = {"version_table": migrate.VERSION_TABLE, "include_name": migrate.is_ours, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def described(url: str) -> dict[str, list[str]]:
    """Every table as the database itself describes it."""
    with connected(url) as connection:
        names = [name for name in inspect(connection).get_table_names() if name != migrate.VERSION_TABLE]
        return {name: _table(connection, name) for name in names}


def _table(connection: Connection, name: str) -> list[str]:
    if connection.dialect.name == "sqlite":
        made = text("SELECT sql FROM sqlite_master WHERE tbl_name = :name AND sql IS NOT NULL")
        statements = list(connection.scalars(made, {"name": name}))
    else:
        statements = [connection.execute(text(f"SHOW CREATE TABLE {name}")).one()[1]]
    # SQLite writes a column that was added later behind the last one, in the same line.
    return sorted(part for statement in statements for part in _parts(statement))


def _parts(statement: str) -> list[str]:
    """A statement cut at its lines and at the commas that separate columns."""
    parts, depth = [""], 0
    for sign in statement.replace("(\n", "(\n,").replace("\n)", "\n,)"):
        depth += (sign == "(") - (sign == ")")
        if sign in ",\n" and depth <= 1:
            parts.append("")
        else:
            parts[-1] += sign
    return [" ".join(part.split()) for part in parts if part.strip()]


def test_tables_of_the_migrations_are_those_of_the_models_to_the_letter(url: str) -> None:
    migrate.upgrade(url)
    migrated = described(url)
    migrate.remove(url)
    with connected(url) as connection:
        Base.metadata.create_all(connection)
    assert migrated == described(url)
    assert len(migrated) == len(Base.metadata.tables)


def test_all_tables_carry_the_prefix() -> None:
    assert [name for name in Base.metadata.tables if not name.startswith("itgrix_")] == []


def test_remove_takes_our_tables_and_leaves_those_of_others(url: str) -> None:
    with connected(url) as connection:
        connection.execute(text("CREATE TABLE devices (id INTEGER PRIMARY KEY)"))
    migrate.upgrade(url)
    migrate.remove(url)
    with connected(url) as connection:
        assert inspect(connection).get_table_names() == ["devices"]
    assert migrate.current(url) is None


@pytest.mark.parametrize("act", [migrate.upgrade, migrate.remove])
def test_database_of_a_newer_program_is_refused_and_left_alone(url: str, act: Callable[[str], Any]) -> None:
    migrate.upgrade(url)
    with connected(url) as connection:
        connection.execute(text(f"UPDATE {migrate.VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(NeedsOwner) as refused:
        act(url)
    assert refused.value.code == "database_newer"
    assert "9999" in str(refused.value)
    assert migrate.current(url) == "9999"
    with connected(url) as connection, pytest.raises(NeedsOwner, match="newer"):
        migrate.check_version(connection)


def test_database_without_tables_asks_for_the_migration(url: str) -> None:
    with connected(url) as connection, pytest.raises(NeedsOwner) as missing:
        migrate.check_version(connection)
    assert missing.value.code == "database_older"
    assert missing.value.hint == "Run: itgrix migrate"


def test_migration_that_was_interrupted_is_run_again(url: str) -> None:
    migrate.upgrade(url)
    with connected(url) as connection:
        connection.execute(text("DROP TABLE itgrix_lanes"))
        connection.execute(text("DROP INDEX ix_itgrix_timeline_at" + _on(connection, "itgrix_timeline")))
        connection.execute(text(f"DELETE FROM {migrate.VERSION_TABLE}"))
    migrate.upgrade(url)
    test_migrations_make_what_the_models_say(url)


def _on(connection: Connection, table: str) -> str:
    return "" if connection.dialect.name == "sqlite" else f" ON {table}"


def test_two_processes_that_migrate_at_once_both_succeed(url: str) -> None:
    program = "import sys; from itgrix_module.storage.migrate import upgrade; print(upgrade(sys.argv[1]))"
    command = [sys.executable, "-W", "error", "-c", program, url]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ends = [process.communicate(timeout=60) for process in started]
    assert [out.strip() for out, _ in ends] == [migrate.head()] * 2, ends
