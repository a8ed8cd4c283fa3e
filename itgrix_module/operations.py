# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, journal, log, backups, diagnostics and erasure, put together: for the panel and for the commands.

Fulfils ``web.operating.Operations``.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from itgrix_module.app.backups import BackupState, Manifest
from itgrix_module.app.erasure import Erased, Found
from itgrix_module.app.users import Accounts, Lifetimes
from itgrix_module.backing import Backups
from itgrix_module.core import Core
from itgrix_module.diagnosing import bundle, log_file
from itgrix_module.erasing import Erasure
from itgrix_module.jobs import Job
from itgrix_module.settings import Settings
from itgrix_module.storage.audit import SqlAudit
from itgrix_module.storage.retention import Horizon, prune
from itgrix_module.storage.users import SqlUserStore
from itgrix_module.telemetry.book import LogBook
from itgrix_module.telemetry.logs import cut, set_levels

BACKUP, AUDIT, LOG = 60.0, 3600.0, 60.0  # seconds between two looks of the timetable
_DAY = 86_400.0


def _no_health() -> Mapping[str, Any] | None:
    return None


class Operations:
    """``health``: of the running service; ``forget``: takes a number out of its memory; ``stop``: set at its end."""

    def __init__(
        self,
        core: Core,
        product: str,
        health: Callable[[], Mapping[str, Any] | None] = _no_health,
        forget: Callable[[str], None] = lambda _: None,
        stop: threading.Event | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._core, self._product, self._health, self._clock = core, product, health, clock
        settings = core.settings
        self.accounts = Accounts(SqlUserStore(core.database), self._lifetimes, clock)
        self.journal = SqlAudit(core.database)
        self.log = LogBook(log_file(core.place.home))
        self.store = Backups(core.place, core.database, lambda: settings.current, settings.zone, product, stop, clock)
        self.erasure = Erasure(core.place, core.database, self.log.files, self.store.all, forget, clock)
        self._asks_login: Callable[[], bool] = self.accounts.exist
        self._restart: Callable[[], None] | None = None
        self.is_restart_wanted = False

    def _lifetimes(self) -> Lifetimes:
        now = self._core.settings.current
        return Lifetimes(now["panel.idle_minutes"] * 60.0, now["panel.session_hours"] * 3600.0)

    def close(self) -> None:
        """What is under way is thrown away."""
        self.store.close()

    def jobs(self) -> list[Job]:
        """For the timetable."""
        return [
            Job("backup", BACKUP, self.store.daily),
            Job("audit", AUDIT, self._forget_old),
            Job("log", LOG, lambda: cut(self.log.file)),
        ]

    def _forget_old(self) -> None:
        prune(self._core.database, Horizon(audit=self._clock() - self._core.settings.current["audit.days"] * _DAY))

    # -- access

    def asks_login(self) -> bool:
        """See the port."""
        return self._asks_login()

    def leave_login_to(self, others: Callable[[], bool]) -> None:
        """Another one lets people in (the PBX's GUI): the login is shown only where ``others`` says so."""
        self._asks_login = others

    def secure_cookies(self) -> bool:
        """See the port."""
        return bool(self._core.settings.current["panel.secure_cookies"])

    def hosts(self) -> list[str]:
        """Names under which the panel may be opened."""
        return list(self._core.settings.current["panel.hosts"])

    def note(self, who: str, action: str, details: Mapping[str, object], address: str = "") -> None:
        """An entry of the journal. ``details["subject"]``: what it was about, in a column of its own."""
        rest = {key: value for key, value in details.items() if key != "subject"}
        subject = str(details.get("subject", ""))
        self.journal.note(self._clock(), who, action, rest, address=address, subject=subject)

    # -- backups

    def backups(self) -> BackupState:
        """See the port."""
        return self.store.state()

    def make_backup(self) -> bool:
        """See the port."""
        return self.store.begin()

    def backup_file(self, name: str) -> Path | None:
        """See the port."""
        return self.store.file(name)

    def take_in(self, source: IO[bytes]) -> str:
        """See the port."""
        return self.store.take_in(source)

    def inspect(self, name: str) -> Manifest:
        """See the port."""
        return self.store.inspect(name)

    def remove_backup(self, name: str) -> bool:
        """See the port."""
        return self.store.remove(name)

    def order_restore(self, name: str, *, keep_machine: bool, who: str) -> bool:
        """See the port."""
        self.store.order(name, keep_machine=keep_machine, who=who)
        return self.restart()

    def when_restart(self, restart: Callable[[], None]) -> None:
        """``restart``: ends the service in order; whoever does it starts it again when ``is_restart_wanted``."""
        self._restart = restart

    def restart(self) -> bool:
        """False when nobody can: then it has to be done by hand."""
        if self._restart is None:
            return False
        self.is_restart_wanted = True
        self._restart()
        return True

    # -- diagnostics, erasure

    def bundle(self) -> Path:
        """See the port."""
        content = bundle(self._core, self._product, self._health())
        handle, name = tempfile.mkstemp(prefix="diagnostics-", suffix=".tar.gz", dir=self._core.place.work)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        return Path(name)

    def find(self, number: str) -> Found:
        """See the port."""
        return self.erasure.find(number)

    def export(self, number: str) -> Mapping[str, Any]:
        """See the port."""
        return self.erasure.export(number)

    def erase(self, number: str) -> Erased:
        """See the port."""
        return self.erasure.erase(number)


def health_data(health: Any) -> Mapping[str, Any]:
    """The health of the service as plain JSON data."""
    return dict(json.loads(json.dumps(asdict(health), default=str)))


def take_over_log_settings(settings: Settings) -> None:
    """How much is logged from now on."""
    set_levels(settings["log.level"], settings["log.levels"])


def again() -> None:
    """This process anew, as it was started. Never returns."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - our own command line
