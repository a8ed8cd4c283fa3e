# SPDX-License-Identifier: GPL-3.0-or-later
"""Which call each Linkedid belongs to; a call has several after a transfer joined it with another."""

from __future__ import annotations


class Linkedids:
    """Both ways: the call of a Linkedid, the Linkedids of a call. Not thread-safe."""

    def __init__(self) -> None:
        self._call_of: dict[str, str] = {}
        self._of_call: dict[str, set[str]] = {}

    def call_of(self, linkedid: str) -> str | None:
        """The call that it belongs to now."""
        return self._call_of.get(linkedid)

    def own(self, linkedid: str, call: str) -> None:
        """From now on it belongs to this call."""
        self._of_call.get(self._call_of.get(linkedid, ""), set()).discard(linkedid)
        self._call_of[linkedid] = call
        self._of_call.setdefault(call, set()).add(linkedid)

    def hand_over(self, gone: str, kept: str) -> None:
        """All of a call that became part of another."""
        for linkedid in tuple(self._of_call.pop(gone, ())):
            self.own(linkedid, kept)

    def forget(self, call: str) -> None:
        """The call is over."""
        for linkedid in self._of_call.pop(call, ()):
            self._call_of.pop(linkedid, None)
