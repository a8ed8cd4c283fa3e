# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of the PBX, asked for over a live connection after each (re)connect.

AMI replays nothing: channels, bridges, queues and parking lots are listed anew; calls that lay wholly inside the gap
are only in CDR and CEL. The same snapshot from recorded messages: ``SnapshotCollector.feed``, ``with_snapshots``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from itgrix_module.asterisk.listings import SnapshotCollector, with_snapshots
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.snapshot import BridgeRow, ChannelRow, ParkedRow, QueueEntryRow, Snapshot
from itgrix_module.domain.failures import Failure

__all__ = [
    "BridgeRow",
    "ChannelRow",
    "ParkedRow",
    "QueueEntryRow",
    "Snapshot",
    "SnapshotCollector",
    "collect",
    "with_snapshots",
]

VARIABLES = ("MIXMONITOR_FILENAME", "FROM_DID")
_REFUSED = frozenset({"permission", "rejected"})


class Listing(Protocol):
    """The part of a connection that a resync needs."""

    def action(self, name: str, headers: Mapping[str, object], timeout: float) -> Message: ...

    def list_action(self, name: str, headers: Mapping[str, object], timeout: float) -> list[Message]: ...


def collect(
    connection: Listing,
    clock: Callable[[], float],
    timeout: float = 10.0,
    variables: tuple[str, ...] = VARIABLES,
) -> Snapshot:
    """Ask the PBX for everything. What the account may not ask, or the PBX does not know, is named in ``missing``.

    ``timeout``: seconds for each list. Raises domain.failures.Temporary when the connection is lost or stuck.
    """
    return _Survey(connection, clock, timeout, variables).run()


class _Survey:
    def __init__(
        self, connection: Listing, clock: Callable[[], float], timeout: float, variables: tuple[str, ...]
    ) -> None:
        self._connection, self._clock, self._timeout = connection, clock, timeout
        self._variables = ",".join(variables)
        self._collector = SnapshotCollector()
        self._missing: list[str] = []

    def run(self) -> Snapshot:
        for name in ("CoreStatus", "CoreSettings"):
            self._core(name)
        at = self._clock()
        by_core = self._list("CoreShowChannels")
        by_status = self._list("Status", {"Variables": self._variables})
        if by_core or by_status:
            self._collector.listed(at)
        if self._list("BridgeList"):
            self._members()
        self._list("QueueStatus")
        self._list("ParkedCalls")
        return self._collector.build(tuple(self._missing), at)

    def _core(self, name: str) -> None:
        try:
            self._collector.core(self._connection.action(name, {}, self._timeout))
        except Failure as failure:
            self._note(name, failure)

    def _list(self, name: str, headers: Mapping[str, object] | None = None) -> bool:
        try:
            items = self._connection.list_action(name, headers or {}, self._timeout)
        except Failure as failure:
            self._note(name, failure)
            return False
        for item in items:
            self._collector.item(item)
        return True

    def _members(self) -> None:
        for bridge_id in self._collector.bridge_ids:
            try:
                items = self._connection.list_action("BridgeInfo", {"BridgeUniqueid": bridge_id}, self._timeout)
            except Failure as failure:
                if failure.code not in _REFUSED:
                    raise
                continue  # the bridge has gone since the list was made
            self._collector.members(bridge_id, [item.get("Uniqueid") for item in items])

    def _note(self, name: str, failure: Failure) -> None:
        if failure.code not in _REFUSED:
            raise failure
        self._missing.append(name)
