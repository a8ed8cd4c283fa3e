# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples come out as the standards say."""

from __future__ import annotations

import subprocess
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itgrix_module.media.pcm import doubled, to_mono, to_s16
from tests.media.sounds import SOX

SAMPLE = st.integers(-32768, 32767)


def samples(block: bytes) -> list[int]:
    return list(array("h", block))


def test_known_codes_of_g711() -> None:
    assert samples(to_s16(b"\x00\x80\xff\x7f\xf0", "ulaw")) == [-32124, 32124, 0, 0, 120]
    assert samples(to_s16(b"\xd5\x55\xaa\x2a", "alaw")) == [8, -8, 32256, -32256]


@pytest.mark.parametrize(("coding", "name"), [("ulaw", "u-law"), ("alaw", "a-law"), ("u8", "unsigned")])
def test_every_code_means_what_it_means_to_sox(coding: str, name: str) -> None:
    codes = bytes(range(256))
    argv = [str(SOX), *f"-D -t raw -e {name} -b8 -c1 -r8000 - -t raw -e signed -b16 -L -".split()]
    done = subprocess.run(argv, input=codes, stdout=subprocess.PIPE, check=True)
    assert to_s16(codes, coding) == done.stdout


@given(st.lists(st.tuples(SAMPLE, SAMPLE), max_size=50))
def test_two_channels_are_mixed_half_and_half(pairs: list[tuple[int, int]]) -> None:
    both = array("h", [sample for pair in pairs for sample in pair]).tobytes()
    assert samples(to_mono(both)) == [(left + right) // 2 for left, right in pairs]


@given(st.lists(SAMPLE, min_size=1, max_size=60), st.integers(1, 20))
def test_doubling_puts_the_mean_between_whatever_the_blocks(values: list[int], size: int) -> None:
    blocks = [array("h", values[at : at + size]).tobytes() for at in range(0, len(values), size)]
    before = [values[0], *values[:-1]]
    expected = [sample for old, new in zip(before, values, strict=True) for sample in ((old + new) // 2, new)]
    assert samples(b"".join(doubled(blocks))) == expected
