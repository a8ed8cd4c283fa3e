# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd says of a unit, to whoever asks."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

_ASKED = ("LoadState", "ActiveState", "Result")


@dataclass(frozen=True)
class State:
    """In systemd's own words; all empty where it does not answer. ``result``: how the last run of the unit ended."""

    load: str = ""
    active: str = ""
    result: str = ""

    @property
    def is_coming(self) -> bool:
        """Does it run, or will systemd bring it up by itself now?"""
        return self.active in ("active", "activating", "reloading")

    @property
    def is_masked(self) -> bool:
        return self.load == "masked"

    @property
    def is_put_down(self) -> bool:
        """Did an administrator stop it by ``systemctl stop``, or keep it from being started?

        Our unit comes back after every end of its own, so that nothing else leaves it so but a start that it refused.
        """
        is_idle = self.load in ("loaded", "masked") and self.active == "inactive"
        return is_idle and self.result != "exec-condition"


def state_of(unit: str) -> State:
    """Nobody has to be root to ask."""
    command = ["systemctl", "show", *(f"--property={name}" for name in _ASKED), f"{unit}.service"]
    said = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False).stdout
    found = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    return State(*(found.get(name, "") for name in _ASKED))
