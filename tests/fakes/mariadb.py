# SPDX-License-Identifier: GPL-3.0-or-later
"""A private MariaDB server from Debian's package, on its own port and folder, for the tests that need a real one."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql

from tests.fakes.ports import free_port

SERVER = Path("/usr/sbin/mariadbd")
INSTALLER = Path("/usr/bin/mariadb-install-db")
START_SECONDS = 60.0
STOP_SECONDS = 30.0
# What makes a server small and quick; nothing here has to survive a power cut.
OPTIONS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--performance-schema=OFF",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=16M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-use-native-aio=0",
    "--max-connections=100",
)


def installed() -> bool:
    return SERVER.exists() and INSTALLER.exists()


class MariaDb:
    """One server. ``start`` and ``stop`` may alternate: the data stay."""

    def __init__(self, folder: Path, options: tuple[str, ...] = ()) -> None:
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def initialise(self) -> None:
        command = [
            str(INSTALLER),
            "--no-defaults",
            *self._folders(),
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            *_user_option(),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, f"mariadb-install-db failed: {done.stdout[-2000:]} {done.stderr[-2000:]}"

    def _folders(self) -> tuple[str, str]:
        """Its own for temporary files too: each server that starts clears the folder of what others have in it."""
        return f"--datadir={self._folder / 'data'}", f"--tmpdir={self._folder}"

    def start(self) -> None:
        assert self._process is None
        command = [
            str(SERVER),
            "--no-defaults",
            *self._folders(),
            f"--socket={self.socket}",
            f"--pid-file={self._folder / 'pid'}",
            f"--port={self.port}",
            *OPTIONS,
            *self._options,
            *_user_option(),
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self._wait_until_it_answers()

    def stop(self) -> None:
        self._end(kill=False)

    def kill(self) -> None:
        """As a crash of the server would."""
        self._end(kill=True)

    @property
    def socket(self) -> Path:
        """Where root is let in on this machine."""
        return self._folder / "socket"

    def url(self, database: str, user: str = "root", password: str = "") -> str:
        return f"mysql+pymysql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def execute(self, *statements: str) -> list[tuple[object, ...]]:
        """Runs statements as root; returns the rows of the last one."""
        connection = pymysql.connect(host="127.0.0.1", port=self.port, user="root", autocommit=True)
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def create_database(self, name: str) -> str:
        """An empty database; returns its address. Latin1 as FreePBX's own once was: ours must not depend on it."""
        self.execute(f"DROP DATABASE IF EXISTS `{name}`", f"CREATE DATABASE `{name}` CHARACTER SET latin1")
        return self.url(name)

    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert self._process is not None
            assert self._process.poll() is None, f"mariadbd ended at once: {self.log()[-3000:]}"
            try:
                self.execute("SELECT 1")
            except pymysql.OperationalError:
                assert time.monotonic() < deadline, f"mariadbd does not answer: {self.log()[-3000:]}"
                time.sleep(0.05)
            else:
                return

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        else:
            process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def mariadb_server(*options: str) -> Iterator[MariaDb]:
    """A running server with an empty data folder; both are gone afterwards."""
    assert installed(), "MariaDB is not installed; the live tests need it: python3 tools/setup.py --system test"
    folder = Path(tempfile.mkdtemp(prefix="itgrix-mariadb-"))
    try:
        if os.geteuid() == 0:
            folder.chmod(0o755)
            shutil.chown(folder, user="mysql")
        server = MariaDb(folder, options)
        server.initialise()
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user_option() -> tuple[str, ...]:
    # Root must name a user for the server; everybody else runs it as himself.
    if os.geteuid() != 0:
        return (f"--user={pwd.getpwuid(os.geteuid()).pw_name}",)
    return ("--user=mysql",)
