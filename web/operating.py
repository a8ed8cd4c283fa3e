# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages of access, log, backups and erasure work with; the service fulfils it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Protocol

from itgrix_module.app.backups import BackupState, Manifest
from itgrix_module.app.erasure import Erased, Found
from itgrix_module.app.users import Accounts
from itgrix_module.storage.audit import SqlAudit
from itgrix_module.telemetry.book import LogBook


class Operations(Protocol):
    """Names of backups are those of files in the folder of backups; others are refused."""

    @property
    def accounts(self) -> Accounts:
        """Users and sessions."""

    @property
    def journal(self) -> SqlAudit:
        """Who changed what."""

    @property
    def log(self) -> LogBook:
        """The log of the service."""

    def asks_login(self) -> bool:
        """Does the panel let people in by itself, and is there anybody who could log in?"""

    def secure_cookies(self) -> bool:
        """Is the panel reached over TLS only?"""

    def leave_login_to(self, others: Callable[[], bool]) -> None:
        """Another one lets people in; the login is shown only where ``others`` says so."""

    def hosts(self) -> list[str]:
        """Names besides localhost under which the panel may be opened."""

    def note(self, who: str, action: str, details: Mapping[str, object], address: str = "") -> None:
        """An entry of the journal. ``details["subject"]``: what it was about."""

    def backups(self) -> BackupState:
        """What there is, what is under way."""

    def make_backup(self) -> bool:
        """Begin one in the background; False when one is under way."""

    def backup_file(self, name: str) -> Path | None:
        """To be downloaded."""

    def take_in(self, source: IO[bytes]) -> str:
        """Keep a backup of another machine; returns its name here. Raises Failure for what is no backup."""

    def inspect(self, name: str) -> Manifest:
        """Check a backup wholly. Raises Failure with what is wrong."""

    def order_restore(self, name: str, *, keep_machine: bool, who: str) -> bool:
        """Restore at the restart of the service, which is asked for. Raises Failure when it cannot be done.

        False when the service cannot restart by itself and has to be restarted by hand.
        """

    def remove_backup(self, name: str) -> bool:
        """False when there is none of that name."""

    def bundle(self) -> Path:
        """A fresh diagnostics bundle; whoever asked removes it."""

    def find(self, number: str) -> Found:
        """What is stored about a client number. Raises NeedsOwner for what is no number."""

    def export(self, number: str) -> Mapping[str, Any]:
        """All of it as JSON data."""

    def erase(self, number: str) -> Erased:
        """All of it is gone afterwards, but for what the answer names."""
