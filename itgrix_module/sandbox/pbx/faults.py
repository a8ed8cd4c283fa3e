# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with a PBX and the way to it, on demand."""

from __future__ import annotations

from itgrix_module.sandbox.pbx.stage import Stage
from itgrix_module.sandbox.pbx.wire import Wire


class Faults:
    """Switches of one PBX. Times in real seconds. Not to be used from a process on its timeline."""

    def __init__(self, stage: Stage, wire: Wire) -> None:
        self._stage, self._wire = stage, wire
        self.banner: bytes | None = None

    def cut(self, refuse: float | None = None) -> None:
        """End every AMI connection; calls go on. ``refuse``: seconds in which nobody can connect."""
        self._wire.cut(refuse)

    def admit(self) -> None:
        """Listen again before the time of ``cut``, ``restart`` or ``kill`` is over."""
        self._wire.cut(0.0)

    def silence(self, on: bool = True) -> None:
        """Sockets stay open, nothing is read, answered or sent; afterwards everything comes late."""
        self._wire.silent = on
        self._wire.wake()

    def slow(self, rate: float | None) -> None:
        """Send so many bytes a second to each session; None: as fast as it goes."""
        self._wire.rate = rate
        self._wire.wake()

    def garbage(self, data: bytes = b"\x16\x03\x01\x02\x00\x00\xff\xfe\r\n:\r\n\r\n") -> None:
        """Bytes that are no AMI, in the middle of everybody's stream."""
        self._wire.say(data)

    def pose_as(self, banner: bytes | None) -> None:
        """Greet the next connections like another service (``b"SSH-2.0-OpenSSH_9.2\\r\\n"``); None: as Asterisk."""
        self.banner = banner

    def restart(self, down: float = 1.0) -> None:
        """``core restart now``: calls end, ``Shutdown`` is said, connections end, counters begin anew."""
        with self._stage.timeline.held():
            self._stage.stop_calls()
            self._stage.exchange.say("Shutdown", {"Shutdown": "Cleanly", "Restart": "True"})
            self._stage.down = True
            self._stage.exchange.boot()
        self._wire.cut(down, flush=True)

    def kill(self, down: float = 1.0) -> None:
        """The process dies: connections end, calls are gone without a word, counters begin anew."""
        with self._stage.timeline.held():
            self._stage.down = True
            self._stage.lose_calls()
            self._stage.exchange.boot()
        self._wire.cut(down)
