# SPDX-License-Identifier: GPL-3.0-or-later
"""A home with finished calls, their recordings on the PBX's disk, and everything that gives them to the outside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flask import Flask

from itgrix_module.app.health import Health
from itgrix_module.app.links import Preparing
from itgrix_module.app.people_ports import Employee
from itgrix_module.app.ports import CallRow, NewStep, PortalSide, Settlement
from itgrix_module.core import Core, open_core
from itgrix_module.domain.steps import Priority
from itgrix_module.keeping import Note
from itgrix_module.library import Library
from itgrix_module.place import Place
from itgrix_module.storage.calls import SqlCallStore
from itgrix_module.storage.employees import SqlEmployeeStore
from tests.fakes.migrated import migrated
from tests.media.sounds import tone, wav
from web import PanelDeps, create_app
from web.pages import recordings

NODE, START = "pbx1", 1_795_220_673.0  # 21 November 2026, 00:24:33 UTC
PUBLIC = "http://127.0.0.1:8077"


@dataclass
class Recorded:
    """``now``: the library's clock, turned by hand."""

    core: Core
    library: Library
    monitor: Path
    now: float

    def call(self, linkedid: str = "1795220673.502", *names: str, seconds: float = 2.0, **changes: Any) -> CallRow:
        """A call that the portal has closed, with a recording of each name (a tone of its own pitch)."""
        values: dict[str, Any] = {
            "client": "79161234567",
            "client_name": "Анна",
            "line": "74950000001",
            "started": START,
            "answered": START + 5,
            "ended": START + 65,
            "talk": 60.0,
            "rang": ("101",),
            "answered_by": "101",
            "last_talker": "101",
            "live": False,
        }
        values |= {"direction": "incoming", **changes}
        row = CallRow(node=NODE, linkedid=linkedid, phase="ended", **values)
        paths = [str(self.sound(name, seconds, 300 * place)) for place, name in enumerate(names, 1)]
        store = SqlCallStore(self.core.database)
        with store.work() as work:
            work.save_call(row)
            payload = {"paths": paths, "why": "the call was recorded"}
            work.add_steps(NODE, linkedid, [NewStep("attach", payload, Priority.UPLOAD, START, START)] if paths else [])
            work.add_steps(NODE, linkedid, [] if paths else [NewStep("finish", {}, Priority.FINISH, START, START)])
        self._close()
        return row

    def _close(self) -> None:
        """The portal has closed all calls and has their recordings."""
        for lane in self.core.outbox.claim("setup", self.now, 60, 10):
            side = PortalSide(call_id=f"C{lane.call.linkedid}", finished=True, activity_id="7")
            done = [Settlement(step.id, "done") for step in lane.steps]
            assert self.core.outbox.settle("setup", NODE, lane.call.linkedid, done, side, [], self.now)

    def keep(self, call: CallRow, content: bytes) -> None:
        """Our own copy of a call's recording, whatever is in it."""
        source = self.core.place.work / "made.mp3"
        source.write_bytes(content)
        note = Note(call.node, call.linkedid, call.started, (), made_at=self.now)
        self.library.copies.keep(call, source, note, ours=False)

    def sound(self, name: str, seconds: float = 2.0, hertz: float = 300.0) -> Path:
        return wav(self.monitor / "2026/11/21" / name, tone(seconds, hertz=hertz))

    def settle(self, call: CallRow) -> object:
        """What a link leads to when nothing is under way any more."""
        deadline = time.monotonic() + 20
        while isinstance(found := self.library.file(call), Preparing) and found.seconds <= 5:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return found

    def app(self, **changes: Any) -> Flask:
        """The panel with links in front of it."""
        deps = PanelDeps(
            database=self.core.database,
            health=lambda: Health("1", NODE, 0.0, self.now, (), {}, 0.0),
            secret_key="not a secret",
            zone=lambda: "Europe/Moscow",
            clock=lambda: self.now,
        )
        app = create_app(replace(deps, **changes))
        recordings.mount(app, deps, self.library)
        return app


@contextmanager
def recorded(folder: Path, **settings: Any) -> Iterator[Recorded]:
    """``settings``: with ``__`` for the dot."""
    monitor = folder / "monitor"
    monitor.mkdir()
    given = {"recordings.directory": str(monitor), "portal.public_url": PUBLIC, "recordings.mode": "link"}
    given |= {key.replace("__", "."): value for key, value in settings.items()}
    place = Place(folder / "home", f"sqlite:///{folder / 'home' / 'itgrix.db'}")
    place.prepare()
    migrated(place.database_url)
    with open_core(place) as core:
        core.settings.save(given)
        SqlEmployeeStore(core.database).save([Employee("101", 1, "Ольга Петрова")], START)
        library = Library(place, lambda: core.settings.current, core.calls.story, clock=lambda: found.now)
        found = Recorded(core, library, monitor, START + 3600)
        try:
            yield found
        finally:
            found.library.close()
