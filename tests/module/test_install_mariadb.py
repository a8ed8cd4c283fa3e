# SPDX-License-Identifier: GPL-3.0-or-later
"""The PBX's own MariaDB: our tables beside those of others, put back when an upgrade fails, removed when asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.mariadb import MariaDb, mariadb_server
from tests.module.installation import Installation, ok, ready_environment, set_version
from tests.needed import need_root

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDb]:
    with mariadb_server() as found:
        yield found


@pytest.fixture
def facts(server: MariaDb) -> dict[str, Any]:
    """The PBX's database with a table of its own, and a user who may do all there and nothing elsewhere."""
    server.execute(
        "DROP DATABASE IF EXISTS asterisk",
        "CREATE DATABASE asterisk CHARACTER SET latin1",
        "CREATE TABLE asterisk.users (extension VARCHAR(20))",
        "INSERT INTO asterisk.users VALUES ('101')",
        "CREATE OR REPLACE USER freepbxuser@'%' IDENTIFIED BY 'p@ss'",
        "GRANT ALL ON asterisk.* TO freepbxuser@'%'",
    )
    known = {"host": "127.0.0.1", "port": server.port, "user": "freepbxuser", "password": "p@ss", "name": "asterisk"}
    return {"database": known, "ami": {"username": "itgrix", "secret": "s"}}


def tables(server: MariaDb) -> set[str]:
    return {str(row[0]) for row in server.execute("SHOW TABLES FROM asterisk")}


def test_tables_of_ours_come_and_go_beside_the_others(
    prepared: Installation, server: MariaDb, facts: dict[str, Any]
) -> None:
    assert "tables that begin with itgrix_" in ok(prepared.install(**facts))
    ours = tables(server) - {"users"}
    assert len(ours) > 5
    assert all(name.startswith("itgrix_") for name in ours)
    assert prepared.answers
    assert not (prepared.home / "itgrix.db").exists()
    ok(prepared.uninstall())
    assert not prepared.answers
    assert tables(server) == ours | {"users"}
    ready_environment(prepared.home, prepared.tree)
    assert "kept: MariaDB" in ok(prepared.install("--no-start", **facts))
    assert "tables removed" in ok(prepared.uninstall("--purge"))
    assert tables(server) == {"users"}
    assert not prepared.home.exists()


def test_what_was_kept_is_removed_later_without_the_programs_as_the_uninstallation_says(
    prepared: Installation, server: MariaDb, facts: dict[str, Any]
) -> None:
    ok(prepared.install("--no-start", **facts))
    assert "--purge" in ok(prepared.uninstall())
    assert tables(server) > {"users"}
    server.execute("ALTER USER freepbxuser@'%' IDENTIFIED BY 'other'")
    refused = prepared.uninstall("--purge")
    assert (refused.returncode, "Access denied" in refused.stdout) == (1, True)
    assert prepared.home.exists()
    server.execute("ALTER USER freepbxuser@'%' IDENTIFIED BY 'p@ss'")
    assert "tables removed" in ok(prepared.uninstall("--purge"))
    assert tables(server) == {"users"}
    assert not prepared.home.exists()


def test_a_migration_that_fails_half_way_is_undone(
    prepared: Installation, server: MariaDb, facts: dict[str, Any]
) -> None:
    ok(prepared.install(**facts))
    prepared.set("dial.prefix", "9")
    set_version(prepared.tree, "1.1.0")
    versions = prepared.tree / "migrations" / "versions"
    last = sorted(versions.glob("0*.py"))[-1].stem.partition("_")[0]
    (versions / "9999_broken.py").write_text(
        "from alembic import op\n"
        f"revision, down_revision = '9999', '{last}'\n"
        "def upgrade():\n    op.execute('DROP TABLE itgrix_settings')\n"
        "    op.execute('CREATE TABLE itgrix_new (a INT)')\n"
        "    raise RuntimeError('half-way')\n"
        "def downgrade():\n    pass\n"
    )
    before = tables(server)
    done = prepared.install(**facts)
    assert done.returncode == 1
    assert "half-way" in done.stdout
    assert tables(server) == before
    assert prepared.setting("dial.prefix") == "9"
    assert prepared.answers


def test_a_changed_database_password_is_taken_over(
    prepared: Installation, server: MariaDb, facts: dict[str, Any]
) -> None:
    ok(prepared.install("--no-start", **facts))
    server.execute("ALTER USER freepbxuser@'%' IDENTIFIED BY 'new'")
    changed = {**facts, "database": {**facts["database"], "password": "new"}}
    assert "another password now" in ok(prepared.install("--no-start", **changed))
    assert prepared.setting("ami.secret") == "s"


def test_a_user_without_rights_means_sqlite(prepared: Installation, server: MariaDb, facts: dict[str, Any]) -> None:
    server.execute("REVOKE ALL ON asterisk.* FROM freepbxuser@'%'", "GRANT SELECT ON asterisk.* TO freepbxuser@'%'")
    said = ok(prepared.install("--no-start", **facts))
    assert "refuses" in said
    assert "command denied" in said
    assert (prepared.home / "itgrix.db").exists()
    assert tables(server) == {"users"}


def test_root_makes_a_database_of_our_own_and_takes_it_away(
    prepared: Installation, server: MariaDb, facts: dict[str, Any]
) -> None:
    need_root()
    facts["database"]["socket"] = str(server.socket)
    assert "a database of its own in MariaDB: itgrix" in ok(prepared.install("--database", "own", **facts))
    assert prepared.answers
    assert tables(server) == {"users"}
    assert len(server.execute("SHOW TABLES FROM itgrix")) > 5
    assert "kept: MariaDB" in ok(prepared.install("--database", "own", "--no-start", **facts))
    ok(prepared.uninstall("--purge"))
    assert server.execute("SHOW DATABASES LIKE 'itgrix'") == []
    assert server.execute("SELECT user FROM mysql.user WHERE user = 'itgrix'") == []


def test_a_database_of_our_own_that_was_kept_is_removed_later_without_the_programs(
    prepared: Installation, server: MariaDb, facts: dict[str, Any]
) -> None:
    need_root()
    facts["database"]["socket"] = str(server.socket)
    ok(prepared.install("--database", "own", "--no-start", **facts))
    ok(prepared.uninstall())
    assert len(server.execute("SHOW TABLES FROM itgrix")) > 5
    ok(prepared.uninstall("--purge"))
    assert server.execute("SHOW DATABASES LIKE 'itgrix'") == []
    assert server.execute("SELECT user FROM mysql.user WHERE user = 'itgrix'") == []
