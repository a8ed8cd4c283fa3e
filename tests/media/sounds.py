# SPDX-License-Identifier: GPL-3.0-or-later
"""Real sound for the tests: tones, wav files of all kinds, and what is heard in an mp3."""

from __future__ import annotations

import math
import os
import shutil
import struct
import subprocess
from array import array
from itertools import pairwise
from pathlib import Path

OLD = 1_700_000_000.0  # a last write long ago
UNIQUEID = "1795220673.502"
NAME = f"in-74950000001-79161234567-20261121-002433-{UNIQUEID}.wav"
STARTED = 1795220670.0  # 2026-11-21 00:24:30 UTC

# before any test narrows the search path
LAME, SOX, FFMPEG = (shutil.which(name) or "" for name in ("lame", "sox", "ffmpeg"))
PROGRAMS = {"lame": LAME, "sox": SOX, "ffmpeg": FFMPEG}


def tone(seconds: float = 4.0, *, rate: int = 8000, hertz: float = 440.0, channels: int = 1) -> bytes:
    """A sine of 16 bit samples, the same in all channels."""
    step = 2 * math.pi * hertz / rate
    samples = array("h", (int(12000 * math.sin(step * n)) for n in range(int(seconds * rate)) for _ in range(channels)))
    return samples.tobytes()


def wav(
    path: Path,
    data: bytes,
    *,
    rate: int = 8000,
    channels: int = 1,
    tag: int = 1,
    bits: int = 16,
    said: int | None = None,
    before: bytes = b"",
    after: bytes = b"",
) -> Path:
    """A wav file. ``said``: length that the header tells, if not the true one; ``before``, ``after``: other chunks."""
    said = len(data) if said is None else said
    width = channels * bits // 8
    shape = struct.pack("<HHIIHH", tag, channels, rate, rate * width, width, bits)
    riff = 0 if said == 0 else 36 + said & 0xFFFFFFFF
    head = b"RIFF" + struct.pack("<I", riff) + b"WAVEfmt " + struct.pack("<I", 16) + shape
    return put(path, head + before + b"data" + struct.pack("<I", said) + data + after)


def put(path: Path, content: bytes) -> Path:
    """A file that nobody has written to for long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (OLD, OLD))
    return path


def by_sox(path: Path, data: bytes, *options: str, rate: int = 8000) -> Path:
    """The samples as sox writes them in the format of the path's ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    argv = [SOX, "-t", "raw", "-e", "signed", "-b", "16", "-c", "1", "-r", str(rate), "-", *options, str(path)]
    subprocess.run(argv, input=data, check=True)
    os.utime(path, (OLD, OLD))
    return path


def by_ffmpeg(path: Path, data: bytes, *options: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = ["-loglevel", "error", "-f", "s16le", "-ar", "8000", "-ac", "1", "-i", "pipe:0"]
    subprocess.run([FFMPEG, *raw, *options, str(path)], input=data, check=True)
    os.utime(path, (OLD, OLD))
    return path


def mp3_of(path: Path, data: bytes, *, rate: int = 16000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    argv = [LAME, "--quiet", "-r", "-s", str(rate / 1000), "-m", "m", "-b", "32", "-", str(path)]
    subprocess.run(argv, input=data, check=True, stderr=subprocess.DEVNULL)
    os.utime(path, (OLD, OLD))
    return path


def heard(path: Path) -> array[int]:
    """Samples of an mp3 of one channel."""
    done = subprocess.run([LAME, "--quiet", "--decode", "-t", str(path), "-"], stdout=subprocess.PIPE, check=True)
    return array("h", done.stdout)


def hertz(samples: array[int], begin: float, end: float, *, rate: int = 16000) -> float:
    """Frequency of a tone between two moments in seconds."""
    part = samples[int(begin * rate) : int(end * rate)]
    crossings = sum(1 for one, other in pairwise(part) if one < 0 <= other)
    return crossings / (end - begin)
