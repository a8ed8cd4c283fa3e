# SPDX-License-Identifier: GPL-3.0-or-later
"""Customizations as the use cases see them: fourteen moments at which a script of the administrator may decide.

A customization never loses a call: when it fails, takes too long or answers nonsense, the default goes ahead and the
fault is told. Empty ``data`` cancels the request that the customization stands before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

HOOKS = (
    "need_registration",
    "process_client_phone",
    "process_user_phone",
    "process_registration_params",
    "post_registration",
    "customize_show_call_card",
    "process_final_params",
    "process_record_file_path",
    "customize_attach_record_url",
    "process_task_creation_params",
    "customize_entity",
    "customize_activity",
    "process_originate_params",
    "customize_autodistribution",
)


@dataclass(frozen=True)
class Said:
    """What a customization answered.

    ``data``: its JSON data, None when the default goes ahead. ``cancelled``: it answered with empty data. ``failure``:
    what went wrong, one line for the timeline; empty when nothing did.
    """

    data: Any = None
    cancelled: bool = False
    failure: str = ""

    @property
    def is_default(self) -> bool:
        """Nothing was decided: go on as without the customization."""
        return not self.cancelled and self.data is None


class Hooks(Protocol):
    """The administrator's scripts."""

    def is_on(self, name: str) -> bool:
        """Is there such a script, and is it switched on?"""

    def ask(self, name: str, params: Mapping[str, Any]) -> Said:
        """Run it with ``params`` as JSON on its input. Bounded in time and size; never raises. Thread-safe."""


class NoHooks:
    """Fulfils ``Hooks`` where there are none."""

    def is_on(self, name: str) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def ask(self, name: str, params: Mapping[str, Any]) -> Said:  # noqa: ARG002
        """The default goes ahead."""
        return Said()
