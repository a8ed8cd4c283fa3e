# SPDX-License-Identifier: GPL-3.0-or-later
"""One update: its steps, how far it is, how it ended. Kept as JSON, since two processes and two versions read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

DOWNLOAD, CHECK, BACKUP, SNAPSHOT, INSTALL, HEALTH, BACK = STEPS = (
    "download",
    "check",
    "backup",
    "snapshot",
    "install",
    "health",
    "back",
)
CHANGING = frozenset({INSTALL, HEALTH, BACK})  # steps after whose begin the former version may be gone
DONE, FAILED, ROLLED_BACK, BROKEN = RESULTS = ("done", "failed", "rolled_back", "broken")


@dataclass(frozen=True)
class Run:
    """``source``, ``target``: versions. Times in epoch seconds, ``ended`` 0 while it goes on.

    ``step``: what is being done or was done last; ``part``: how much of it, 0..1. ``result``: done, failed (nothing was
    changed), rolled_back (the former version is in use again), broken (somebody has to look); ``code``, ``text``,
    ``hint``: why.
    """

    source: str = ""
    target: str = ""
    who: str = ""
    began: float = 0.0
    ended: float = 0.0
    step: str = ""
    part: float = 0.0
    result: str = ""
    code: str = ""
    text: str = ""
    hint: str = ""

    @property
    def is_over(self) -> bool:
        """Or there never was one."""
        return not self.began or bool(self.result)

    @property
    def may_have_changed(self) -> bool:
        """Is what was installed before possibly not in use?"""
        return self.step in CHANGING

    def as_data(self) -> dict[str, Any]:
        """JSON data."""
        return asdict(self)

    def at(self, step: str, part: float = 0.0) -> Run:
        """The same, further on."""
        return replace(self, step=step, part=part)

    def over(self, now: float, result: str, code: str = "", text: str = "", hint: str = "") -> Run:
        """The same, ended."""
        return replace(self, ended=now, result=result, code=code, text=text, hint=hint)


def run_of(data: Mapping[str, Any]) -> Run:
    """What another version wrote is taken as far as it is understood; nothing at all is a run that never was."""
    known = {name: data[name] for name, field in Run.__dataclass_fields__.items() if _fits(data.get(name), field.type)}
    run = Run(**known)
    is_known = run.result in ("", *RESULTS) and run.step in ("", *STEPS)
    return run if is_known else replace(run, step="", result=run.result if run.result in RESULTS else BROKEN)


def _fits(value: object, kind: object) -> bool:
    if kind == "str":
        return isinstance(value, str)
    return isinstance(value, int | float) and not isinstance(value, bool)
