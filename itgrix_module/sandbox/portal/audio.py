# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells whether a recording would play and for how long. Enough of MPEG layer III and RIFF for that."""

from __future__ import annotations

import io
import wave

# kbit/s by index: MPEG 1 layer III, then MPEG 2 and 2.5 layer III (ISO 11172-3, 13818-3)
_RATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_SAMPLING = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def seconds(content: bytes) -> float | None:
    """Length of a wav or mp3; None when it is neither or damaged from the start."""
    if content[:4] == b"RIFF":
        return _wave_seconds(content)
    return _mp3_seconds(content)


def mime(filename: str) -> str:
    """Type by the extension; the portal knows two."""
    return "audio/wav" if filename.casefold().endswith(".wav") else "audio/mpeg"


def _wave_seconds(content: bytes) -> float | None:
    try:
        with wave.open(io.BytesIO(content)) as sound:
            return float(sound.getnframes() / sound.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError):
        return None


def _mp3_seconds(content: bytes) -> float | None:
    position, total, frames = _after_id3(content), 0.0, 0
    while frame := _frame(content, position):
        size, length = frame
        if position + size > len(content):
            break
        position += size
        total += length
        frames += 1
    return total if frames >= 2 else None


def _after_id3(content: bytes) -> int:
    if content[:3] != b"ID3" or len(content) < 10:
        return 0
    size = 0
    for byte in content[6:10]:
        size = size << 7 | byte & 0x7F
    return size + 10


def _frame(content: bytes, at: int) -> tuple[int, float] | None:
    """Bytes and seconds of the frame at ``at``; None when there is none."""
    if at + 4 > len(content) or content[at] != 0xFF or content[at + 1] & 0xE6 != 0xE2:
        return None
    version, rate, speed = content[at + 1] >> 3 & 3, content[at + 2] >> 4, content[at + 2] >> 2 & 3
    if version not in _SAMPLING or rate in (0, 15) or speed == 3:
        return None
    hertz, padding = _SAMPLING[version][speed], content[at + 2] >> 1 & 1
    kilobits = (_RATES_1 if version == 3 else _RATES_2)[rate]
    samples = 1152 if version == 3 else 576
    return samples // 8 * kilobits * 1000 // hertz + padding, samples / hertz
