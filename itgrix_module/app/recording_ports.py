# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings on their way to the portal: from the PBX's disk, by upload or by a link to a copy of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from itgrix_module.app.ports import CallRow
from itgrix_module.app.telephony_ports import CallPortal


@dataclass(frozen=True)
class Recording:
    """A file ready for the portal. ``seconds``: its length.

    ``left_out``: why parts of the conversation are not in it, for the call's timeline.
    """

    path: str
    filename: str
    seconds: float
    left_out: tuple[str, ...] = ()


class Preparer(Protocol):
    """Recordings on the PBX's disk."""

    def prepare(self, paths: Sequence[str], name: str, started: float, deadline: float) -> Recording:
        """Find, wait for completeness, join, convert. ``deadline``: epoch second after which nothing is waited for.

        Raises Temporary (not there yet, growing, no room) or Permanent.
        """


class Archive(Protocol):
    """Our own copies, and links to them."""

    def complete(self, paths: Sequence[str], started: float, deadline: float) -> tuple[str, ...]:
        """Full paths of recordings that are there and complete. Raises as ``Preparer.prepare``."""

    def prepare_given(self, path: str, name: str, deadline: float) -> Recording:
        """An mp3 of a file that a customization made, wherever it lies. Raises as ``Preparer.prepare``."""

    def keep(self, call: CallRow, made: Recording, paths: Sequence[str], given: str) -> None:
        """Keep a copy while links to it live. ``given``: the file that a customization made, else empty.

        Raises Temporary when there is no room.
        """

    def done(self, call: CallRow, made: Recording, paths: Sequence[str], given: str) -> None:
        """The portal has it: keep a copy for as long as the settings say. Never raises."""

    def linked(self, made: Recording) -> None:
        """People have a link to the copy that is kept; what was prepared is not needed any more. Never raises."""

    def portal_link(self, call: CallRow) -> str:
        """Address from which the portal can fetch our copy. Raises NeedsOwner without a usable public address."""

    def people_link(self, call: CallRow) -> str:
        """Address under which people hear it. Raises as ``portal_link``."""

    def leads_to(self, token: str, call: CallRow) -> bool:
        """Is this the token of a link to this call's recording, expired or not?"""


class RecordingPortal(CallPortal, Protocol):
    """Calls in the portal, and the recordings it has of them."""

    def record_of(self, call_id: str) -> str:
        """Id of the recording that the portal has of a closed call, empty when none. Raises Failure."""


class LinkPortal(Protocol):
    """The portal fetches a recording itself."""

    def attach_fields(self, fields: Mapping[str, Any]) -> str:
        """telephony.externalCall.attachRecord with these fields; id of the file. Raises Failure."""
