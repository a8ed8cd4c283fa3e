# SPDX-License-Identifier: GPL-3.0-or-later
"""Arithmetic on blocks of samples: to 16 bit little endian, to one channel, to twice the rate.

Whole blocks at once by tables and by long integers, so that hours of sound take seconds and other threads go on.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from functools import cache


def to_s16(block: bytes, coding: str) -> bytes:
    """Samples of ``coding`` (s16, u8, ulaw, alaw) as 16 bit."""
    if coding == "s16":
        return block
    low, high = _tables(coding)
    wide = bytearray(2 * len(block))
    wide[0::2] = block.translate(low)
    wide[1::2] = block.translate(high)
    return bytes(wide)


def to_mono(block: bytes) -> bytes:
    """Two interleaved channels of 16 bit, mixed half and half."""
    samples = array("h", block)
    return _mean(samples[0::2].tobytes(), samples[1::2].tobytes())


def doubled(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same sound with twice the samples a second, between two samples their mean."""
    last = b""
    for block in blocks:
        if not block:
            continue
        before = (last or block[:2]) + block[:-2]
        wide = array("h", bytes(2 * len(block)))
        wide[0::2] = array("h", _mean(before, block))
        wide[1::2] = array("h", block)
        last = block[-2:]
        yield wide.tobytes()


def _mean(one: bytes, other: bytes) -> bytes:
    """Mean of each pair of 16 bit samples, rounded down."""
    lanes = len(one) // 2
    # samples shifted to unsigned, then the sum without carries plus half of what differs: no lane spills into the next
    shift = int.from_bytes(b"\x00\x80" * lanes, "little")
    left = int.from_bytes(one, "little") ^ shift
    right = int.from_bytes(other, "little") ^ shift
    half = ((left ^ right) & int.from_bytes(b"\xfe\xff" * lanes, "little")) >> 1
    return (((left & right) + half) ^ shift).to_bytes(2 * lanes, "little")


@cache
def _tables(coding: str) -> tuple[bytes, bytes]:
    """Low and high bytes of the 16 bit sample for each of 256 codes."""
    values = [_DECODERS[coding](code) & 0xFFFF for code in range(256)]
    return bytes(value & 0xFF for value in values), bytes(value >> 8 for value in values)


def _u8(code: int) -> int:
    return (code - 128) << 8


def _ulaw(code: int) -> int:
    """ITU-T G.711, u-law."""
    code = ~code & 0xFF
    size = (((code & 0x0F) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
    return -size if code & 0x80 else size


def _alaw(code: int) -> int:
    """ITU-T G.711, a-law."""
    code ^= 0x55
    segment, size = code >> 4 & 7, (code & 0x0F) << 4
    size = size + 8 if segment == 0 else size + 0x108 << (segment - 1)
    return size if code & 0x80 else -size


_DECODERS: dict[str, Callable[[int], int]] = {"u8": _u8, "ulaw": _ulaw, "alaw": _alaw}
