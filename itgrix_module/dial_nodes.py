# SPDX-License-Identifier: GPL-3.0-or-later
"""Several PBXs, one portal: an order of the portal is acted on by the PBX whose extension it is for."""

from __future__ import annotations

import logging
from dataclasses import replace

from itgrix_module.app.dial_homes import Homes, handed, was_handed
from itgrix_module.app.happenings import Happening
from itgrix_module.core import Core
from itgrix_module.nodes import NODE
from itgrix_module.settings import BY_KEY
from itgrix_module.storage.events import SqlHappenings
from itgrix_module.storage.node_settings import SqlNodeSettings

log = logging.getLogger("itgrix.dialling")

KEY = "dial.extensions"
LOOK, ALONE = 0.5, 5.0  # seconds between looks for what another PBX handed over, and whether there is one
LATE = 5.0  # seconds after the age of a click that counts no more: then its own PBX will not take it


class Elsewhere:
    """Gives orders away that are another PBX's, and takes back what that one did not take. ``node``: this one."""

    def __init__(self, core: Core, node: str) -> None:
        self._core, self._node = core, node
        self._rows = SqlNodeSettings(core.database)
        self._events = SqlHappenings(core.database, node)
        self._known: tuple[int, Homes, bool] | None = None

    @property
    def is_shared(self) -> bool:
        """Are there other PBXs? Raises Failure of the database."""
        return self._homes()[1]

    def gives(self, happening: Happening, extension: str) -> bool:
        """True when the order was another PBX's and is now with it. Raises Failure of the database."""
        home = self._homes()[0].of(extension)
        if home == self._node or was_handed(happening.key, home):
            return False
        SqlHappenings(self._core.database, home).add([replace(happening, key=handed(happening.key, home))])
        log.info("%s for %s is given to the PBX %s", happening.name, extension, home)
        return True

    def take_back(self, before: float) -> int:
        """Orders that came before that moment and wait for a PBX that is away are this one's. Raises Failure."""
        count = self._events.take_over(before) if self.is_shared else 0
        if count:
            log.warning("%d orders of the portal were not taken by their PBX in time", count)
        return count

    def _homes(self) -> tuple[Homes, bool]:
        version, seen = self._core.settings.version, self._known
        if seen is None or seen[0] != version:
            names = self._rows.names()
            first = str(self._rows.of(NODE).get("") or BY_KEY[NODE].default)
            found = {name or first: value for name, value in self._rows.of(KEY).items() if isinstance(value, list)}
            seen = (version, Homes(found, self._node), bool(names or self._core.place.node))
            self._known = seen
        return seen[1], seen[2]
