# SPDX-License-Identifier: GPL-3.0-or-later
"""What kind of sound a file holds: by its content, by the ending of its name only where raw sound has no header.

The standard library's ``wave`` refuses u-law, a-law and GSM in wav, and files whose sizes were never written.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from itgrix_module.media import mp3
from itgrix_module.media.faults import fault, reading

_RAW = {
    **dict.fromkeys((".ulaw", ".ul", ".ulw", ".mu", ".pcm"), ("ulaw", 8000)),
    **dict.fromkeys((".alaw", ".al", ".alw"), ("alaw", 8000)),
    **dict.fromkeys((".sln", ".slin", ".raw"), ("s16", 8000)),
    **{f".sln{kilo}": ("s16", kilo * 1000) for kilo in (12, 16, 24, 32, 44, 48, 96, 192)},
    ".sln44": ("s16", 44100),
}
SUFFIXES = (".wav", ".WAV", ".wav49", ".wav16", ".mp3", ".gsm", *_RAW, ".g722", ".opus", ".ogg")
WIDTHS = {"s16": 2, "u8": 1, "ulaw": 1, "alaw": 1}
_CODINGS = {(1, 16): "s16", (1, 8): "u8", (7, 8): "ulaw", (6, 8): "alaw"}  # wav: (format tag, bits of a sample)
_HEADER = 64 * 1024  # bytes in which the data chunk of a wav must begin
_UNSET = (0, 0xFFFFFFFF)  # sizes of a wav whose writer did not come to close it
_CODED_RATE = 1650  # bytes a second of GSM, the thinnest that Asterisk writes


@dataclass(frozen=True)
class Raw:
    """Samples as they lie in the file. ``coding``: s16, u8, ulaw, alaw; ``start``, ``length``: bytes.

    ``closed``: False when the sizes in the header were never written.
    """

    path: Path
    coding: str
    rate: int
    channels: int
    start: int
    length: int
    closed: bool = True

    @property
    def seconds(self) -> float:
        return self.length / (WIDTHS[self.coding] * self.channels * self.rate)


@dataclass(frozen=True)
class Coded:
    """Sound that needs a program. ``sox``, ``ffmpeg``: their name of the format, empty where they cannot read it.

    ``rate``: samples a second as far as the file shows it, else 0. ``seconds``: at most, a guess by the size.
    """

    path: Path
    kind: str
    sox: str
    ffmpeg: str
    seconds: float
    rate: int = 0
    channels: int = 1


Sound = Raw | Coded


def inspect(path: Path) -> Sound:
    """What ``path`` holds. Raises Permanent ``recording_damaged``, Temporary ``recording_unreadable``."""
    try:
        with path.open("rb") as file:
            return _inspected(path, file, os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise reading(error, path.name) from error


def _inspected(path: Path, file: IO[bytes], size: int) -> Sound:
    head = file.read(_HEADER)
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return _wav(path, head, size)
    if head[:4] == b"OggS":
        opus = b"OpusHead" in head[:128]
        return Coded(path, "opus" if opus else "ogg", "" if opus else "ogg", "ogg", size / _CODED_RATE)
    if path.suffix in _RAW:
        coding, rate = _RAW[path.suffix]
        return Raw(path, coding, rate, 1, 0, size)
    return _coded(path, head, size)


def _coded(path: Path, head: bytes, size: int) -> Coded:
    if path.suffix == ".g722":
        return Coded(path, "g722", "", "g722", size / 8000, rate=16000)
    # every frame of GSM 06.10, 33 bytes, begins with the same four bits
    if path.suffix == ".gsm" and head and all(byte >> 4 == 0xD for byte in head[: len(head) // 33 * 33 or 1 : 33]):
        return Coded(path, "gsm", "gsm", "gsm", size / _CODED_RATE, rate=8000)
    if sound := mp3.measure(path):
        return Coded(path, "mp3", "mp3", "mp3", sound.seconds, sound.rate, sound.channels)
    raise fault("recording_damaged", name=path.name, why="this is no sound in a format that Asterisk writes")


def _wav(path: Path, head: bytes, size: int) -> Sound:
    shape = _shape(head)
    start, said = _data(head)
    if shape is None or start > size:
        raise fault("recording_damaged", name=path.name, why="its wav header is cut off or makes no sense")
    tag, channels, rate, bits = shape
    there = size - start
    length = said if said not in _UNSET and said <= there else there
    coding = _CODINGS.get((tag, bits))
    if coding is None:
        return Coded(path, f"wav format {tag}, {bits} bit", "wav", "wav", length / _CODED_RATE, rate)
    width = WIDTHS[coding] * channels
    return Raw(path, coding, rate, channels, start, length // width * width, closed=said not in _UNSET)


def _shape(head: bytes) -> tuple[int, int, int, int] | None:
    """Format tag, channels, samples a second, bits of a sample."""
    at = _chunks(head).get(b"fmt ", (0, 0))[0]
    if not at or at + 16 > len(head):
        return None
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", head, at)
    if tag == 0xFFFE and at + 26 <= len(head):
        tag = struct.unpack_from("<H", head, at + 24)[0]
    return (tag, channels, rate, bits) if channels and 1000 <= rate <= 192000 else None


def _data(head: bytes) -> tuple[int, int]:
    """Where the sound begins and how long the header says that it is, in bytes."""
    return _chunks(head).get(b"data", (_HEADER + 1, 0))


def _chunks(head: bytes) -> dict[bytes, tuple[int, int]]:
    """Chunks up to the sound: name to its first byte and its size."""
    found: dict[bytes, tuple[int, int]] = {}
    at = 12
    while at + 8 <= len(head) and b"data" not in found:
        name, size = struct.unpack_from("<4sI", head, at)
        found.setdefault(name, (at + 8, size))
        at += 8 + size + size % 2
    return found
