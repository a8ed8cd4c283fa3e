# SPDX-License-Identifier: GPL-3.0-or-later
"""How events of the portal come by the settings of this moment, and our handlers in the portal kept that way."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from itgrix_module.app.application import Bound, Mended
from itgrix_module.app.joining import NONE, POLL, PUSH, way_of
from itgrix_module.app.links import address_of
from itgrix_module.app.rest_ports import Rest, Tokens
from itgrix_module.bitrix24.handlers import Wanted, mend
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent
from itgrix_module.settings import Settings
from itgrix_module.storage.events import SqlHappenings

log = logging.getLogger("itgrix.portal")

PATH = "bitrix24/events"
LOOK_PUSH, LOOK_POLL = 86400.0, 3600.0  # seconds between two looks at our handlers in the portal
LOOK_AGAIN, LOOK_SOON = 600.0, 30.0  # after a refusal; after a fault that passes


def way(settings: Settings) -> str:
    """See ``joining.way_of``."""
    return way_of(settings["portal.mode"], settings["portal.events"], settings["portal.public_url"])


def handler(settings: Settings) -> tuple[str, str]:
    """Our address for events, or what is wrong with it."""
    if not settings["portal.public_url"]:
        return "", "no public address is set"
    try:
        return f"{address_of(settings['portal.public_url'])}/{PATH}", ""
    except ValueError as error:
        return "", str(error)


class Handlers:
    """Looks at our handlers in the portal and mends them. Thread-safe.

    ``known``: the stored authorisation; ``mended``: told after a look. ``clock``: epoch seconds.
    """

    def __init__(
        self,
        portal: Callable[[], Rest],
        settings: Callable[[], Settings],
        known: Callable[[], Tokens | None],
        store: SqlHappenings,
        clock: Callable[[], float],
        mended: Callable[[], None],
    ) -> None:
        self._portal, self._settings, self._known = portal, settings, known
        self._store, self._clock, self._told = store, clock, mended
        self._settled: Wanted | None = None
        self._next_look = 0.0
        self._turn = threading.Lock()
        self.state = Mended()
        self.failure: Failure | None = None
        self.looked_at: float | None = None

    @property
    def are_settled(self) -> bool:
        """Does the portal know where to send events?"""
        return self.failure is None and self._settled is not None

    def doubt(self) -> None:
        """They may be gone: look at the next occasion."""
        self._settled = None

    def look(self) -> None:
        """Mend where the settings, the authorisation or the time ask for it. Raises Failure of the database."""
        with self._turn:
            wanted = self._wanted()
            if wanted is None:
                self._settled, self.failure, self.state = None, None, Mended()
            elif wanted != self._settled or self._clock() >= self._next_look:
                self._mend(wanted)

    def mend(self) -> Mended:
        """Compare and mend now. Raises Failure."""
        with self._turn:
            wanted = self._wanted()
            if wanted is None:
                raise NeedsOwner(
                    "nothing_to_bind",
                    "There is nothing to bind: no application is authorised, or no address for events is set.",
                    "Join the portal by its local application, then press Authorise.",
                )
            self._mend(wanted)
            if self.failure is not None:
                raise self.failure.with_traceback(None)
            return self.state

    def _mend(self, wanted: Wanted) -> None:
        now = self._clock()
        self._settled, self.looked_at = wanted, now
        ways = [each for each in self._store.way().split("\n") if each]
        mine = POLL if wanted.handler == "" else wanted.handler or ""
        try:
            # Noted before it is bound: what the portal may have been told is unbound when it is no longer wanted.
            self._store.set_way("\n".join(dict.fromkeys([*ways, mine])))
            self.state = mend(self._portal(), wanted, lambda bound: _is_ours(bound, [*ways, mine]), self._clock)
            if self.state.is_clean:
                self._store.set_way(mine)
        except Failure as failure:
            self._failed(failure, now)
            return
        if self.failure is not None or self.state.added or self.state.removed:
            log.info("events of the portal: %d bound, %d unbound", self.state.added, self.state.removed)
        self.failure = None
        is_whole = not wanted.learn and not self.state.missing
        self._next_look = now + ((LOOK_PUSH if wanted.handler else LOOK_POLL) if is_whole else LOOK_AGAIN)
        self._told()

    def _failed(self, failure: Failure, now: float) -> None:
        if self.failure is None or self.failure.code != failure.code:
            log.error("events of the portal cannot be bound: %s. %s", failure, failure.hint)
        self.failure = failure
        self._next_look = now + (LOOK_AGAIN if isinstance(failure, NeedsOwner | Permanent) else LOOK_SOON)

    def _wanted(self) -> Wanted | None:
        """None where there is nothing to bind: a webhook, no authorisation, an address that is none."""
        settings = self._settings()
        how = way(settings)
        known = self._known() if how != NONE else None
        if known is None:
            return None
        crm = bool(settings["portal.crm_events"])
        if how != PUSH:
            return Wanted("", crm) if how == POLL else Wanted(None)
        address, _ = handler(settings)
        return Wanted(address, crm, learn=not known.application_token) if address else None


def _is_ours(bound: Bound, ways: Sequence[str]) -> bool:
    return POLL in ways if bound.offline else bound.handler in ways
