# SPDX-License-Identifier: GPL-3.0-or-later
"""What one of several services with one database does for all, as long as it is there."""

from __future__ import annotations

from collections.abc import Callable

from itgrix_module.app.house_ports import Leases

# Seconds beside the pause of whoever has it. Together with AGAIN less than the 30 seconds after which a click is stale.
LEASE = 15.0
RENEW, AGAIN = 5.0, 3.0  # seconds between two renewals, and between two tries to take it over


class Duty:
    """``owner``: the same after a restart, so that who comes back goes on at once. ``clock``: epoch seconds.

    For one thread, but ``is_mine`` and ``release``.
    """

    def __init__(self, leases: Leases, name: str, owner: str, clock: Callable[[], float]) -> None:
        self._leases, self._name, self._owner, self._clock = leases, name, owner, clock
        self.is_mine = False
        self._next = self._looked = 0.0

    def held(self, pause: float = 0.0) -> bool:
        """Is it ours? Takes and renews it. ``pause``: seconds until it is asked again. Raises Failure of the database,
        and is nobody's then.
        """
        now = self._clock()
        if self._looked <= now < self._next:
            return self.is_mine
        self.is_mine, self._next = False, 0.0
        self.is_mine = self._leases.take(self._name, self._owner, now, LEASE + pause)
        self._looked, self._next = now, now + (RENEW if self.is_mine else AGAIN)
        return self.is_mine

    def release(self) -> None:
        """Another one may take it at once."""
        if self.is_mine:
            self.is_mine, self._next = False, 0.0
            self._leases.release(self._name, self._owner)
