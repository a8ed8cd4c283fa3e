# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording as blocks of samples: 16 bit little endian, one channel. Read by us where possible, else by a program.

Programs get the open file as their input, never its name: names are the callers' and mean things to sox and ffmpeg.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import IO

from itgrix_module.media.faults import fault, reading
from itgrix_module.media.formats import WIDTHS, Coded, Raw, Sound
from itgrix_module.media.installed import Installed
from itgrix_module.media.pcm import doubled, to_mono, to_s16
from itgrix_module.media.program import BLOCK, Program, Watch

_SOX = {"s16": "-esigned-integer -b16 -L", "u8": "-eunsigned-integer -b8", "ulaw": "-eu-law -b8", "alaw": "-ea-law -b8"}
_FFMPEG = {"s16": "s16le", "u8": "u8", "ulaw": "mulaw", "alaw": "alaw"}
_CANNOT_RUN = (126, 127)  # exit status of a loader that finds no program or no library


def blocks(sound: Sound, rate: int, installed: Installed, watch: Watch) -> Generator[bytes, None, None]:
    """Samples of a recording at ``rate`` a second. Close the iterator if it is not read to its end.

    Raises Temporary ``decoder_missing``, ``recording_unreadable``, ``encoder_killed`` and those of Watch;
    Permanent ``recording_damaged``.
    """
    try:
        with sound.path.open("rb", buffering=0) as file:
            yield from _read(sound, file, rate, installed, watch)
    except OSError as error:
        raise reading(error, sound.path.name) from error


def _read(sound: Sound, file: IO[bytes], rate: int, installed: Installed, watch: Watch) -> Iterator[bytes]:
    if _plain(sound) and sound.rate == rate:
        return _own(sound, file, installed, watch)
    if argv := _command(sound, rate, installed):
        file.seek(sound.start if isinstance(sound, Raw) else 0)
        return _aligned(_decoded(argv, sound, file, watch), 2)
    samples = _own(sound, file, installed, watch)
    times = rate // sound.rate
    if times.bit_count() != 1 or rate % sound.rate:
        raise fault("decoder_missing", name=sound.path.name, why=f"{sound.rate} into {rate} samples a second")
    for _ in range(times.bit_length() - 1):
        samples = doubled(samples)
    return samples


def _plain(sound: Sound) -> bool:
    return isinstance(sound, Raw) and sound.channels <= 2


def _kind(sound: Sound) -> str:
    return sound.kind if isinstance(sound, Coded) else f"{sound.coding}, {sound.channels} channels"


def _own(sound: Sound, file: IO[bytes], installed: Installed, watch: Watch) -> Iterator[bytes]:
    """Samples at the sound's own rate without sox or ffmpeg."""
    samples: Iterator[bytes]
    if isinstance(sound, Raw) and _plain(sound):
        samples = (to_s16(block, sound.coding) for block in _lying(sound, file, watch))
    elif isinstance(sound, Coded) and sound.kind == "mp3" and installed.lame:
        argv = [installed.lame, "--quiet", "--mp3input", "--decode", "-t", "-", "-"]
        samples = _aligned(_decoded(argv, sound, file, watch), 2 * sound.channels)
    else:
        raise fault("decoder_missing", name=sound.path.name, why=_kind(sound))
    return (to_mono(block) for block in samples) if sound.channels == 2 else samples


def _lying(sound: Raw, file: IO[bytes], watch: Watch) -> Iterator[bytes]:
    """The bytes of the samples, in whole samples of all channels."""
    file.seek(sound.start)
    rest = sound.length
    yield from _aligned(_bounded(file, rest, watch), WIDTHS[sound.coding] * sound.channels)


def _bounded(file: IO[bytes], rest: int, watch: Watch) -> Iterator[bytes]:
    while rest and (block := file.read(min(rest, BLOCK))):
        watch.check()
        rest -= len(block)
        yield block


def _aligned(pieces: Iterable[bytes], width: int) -> Iterator[bytes]:
    """The same bytes cut at multiples of ``width``; what is too short at the end is left out."""
    rest = b""
    for piece in pieces:
        rest += piece
        whole = len(rest) // width * width
        if whole:
            yield rest[:whole]
        rest = rest[whole:]


def _command(sound: Sound, rate: int, installed: Installed) -> list[str]:
    """Command line that turns its input into samples; empty when no program can."""
    if isinstance(sound, Raw) and installed.sox:
        layout = f"-t raw {_SOX[sound.coding]} -c{sound.channels} -r{sound.rate}".split()
        return _sox(installed.sox, layout, rate, ["trim", "0", f"{_samples(sound)}s"])
    if isinstance(sound, Coded) and installed.sox_knows(sound.sox):
        return _sox(installed.sox, ["-t", sound.sox], rate, [])
    if not installed.ffmpeg:
        return []
    if isinstance(sound, Coded):
        return _ffmpeg(installed.ffmpeg, ["-f", sound.ffmpeg], rate)
    layout = f"-f {_FFMPEG[sound.coding]} -ac {sound.channels} -ar {sound.rate} -t {sound.seconds:.6f}".split()
    return _ffmpeg(installed.ffmpeg, layout, rate)


def _samples(sound: Raw) -> int:
    return sound.length // (WIDTHS[sound.coding] * sound.channels)


def _sox(program: str, layout: list[str], rate: int, effects: list[str]) -> list[str]:
    return [program, "-V1", "-D", *layout, "-", *f"-t raw {_SOX['s16']} -c1 -r{rate} -".split(), *effects]


def _ffmpeg(program: str, layout: list[str], rate: int) -> list[str]:
    quiet = ["-nostdin", "-hide_banner", "-loglevel", "error", "-protocol_whitelist", "pipe"]
    return [program, *quiet, *layout, "-i", "pipe:0", *f"-vn -ac 1 -ar {rate} -f s16le pipe:1".split()]


def _decoded(argv: list[str], sound: Sound, file: IO[bytes], watch: Watch) -> Iterator[bytes]:
    """Output of a program. What it made of a file that is cut off is taken."""
    some = False
    with Program(argv, watch, source=file, reads=True) as program:
        while block := program.read():
            some = True
            yield block
        status = program.finish()
    if status < 0:
        raise fault("encoder_killed", program=program.name, why=f"signal {-status}")
    if status in _CANNOT_RUN:
        raise fault("decoder_missing", name=sound.path.name, why=f"{program.name}: {program.said}")
    if not some:
        raise fault("recording_damaged", name=sound.path.name, why=program.said or "there is no sound in it")
