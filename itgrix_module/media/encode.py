# SPDX-License-Identifier: GPL-3.0-or-later
"""One mp3 from a stream of samples, by the first program that is installed and works: lame, sox, ffmpeg.

Mono, constant bitrate, 16000 samples a second (MPEG 2 layer III), which holds all that a telephone call has.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from itgrix_module.domain.failures import Failure, Permanent
from itgrix_module.media import mp3
from itgrix_module.media.faults import fault, writing
from itgrix_module.media.installed import Installed
from itgrix_module.media.join import Joined
from itgrix_module.media.program import Program, Watch

RATE = 16000  # samples a second
BITRATES = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)  # kbit/s
PART = ".part"  # ending of files that are not finished
_FULL_WORDS = ("no space left", "disk quota", "file too large")
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGILL, signal.SIGBUS, signal.SIGFPE, signal.SIGSYS)
_SLACK = 0.3  # seconds by which encoders lengthen a recording, with room


@dataclass(frozen=True)
class Encoder:
    """A program that makes mp3. ``command``: rate of the samples, kbit/s and output file to a command line."""

    name: str
    command: Callable[[int, int, str], list[str]]


@dataclass(frozen=True)
class Encoded:
    """``seconds``: of the sound that went in."""

    seconds: float
    size: int
    left_out: tuple[str, ...] = ()


def encoders(installed: Installed) -> Iterator[Encoder]:
    """What can make mp3 here, the best first; each is looked for only when it is asked for."""
    if installed.lame:
        yield Encoder("lame", lambda rate, kbit, out: _lame(installed.lame, rate, kbit, out))
    if installed.sox_knows("mp3"):
        yield Encoder("sox", lambda rate, kbit, out: _sox(installed.sox, rate, kbit, out))
    if installed.ffmpeg_writes_mp3:
        yield Encoder("ffmpeg", lambda rate, kbit, out: _ffmpeg(installed.ffmpeg, rate, kbit, out))


def encode(joined: Joined, target: Path, bitrate: int, installed: Installed, watch: Watch) -> Encoded:
    """Write ``target`` whole or not at all. ``bitrate``: kbit/s, the nearest that layer III has is taken.

    Raises Temporary ``encoder_missing``, ``encoder_killed``, ``encoder_timeout``, ``disk_full``, ``work_folder``,
    ``stopped``; Permanent ``encoder_failed``, ``recording_empty``; and the failures of ``decode.blocks``.
    """
    failure = fault("encoder_missing")
    for encoder in encoders(installed):
        try:
            return _encoded(encoder, joined, target, bitrate, installed, watch)
        except Permanent as permanent:
            if permanent.code != "encoder_failed":
                raise
            failure = permanent
    raise failure


def _encoded(
    encoder: Encoder, joined: Joined, target: Path, bitrate: int, installed: Installed, watch: Watch
) -> Encoded:
    kbit = min(BITRATES, key=lambda known: abs(known - bitrate))
    try:
        handle, name = tempfile.mkstemp(prefix="convert-", suffix=PART, dir=target.parent)
        os.close(handle)
        part = Path(name)
        try:
            _run(encoder.command(joined.rate, kbit, name), joined, part, installed, watch)
            size = _verified(part, joined, encoder.name)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise writing(error, target.parent) from error
    return Encoded(joined.seconds, size, tuple(failure.text for failure in joined.left_out))


def _run(argv: list[str], joined: Joined, part: Path, installed: Installed, watch: Watch) -> None:
    """Feed all samples to the encoder and wait for it."""
    with Program(argv, watch) as program, closing(joined.blocks(installed, watch)) as samples:
        took_all = all(program.write(block) for block in samples)
        status = program.finish()
    if status or not took_all:
        raise _why(status, program, part)
    if not joined.seconds:
        raise fault("recording_empty", name=joined.sounds[0].path.name)


def _why(status: int, program: Program, part: Path) -> Failure:
    words = _words(status, program)
    if status == -signal.SIGXFSZ or any(word in words.casefold() for word in _FULL_WORDS) or _no_room(part):
        return fault("disk_full", directory=part.parent)
    if status < 0 and -status not in _CRASHES:
        return fault("encoder_killed", program=program.name, why=f"signal {-status}")
    return fault("encoder_failed", program=program.name, why=words)


def _words(status: int, program: Program) -> str:
    if status == 0:
        return "it stopped before the end of the sound"
    return program.said or (f"exit status {status}" if status > 0 else f"signal {-status}")


def _no_room(part: Path) -> bool:
    with suppress(OSError):
        return shutil.disk_usage(part.parent).free < 64 * 1024
    return False


def _verified(part: Path, joined: Joined, program: str) -> int:
    """Size in bytes of a file that plays as long as what went in. An encoder may run out of disk and say nothing."""
    made = mp3.measure(part)
    seconds = made.seconds if made else 0.0
    if abs(seconds - joined.seconds) <= _SLACK and made:
        return part.stat().st_size
    if _no_room(part):
        raise fault("disk_full", directory=part.parent)
    raise fault("encoder_failed", program=program, why=f"it made {seconds:.1f} s of mp3 of {joined.seconds:.1f} s")


def _lame(program: str, rate: int, kbit: int, out: str) -> list[str]:
    kilohertz = f"{rate / 1000:g}"
    raw = f"--quiet -r -s {kilohertz} --signed --bitwidth 16 --little-endian -m m".split()
    return [program, *raw, *f"--cbr -b {kbit} --resample {RATE // 1000}".split(), "-", out]


def _sox(program: str, rate: int, kbit: int, out: str) -> list[str]:
    raw = f"-V1 -t raw -esigned-integer -b16 -L -c1 -r{rate} -".split()
    return [program, *raw, "-t", "mp3", "-C", str(kbit), out, "rate", str(RATE)]


def _ffmpeg(program: str, rate: int, kbit: int, out: str) -> list[str]:
    raw = f"-nostdin -hide_banner -loglevel error -f s16le -ar {rate} -ac 1 -i pipe:0".split()
    to = f"-ar {RATE} -ac 1 -c:a libmp3lame -b:a {kbit}k -id3v2_version 0 -write_xing 0 -f mp3 -y".split()
    return [program, *raw, *to, f"file:{out}"]
