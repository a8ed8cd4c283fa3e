# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of a recording with their arrival times, also where the recording has no time stamps.

Without stamps a message has the time of the newest evidence before it. The end of a call is told first by its Hangups
and then by CDR or CEL with the time, so a run of such messages waits for what follows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from itgrix_module.asterisk.blocks import read_message
from itgrix_module.asterisk.filters import Sieve
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.stream_clock import StreamClock

_ENDINGS = frozenset({"BridgeLeave", "BridgeDestroy", "Hangup", "Cdr"})
_MOST = 1000  # messages that may wait


class Waiting:
    """Messages whose time may still change, in order."""

    def __init__(self) -> None:
        self._messages: list[Message] = []

    def __bool__(self) -> bool:
        return bool(self._messages)

    def add(self, message: Message) -> None:
        """Keep it until ``release``."""
        self._messages.append(message)

    @property
    def full(self) -> bool:
        """Nobody can wait that long."""
        return len(self._messages) >= _MOST

    def release(self, at: float, call: str = "") -> Iterator[Message]:
        """All of them. From the first one of ``call`` (a Linkedid) on, and where no time was known, it is ``at``."""
        late = False
        for message in self._messages:
            late = late or (bool(call) and message.get("Linkedid") == call)
            if late or not message.at:
                message.at = at
            yield message
        self._messages.clear()


def dated(blocks: Iterable[bytes], sieve: Sieve, clock: StreamClock) -> Iterator[Message]:
    """Parse the blocks that the sieve lets through and give each its time; in the end ``clock`` knows the last one."""
    waiting, dropped, block = Waiting(), False, b""
    for block in blocks:
        dropped = sieve.drops(block)
        if not clock.exact:
            before, call = clock.now, clock.glance(block)
            if waiting and (clock.now > before or waiting.full):
                yield from waiting.release(clock.now, call)
        if dropped:
            continue
        message = read_message(block, clock.now)
        clock.settle(message)
        if not clock.exact and (message.event in _ENDINGS or not clock.now):
            waiting.add(message)
            continue
        yield from waiting.release(clock.now)
        yield message
    yield from waiting.release(clock.now)
    if dropped:
        clock.glance(block)
