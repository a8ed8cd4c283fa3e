# SPDX-License-Identifier: GPL-3.0-or-later
"""Framing and parsing where order and bytes are the enemy: chunk borders, UTF-8 cut anywhere, any bytes at all."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itgrix_module.asterisk import wire
from itgrix_module.asterisk.blocks import Blocks, read_message
from itgrix_module.asterisk.filters import NOISE, Sieve
from itgrix_module.asterisk.message import MAX_MESSAGE, NotAmi, parse
from itgrix_module.domain.failures import Permanent
from tests.asterisk.support import TRACES

STREAM = (
    b"\r\nEvent: Newchannel\r\nCallerIDName: \xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd \xf0\x9f\x93\x9e\r\nUniqueid: 1.1\r\n\r\n"
    b"Response: Follows\r\nPrivilege: Command\r\nActionID: a-1\r\nName: x\ny\r\n\r\nz\n--END COMMAND--\r\n\r\n"
    b"\r\nEvent: Hangup\r\nCause-txt: Normal Clearing\r\nUniqueid: 1.1\r\n\r\n"
    b"Response: Success\r\nOutput: a: b\r\nOutput: \r\n\r\n"
)
WHOLE = [read_message(block, 0.0) for block in Blocks().feed(STREAM)]

keys = st.text(st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=12).filter(
    lambda key: key not in {"Timestamp", "Output", "Event"}
)
values = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=40)


def cut(data: bytes, borders: list[int]) -> list[bytes]:
    places = sorted({border % (len(data) + 1) for border in borders})
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]


@given(st.lists(st.integers(0, 10_000), max_size=30))
@settings(deadline=None)
def test_borders_of_packets_never_change_the_result(borders: list[int]) -> None:
    blocks = Blocks()
    found = [read_message(block, 0.0) for piece in cut(STREAM, borders) for block in blocks.feed(piece)]
    assert found == WHOLE


def test_one_byte_at_a_time_gives_the_same() -> None:
    blocks = Blocks()
    found = [read_message(block, 0.0) for byte in STREAM for block in blocks.feed(bytes([byte]))]
    assert found == WHOLE
    assert found[0].get("CallerIDName") == "Иван 📞"
    assert found[1].all("Output") == ["Name: x", "y", "", "z"]
    assert found[3].all("Output") == ["a: b", ""]


@pytest.mark.parametrize("name", ["22_in_queue_ringall.ami.gz", "16_in_park_retrieve.ami.gz"])
@given(size=st.integers(1, 5000))
@settings(deadline=None)
def test_recorded_bytes_frame_the_same_in_any_chunk_size(name: str, size: int) -> None:
    data = gzip.decompress((TRACES / name).read_bytes())[:60_000]
    whole = list(Blocks().feed(data))
    blocks = Blocks()
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    assert [block for piece in pieces for block in blocks.feed(piece)] == whole


@given(st.lists(st.tuples(keys, values), min_size=1, max_size=20))
@settings(deadline=None)
def test_what_was_written_is_read_back(pairs: list[tuple[str, str]]) -> None:
    text = "\r\n".join(["Event: X", *(f"{key}: {value}" for key, value in pairs)])
    (block,) = Blocks().feed(text.encode() + b"\r\n\r\n")
    message = parse(block)
    for key in {key for key, _ in pairs}:
        assert message.all(key) == [value for name, value in pairs if name == key]


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_any_bytes_are_parsed_without_an_exception(block: bytes) -> None:
    for one in (block, b"Event: " + block, b"Response: Follows\r\n" + block):
        read_message(one, 0.0)
        Sieve(NOISE).drops(one)


@given(st.lists(st.binary(max_size=100), max_size=10))
@settings(deadline=None)
def test_any_stream_is_framed_without_an_exception(pieces: list[bytes]) -> None:
    blocks = Blocks()
    for piece in pieces:
        for block in blocks.feed(piece):
            read_message(block, 0.0)


def test_command_without_end_is_bounded() -> None:
    blocks = Blocks()
    pieces = b"Response: Follows\r\nx\r\n\r\n" + (b"y" * 100_000 + b"\r\n\r\n") * (MAX_MESSAGE // 100_000 + 1)
    with pytest.raises(NotAmi):
        list(blocks.feed(pieces))


@given(keys, values)
@settings(deadline=None)
def test_encoded_action_is_one_message(key: str, value: str) -> None:
    data = wire.encode("Ping", "a-1", [(key, value)])
    (block,) = Blocks().feed(data)
    assert parse(block).all(key)[-1] == value


@given(st.text(max_size=30), st.text(max_size=30))
@settings(deadline=None)
def test_whatever_is_sent_never_holds_a_second_action(key: str, value: str) -> None:
    try:
        data = wire.encode("Ping", "a-1", [(key, value)])
    except Permanent:
        return
    assert data.count(b"\r") == data.count(b"\n") == data.count(b"\r\n") == 4
    assert data.endswith(b"\r\n\r\n")
