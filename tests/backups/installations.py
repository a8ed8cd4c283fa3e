# SPDX-License-Identifier: GPL-3.0-or-later
"""Installations to back up and to restore, and archives that were tampered with."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from itgrix_module import archives
from itgrix_module.app import backups as rules
from itgrix_module.backing import Backups
from itgrix_module.core import Core, open_core
from itgrix_module.domain.failures import Failure
from itgrix_module.place import Place
from itgrix_module.restoring import restore
from itgrix_module.storage import migrate
from itgrix_module.storage.calls import SqlCallStore
from tests.storage.samples import add_call, step

NOW = 1_795_260_000.0
SECRET = "the-secret-of-the-manager"
SCRIPT = "#!/bin/sh\nexit 0\n"


def place_of(home: Path, url: str = "") -> Place:
    return Place(home, url or f"sqlite:///{home / 'itgrix.db'}")


@cache
def _migrated() -> bytes:
    """An empty database; copying it is quicker than making it for each test."""
    with tempfile.TemporaryDirectory() as folder:
        migrate.upgrade(f"sqlite:///{folder}/empty.db")
        return whole(Path(folder) / "empty.db")


class Home:
    """An installation with one call, one secret and one customization."""

    def __init__(self, core: Core) -> None:
        self.core, self.now = core, NOW
        self.backups = Backups(
            core.place, core.database, lambda: core.settings.current, lambda: None, "1.0.0", clock=lambda: self.now
        )

    def furnish(self) -> None:
        self.core.settings.save({"ami.secret": SECRET, "ami.host": "10.1.1.1", "dial.timeout": 44})
        script = self.core.place.hooks / "post_registration.sh"
        script.write_text(SCRIPT)
        script.chmod(0o750)
        add_call(SqlCallStore(self.core.database), "1700000000.1", step(), step("finish"))


@contextmanager
def home(folder: Path, url: str = "") -> Iterator[Home]:
    place = place_of(folder, url)
    place.prepare()
    if not url and not (folder / "itgrix.db").exists():
        (folder / "itgrix.db").write_bytes(_migrated())
    with open_core(place) as core:
        made = Home(core)
        yield made
        made.backups.close()


def looked(place: Place) -> dict[str, Any]:
    """What an installation holds."""
    with open_core(place) as core:
        now = core.settings.current
        story = core.calls.story("pbx", "1700000000.1")
        return {
            "secret": now["ami.secret"],
            "host": now["ami.host"],
            "timeout": now["dial.timeout"],
            "scripts": sorted(path.name for path in place.hooks.iterdir()),
            "call": story.item.call.client if story else None,
            "steps": [stored.kind for stored in story.steps] if story else [],
        }


FURNISHED = {
    "secret": SECRET,
    "host": "10.1.1.1",
    "timeout": 44,
    "scripts": ["post_registration.sh"],
    "call": "+74951234567",
    "steps": ["register", "finish"],
}


def whole(database: Path) -> bytes:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    return database.read_bytes()


@contextmanager
def changed(archive: Path, folder: Path) -> Iterator[dict[str, bytes]]:
    """Change the files of an archive; its list fits them again afterwards. Written to ``changed.zip``."""
    with zipfile.ZipFile(archive) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    listed = json.loads(parts.pop(rules.MANIFEST))
    yield parts
    for name, content in parts.items():
        (folder / "part").write_bytes(content)
        made = archives.member_of(folder / "part")
        old = listed["members"].get(name, {"mode": 0o600})
        listed["members"][name] = {"size": made.size, "sha256": made.sha256, "mode": old["mode"]}
    with zipfile.ZipFile(folder / "changed.zip", "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in ((rules.MANIFEST, json.dumps(listed).encode()), *parts.items()):
            target.writestr(name, content)


def refused(folder: Path, file: Path, code: str = "") -> None:
    """A restore of this file fails and changes nothing."""
    with home(folder / "kept") as kept:
        kept.furnish()
    place = place_of(folder / "kept")
    with pytest.raises(Failure) as raised:
        restore(place, file, keep_machine=False)
    assert not code or raised.value.code == code
    assert looked(place) == FURNISHED
    assert list(place.work.iterdir()) == []
