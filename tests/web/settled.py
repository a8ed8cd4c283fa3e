# SPDX-License-Identifier: GPL-3.0-or-later
"""A panel with settings to change: the service as it is composed, over a database of its own, with nothing started."""

from __future__ import annotations

import queue
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from itgrix_module.app.workers import Ending
from itgrix_module.core import open_core
from itgrix_module.desk import Desk
from itgrix_module.pbx_door import PbxDoor
from itgrix_module.place import Place
from itgrix_module.portal_door import PortalDoor
from itgrix_module.service import Service
from tests.web.conftest import panel
from web.access import Viewer

Noted = tuple[str, str, Mapping[str, object]]


@dataclass
class Settled:
    """``audit``: what was noted; ``settings``: what is stored now."""

    app: Flask
    service: Service
    desk: Desk
    home: Path
    audit: list[Noted] = field(default_factory=list)

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.service.core.settings.current

    def reader(self, language: str = "en") -> FlaskClient:
        client = self.app.test_client()
        client.set_cookie("itgrix_lang", language)
        return client

    def save(self, **values: Any) -> None:
        """As somebody else would, by a command. Dots are written ``__``."""
        self.service.core.settings.save({key.replace("__", "."): value for key, value in values.items()})


@contextmanager
def settled(empty: Path, folder: Path, rights: frozenset[str] | None = None) -> Iterator[Settled]:
    """``empty``: a migrated database; ``rights``: of the viewer, all of them without."""
    home = folder / "home"
    home.mkdir()
    shutil.copy(empty, home / "itgrix.db")
    place = Place(home, f"sqlite:///{home / 'itgrix.db'}")
    with open_core(place) as core:
        ending = Ending()
        portal = PortalDoor(core.tokens, core.limits, time.time, ending.event.wait)
        service = Service(core, PbxDoor(queue.Queue(), time.time), portal, ending)
        core.settings.on_change(portal.configure)
        desk, audit = Desk(service, patience=0.0), list[Noted]()
        viewer = (lambda _: Viewer("clerk", rights)) if rights is not None else None
        app = panel(
            core.database,
            settings=desk,
            viewer=viewer,
            audit=lambda who, action, details: audit.append((who, action, details)),
        )
        app.config["WTF_CSRF_ENABLED"] = False
        try:
            yield Settled(app, service, desk, home, audit)
        finally:
            desk.close()
            service.routing.close()
            service.customizer.close()
            service.library.close()
            portal.close()


class _Form(HTMLParser):
    """What a browser would send of the form with an action, had nobody touched it."""

    def __init__(self, action: str) -> None:
        super().__init__(convert_charrefs=True)
        self._action = action
        self._inside, self._skips = False, 0
        self._select, self._area = "", ""
        self.sent: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, found: list[tuple[str, str | None]]) -> None:
        has = dict(found)
        if tag == "form":
            self._inside = (has.get("action") or "").split("#")[0] == self._action
        if tag == "template":
            self._skips += 1
        if not self._inside or self._skips:
            return
        name = has.get("name") or ""
        if tag == "input" and name:
            ticked = has.get("type") not in ("checkbox", "radio") or "checked" in has
            if ticked and has.get("type") != "file":
                self.sent.append((name, has.get("value") or ""))
        elif tag == "select":
            self._select = name
            self.sent.append((name, ""))
            self._first = True
        elif tag == "option" and self._select and ("selected" in has or self._first):
            self.sent[-1] = (self._select, has.get("value") or "")
            self._first = False
        elif tag == "textarea":
            self._area = name
            self.sent.append((name, ""))

    def handle_data(self, data: str) -> None:
        if self._area:
            self.sent[-1] = (self._area, self.sent[-1][1] + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "template":
            self._skips -= 1
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._area:
            self.sent[-1] = (self._area, self.sent[-1][1].removeprefix("\n"))
            self._area = ""


def untouched(page: str, action: str) -> list[tuple[str, str]]:
    """The form with this action as a browser would send it."""
    form = _Form(action)
    form.feed(page)
    form.close()
    return form.sent


def sent(
    page: str, action: str, changes: Mapping[str, Any], extra: list[tuple[str, str]] | None = None
) -> MultiDict[str, Any]:
    """The same with other values; a list gives several values of one name."""
    kept = [(name, value) for name, value in untouched(page, action) if name not in changes]
    made = [
        (name, each)
        for name, value in changes.items()
        for each in (value if isinstance(value, list) else [value])
        if each is not None
    ]
    return MultiDict([*kept, *made, *(extra or [])])


def post(client: FlaskClient, path: str, changes: Mapping[str, Any], **options: Any) -> TestResponse:
    """Open a page, change some of its fields, send it."""
    page, action = client.get(path), options.pop("action", path)
    assert page.status_code == 200, page.text
    return client.post(action, data=sent(page.text, action, changes), **options)


def problem_of(page: str, key: str) -> str:
    """What stands beside a field."""
    place = "f-" + key.replace(".", "-")
    found = re.search(rf'id="{re.escape(place)}-problem">.*?<span>(.*?)</span>', page, re.DOTALL)
    return unescape(found[1]) if found else ""
