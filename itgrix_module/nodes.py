# SPDX-License-Identifier: GPL-3.0-or-later
"""Several PBXs with one database and one portal: what each has for itself among the settings that all share.

A node that is named (``ITGRIX_NODE``, or the file ``node`` in the home) keeps the settings of its machine in rows
``KEY@NODE``; what it has not set for itself is as everybody has it. A single PBX needs no name and has no such rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from itgrix_module.app.house_ports import SettingStore

NODE = "pbx.node"
OWN_GROUPS = ("ami.", "cdr.", "dial.")
OWN = frozenset(
    (
        *(NODE, "recordings.directory", "routing.listen", "extensions.list", "extensions.pattern", "trunks.list"),
        *("panel.hosts", "panel.secure_cookies"),
    )
)
_MARK = "@"


def is_own(key: str) -> bool:
    """Does this setting describe a PBX and its machine, not the company?"""
    return key in OWN or key.startswith(OWN_GROUPS)


class NodeSettings:
    """house_ports.SettingStore for one node.

    ``node``: its name; empty: the only one, or the first, whose rows all share.
    """

    def __init__(self, store: SettingStore, node: str) -> None:
        self._store, self._node = store, node

    def load(self) -> Mapping[str, Any]:
        """Raises what the store raises."""
        rows = self._store.load()
        shared = {name: value for name, value in rows.items() if _MARK not in name}
        if not self._node:
            return shared
        ours = {key_of(name): value for name, value in rows.items() if name.endswith(_row("", self._node))}
        return {**shared, **ours, NODE: self._node}

    def save(self, values: Mapping[str, Any], removed: Sequence[str] = ()) -> None:
        """All or nothing. The name of a node that was named stays."""
        named = {self._name(key): value for key, value in values.items() if not (self._node and key == NODE)}
        self._store.save(named, [self._name(key) for key in removed])

    def version(self) -> int:
        """Grows with every save of whichever node."""
        return self._store.version()

    def _name(self, key: str) -> str:
        return _row(key, self._node) if self._node and is_own(key) else key


def _row(key: str, node: str) -> str:
    return f"{key}{_MARK}{node}"


def key_of(name: str) -> str:
    """The setting that a row is of."""
    return name.partition(_MARK)[0]
