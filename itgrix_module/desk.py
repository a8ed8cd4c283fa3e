# SPDX-License-Identifier: GPL-3.0-or-later
"""What the settings pages work with, as the running service has it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from itgrix_module.app.desk_ports import LineBoard, List, Listing, SeenLine
from itgrix_module.app.directory import DirectoryState, Names
from itgrix_module.app.lines import unmapped
from itgrix_module.app.wording import Worded, Wording
from itgrix_module.app.wording_terms import DEFAULTS, SAMPLE, crm_link, default, variables
from itgrix_module.bitrix24 import choices
from itgrix_module.desk_book import SettingsBook
from itgrix_module.desk_lists import PortalLists
from itgrix_module.desk_shelf import HookShelf
from itgrix_module.domain.failures import Permanent
from itgrix_module.live import portal_of
from itgrix_module.service import Service
from itgrix_module.settings import Settings
from itgrix_module.storage.portal_lines import SqlLineStore
from itgrix_module.storage.queries import CallStory

_ANSWER = 4.0
_LOOK = 0.1
_PLAIN = ("title", "TITLE", "SUBJECT")  # endings of keys whose texts are not read as markup


class Desk:
    """Fulfils ``app.desk_ports.SettingsDesk``; ``close`` ends what it reads in the background."""

    def __init__(self, service: Service, patience: float = _ANSWER) -> None:
        """``patience``: seconds that a person waits for the employees."""
        self._service, self._patience = service, patience
        core = service.core
        self.book = SettingsBook(core.settings)
        self.shelf = HookShelf(core.place.hooks, service.hooks, core.calls.story, service.known)
        self._lists = PortalLists({name: partial(self._read, name) for name in choices.READERS}, time.time)
        self._portal = ""
        core.settings.on_change(self._changed)

    def close(self) -> None:
        """End readings under way."""
        self._lists.close()

    def _read(self, name: str) -> Sequence[tuple[str, str]]:
        return choices.READERS[name](self._service.portal.client)

    def _changed(self, settings: Settings) -> None:
        portal = portal_of(settings)
        if portal != self._portal:
            self._portal = portal
            self._lists.forget()

    def listing(self, name: List) -> Listing:
        """Users whom the portal does not tell now are those whom the directory knows."""
        found = self._lists.get(name)
        if name != "users" or found.items:
            return found
        known = {str(each.user_id): each.name for each in self.directory().employees}
        return replace(found, items=tuple(known.items()))

    def directory(self) -> DirectoryState:
        """See the port."""
        return self._service.directory.state

    def read_employees(self) -> bool:
        """The service reads them in its own thread, so that nothing is read twice at once."""
        directory = self._service.directory
        before = directory.state
        directory.ask_again()
        self._lists.forget()
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline:
            now = directory.state
            if now.refreshed > before.refreshed or (now.failure is not None and now.failure is not before.failure):
                return True
            if self._service.ending.event.wait(_LOOK):
                return False
        return False

    def lines(self) -> LineBoard:
        """See the port."""
        core = self._service.core
        seen = core.calls.lines()
        unknown = set(unmapped(((line.line, line.trunk) for line in seen), core.settings.house.lines))
        open_ = [SeenLine(line.line, line.trunk, line.times, line.last_at) for line in seen if _pair(line) in unknown]
        return LineBoard(tuple(open_), self._service.lines.state, SqlLineStore(core.database).made())

    def preview(self, key: str, template: str, node: str, linkedid: str) -> Worded:
        """See the port."""
        language = str(self._service.core.settings.current["portal.language"])
        text = template or self.built_in(key)
        return Wording(language).preview(text, self._values(node, linkedid), markup=not key.endswith(_PLAIN))

    def built_in(self, key: str) -> str:
        """See the port."""
        language = str(self._service.core.settings.current["portal.language"])
        return default(key, language) if key in DEFAULTS["en"] else ""

    def _values(self, node: str, linkedid: str) -> Mapping[str, Any]:
        if not linkedid:
            return SAMPLE
        story = self._service.core.calls.story(node, linkedid)
        if story is None:
            raise Permanent("no_such_call", "there is no such call", "Choose another one.")
        return self._of_call(story)

    def _of_call(self, story: CallStory) -> Mapping[str, Any]:
        settings, call = self._service.core.settings, story.item.call
        host = portal_of(settings.current)
        rule = settings.house.lines.rule(call.line, call.trunk)
        people = Names(self._service.directory)
        links = lambda kind, number: crm_link(f"https://{host}" if host else "", kind, number)  # noqa: E731
        return variables(call, story.item.portal, people.employee, rule.name if rule else "", settings.zone(), links)


def _pair(line: Any) -> tuple[str, str]:
    return line.line, line.trunk
