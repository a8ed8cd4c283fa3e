# SPDX-License-Identifier: GPL-3.0-or-later
"""MariaDB by its own command line: for a removal of data after the programs of the product are gone."""

from __future__ import annotations

import re
import shutil
from urllib.parse import parse_qs, unquote, urlsplit

from installer.owner import USUAL_PATH, Owner, as_root, run, tail
from installer.words import Refused

PROGRAMS = ("mariadb", "mysql")
_TABLE = re.compile(r"itgrix_\w+")
_SECONDS = 600.0


class Client:
    """``program``: of MariaDB or MySQL; ``owner``: who runs it."""

    def __init__(self, program: str, owner: Owner) -> None:
        self._program, self._owner = program, owner

    def remove_tables(self, url: str) -> None:
        """Those of the product, out of a database that is not ours alone. Raises Refused."""
        found = _TABLE.findall(self._say(url, "SHOW TABLES LIKE 'itgrix\\_%'"))
        if found:
            names = ", ".join(f"`{name}`" for name in found)
            self._say(url, f"SET FOREIGN_KEY_CHECKS=0; DROP TABLE IF EXISTS {names}")

    def drop_own_database(self, name: str, socket: str) -> None:
        """The database and its user, as root over its socket. Raises Refused."""
        login = ["--protocol=socket", "--user=root", *([f"--socket={socket}"] if socket else [])]
        with as_root():
            self._run(login, "", f"DROP DATABASE IF EXISTS `{name}`; DROP USER IF EXISTS '{name}'@'localhost'")

    def _say(self, url: str, statement: str) -> str:
        address = urlsplit(url)
        socket = parse_qs(address.query).get("unix_socket", [""])[0]
        # As the product itself: without a socket that is named, also to this machine by TCP.
        way = [f"--socket={socket}"] if socket else ["--protocol=tcp", f"--port={address.port or 3306}"]
        login = [f"--host={address.hostname or 'localhost'}", *way, f"--user={unquote(address.username or '')}"]
        database = unquote(address.path.lstrip("/"))
        return self._run([*login, f"--database={database}"], unquote(address.password or ""), statement)

    def _run(self, login: list[str], password: str, statement: str) -> str:
        """A password never stands on a command line."""
        command = [self._program, "--no-defaults", "--batch", "--skip-column-names", *login]
        environment = {"MYSQL_PWD": password} if password else {}
        done = run(command, self._owner, feed=statement, seconds=_SECONDS, environment=environment)
        if done.returncode:
            raise Refused("The tables in MariaDB cannot be removed: {reason}", reason=tail(done.stdout, 2))
        return done.stdout


def found(owner: Owner) -> Client | None:
    """None on a machine without such a program."""
    programs = (shutil.which(name, path=USUAL_PATH) for name in PROGRAMS)
    program = next(filter(None, programs), None)
    return None if program is None else Client(program, owner)
