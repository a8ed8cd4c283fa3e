# SPDX-License-Identifier: GPL-3.0-or-later
"""The AMI stream of situations as bytes, played at full speed on a simulated clock, without any network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from itgrix_module.sandbox.pbx.clock import JumpClock
from itgrix_module.sandbox.pbx.config import PbxConfig
from itgrix_module.sandbox.pbx.exchange import Event
from itgrix_module.sandbox.pbx.situation import Situation, Truth
from itgrix_module.sandbox.pbx.stage import Stage

RIGHTS = ("call", "cdr", "agent", "system")


def record(
    situations: Iterable[Situation | tuple[float, Situation]],
    config: PbxConfig | None = None,
    rights: Iterable[str] = RIGHTS,
    clock: JumpClock | None = None,
) -> tuple[bytes, list[Truth]]:
    """What a session with these rights hears, and what was true, in the order of the situations.

    A pair says how many seconds after the beginning its call starts. Events carry ``Timestamp``.
    """
    stage = Stage(replace(config or PbxConfig(), timestamps=True), clock or JumpClock())
    heard, wanted = bytearray(), frozenset(rights)

    def hear(event: Event) -> None:
        if event.right in wanted or not event.name:
            heard.extend(event.text)

    stage.listeners.append(hear)
    played = stage.play_all(item if isinstance(item, tuple) else (0.0, item) for item in situations)
    stage.timeline.open()
    try:
        truths = [item.wait(600) for item in played]
    finally:
        stage.timeline.close()
    return bytes(heard), truths
