# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings as MixMonitor makes them: wav files that grow while parties talk. The sound is a pair of tones."""

from __future__ import annotations

import math
import struct
import time
from dataclasses import dataclass, field
from pathlib import Path

RATE = 8000  # samples a second, 16 bit, mono
SPOOL = "/var/spool/asterisk/monitor"
HEADER = 44  # bytes of a wav without sound


@dataclass(eq=False)
class Tape:
    """One recording. ``spans``: when there was sound, the last one open while its end is None. Epoch seconds."""

    path: str
    file: Path | None
    spans: list[tuple[float, float | None]] = field(default_factory=list)
    written: int = 0

    def seconds(self, now: float) -> float:
        return sum((now if end is None else end) - start for start, end in self.spans)


class Recorder:
    """``directory``: where files go; None: no files. A tape belongs to the channel with that unique id."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._tapes: dict[str, Tape] = {}
        self._sound = b""

    def start(self, uniqueid: str, name: str, now: float, talking: bool) -> str:
        """Begin a recording; returns its full path. ``talking``: the channel is in a bridge already."""
        folder = time.strftime("%Y/%m/%d", time.localtime(now))
        file = self._directory / folder / name if self._directory else None
        tape = Tape(str(file or f"{SPOOL}/{folder}/{name}"), file)
        if talking:
            tape.spans.append((now, None))
        self._tapes[uniqueid] = tape
        self._write(tape, 0)
        return tape.path

    def sound(self, uniqueid: str, now: float) -> None:
        """The channel entered a bridge."""
        tape = self._tapes.get(uniqueid)
        if tape and not (tape.spans and tape.spans[-1][1] is None):
            tape.spans.append((now, None))

    def silence(self, uniqueid: str, now: float) -> None:
        """The channel left its bridge."""
        tape = self._tapes.get(uniqueid)
        if tape and tape.spans and tape.spans[-1][1] is None:
            tape.spans[-1] = (tape.spans[-1][0], now)

    def grow(self, now: float) -> None:
        """Write the sound so far of every recording, a second at least."""
        if self._directory is None:
            return
        for tape in self._tapes.values():
            samples = int(tape.seconds(now) * RATE)
            if samples - tape.written >= RATE:
                self._write(tape, samples)

    def finish(self, uniqueid: str, now: float) -> bool:
        """The channel is gone: complete its file. False when nothing was recorded on it."""
        tape = self._tapes.pop(uniqueid, None)
        if tape is None:
            return False
        self._write(tape, int(tape.seconds(now) * RATE), complete=True)
        return True

    def finish_all(self, now: float) -> None:
        for uniqueid in tuple(self._tapes):
            self.finish(uniqueid, now)

    def _write(self, tape: Tape, samples: int, complete: bool = False) -> None:
        if tape.file is None:
            return
        if not tape.file.exists():
            tape.file.parent.mkdir(parents=True, exist_ok=True)
            tape.file.write_bytes(_header(0))
        with tape.file.open("r+b") as file:
            file.seek(0, 2)
            file.write(self._piece(tape.written, samples))
            tape.written = max(tape.written, samples)
            if complete:
                file.seek(0)
                file.write(_header(tape.written * 2))

    def _piece(self, first: int, last: int) -> bytes:
        """Samples ``first`` to ``last`` of an endless sound."""
        if last <= first:
            return b""
        sound = self._sound = self._sound or _two_voices()
        start, size = first * 2 % len(sound), (last - first) * 2
        return (sound[start:] + sound * (size // len(sound) + 1))[:size]


def _two_voices() -> bytes:
    """Four seconds: two parties take turns, as two tones."""
    samples = []
    for index in range(4 * RATE):
        pitch = 440 if index < 2 * RATE else 330
        swell = abs(math.sin(math.pi * index / RATE * 2))
        samples.append(int(6000 * swell * math.sin(2 * math.pi * pitch * index / RATE)))
    return struct.pack(f"<{len(samples)}h", *samples)


def _header(size: int) -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, RATE * 2, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", HEADER - 8 + size, b"WAVE") + form + struct.pack("<4sI", b"data", size)
