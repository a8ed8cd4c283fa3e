# SPDX-License-Identifier: GPL-3.0-or-later
"""Length of an mp3, from the headers of its frames (ISO 11172-3, ISO 13818-3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# kbit/s by index, layer III: MPEG 1, then MPEG 2 and 2.5
_BITRATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_BITRATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_BLOCK = 1024 * 1024
_LONGEST = 2881  # bytes of one frame
_JUNK = 256 * 1024  # bytes without a frame after which a file is no mp3


@dataclass(frozen=True)
class Mp3:
    """``rate``: samples a second; ``bitrate``: kbit/s of the first frame."""

    seconds: float
    frames: int
    rate: int
    channels: int
    bitrate: int


@dataclass(frozen=True, slots=True)
class _Frame:
    size: int
    rate: int
    samples: int
    channels: int
    bitrate: int


def measure(path: Path) -> Mp3 | None:
    """What the whole frames of a file add up to; None when it has none. Raises OSError."""
    with path.open("rb") as file:
        file.seek(_tag_size(file.read(10)))
        frames, samples, first = 0, 0, None
        for frame in _frames(file):
            first = first or frame
            frames += 1
            samples += frame.samples
    if first is None:
        return None
    return Mp3(samples / first.rate, frames, first.rate, first.channels, first.bitrate)


def _tag_size(head: bytes) -> int:
    """Bytes of an ID3v2 tag at the beginning."""
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return size + 10 + (10 if head[5] & 0x10 else 0)


def _frames(file: IO[bytes]) -> Iterator[_Frame]:
    """Whole frames in order, without the one that only carries the encoder's notes."""
    buffer, at, mark, ended = b"", 0, -1, False
    junk = 0
    while not ended or at < len(buffer):
        if not ended and len(buffer) - at < 2 * _LONGEST:
            block = file.read(_BLOCK)
            buffer, at, ended = buffer[at:] + block, 0, not block
            continue
        frame = _frame(buffer, at)
        if frame is None or not _follows(buffer, at, frame, mark):
            at, junk = at + 1, junk + 1
            if junk > _JUNK:
                return
            continue
        notes = mark < 0 and _is_notes(buffer[at : at + frame.size])
        mark, at, junk = _kind(buffer, at), at + frame.size, 0
        if not notes:
            yield frame


def _follows(buffer: bytes, at: int, frame: _Frame, mark: int) -> bool:
    """A frame of the same kind as those before; the first is believed only if it ends the file or another follows."""
    end = at + frame.size
    if end > len(buffer):
        return False
    if mark >= 0:
        return _kind(buffer, at) == mark
    return end == len(buffer) or (_frame(buffer, end) is not None and _kind(buffer, end) == _kind(buffer, at))


def _kind(buffer: bytes, at: int) -> int:
    """Version and sampling rate, which do not change within a file."""
    return buffer[at + 1] & 0x1E | (buffer[at + 2] & 0x0C) << 4


def _is_notes(frame: bytes) -> bool:
    return any(frame.find(word, 4, 48) > 0 for word in (b"Xing", b"Info"))


def _frame(buffer: bytes, at: int) -> _Frame | None:
    """Header of the layer III frame at ``at``; None when there is none."""
    if at + 4 > len(buffer) or buffer[at] != 0xFF or buffer[at + 1] & 0xE6 != 0xE2:
        return None
    version, index, speed = buffer[at + 1] >> 3 & 3, buffer[at + 2] >> 4, buffer[at + 2] >> 2 & 3
    if version == 1 or index in (0, 15) or speed == 3:
        return None
    rate = _RATES[version][speed]
    bitrate = (_BITRATES_1 if version == 3 else _BITRATES_2)[index]
    samples = 1152 if version == 3 else 576
    size = samples // 8 * bitrate * 1000 // rate + (buffer[at + 2] >> 1 & 1)
    return _Frame(size, rate, samples, 1 if buffer[at + 3] >> 6 == 3 else 2, bitrate)
