# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of a file: every range that players ask for, and what nobody should ask for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from web.pages.recordings.ranges import Look, Part, Window, asked

LOOK = Look(1000, 1_700_000_000_500_000_000)


@pytest.mark.parametrize(
    ("wanted", "status", "start", "stop"),
    [
        ("", 200, 0, 1000),
        ("bytes=0-", 206, 0, 1000),
        ("bytes=0-0", 206, 0, 1),
        ("bytes=100-199", 206, 100, 200),
        ("bytes=999-", 206, 999, 1000),
        ("bytes=900-5000", 206, 900, 1000),
        ("bytes=-100", 206, 900, 1000),
        ("bytes=-5000", 206, 0, 1000),
        ("Bytes = 1 - 2", 206, 1, 3),
        ("bytes=1000-", 416, 0, 0),
        ("bytes=99999999999999999-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        # not understood, so not said
        ("bytes=-", 200, 0, 1000),
        ("bytes=5-4", 200, 0, 1000),
        ("bytes=0-1,5-6", 200, 0, 1000),
        ("items=0-5", 200, 0, 1000),
        ("bytes=a-b", 200, 0, 1000),
        ("bytes=0-٣", 200, 0, 1000),
        ("bytes=" + "9" * 5000 + "-", 200, 0, 1000),
        ("bytes=1-2\x00", 200, 0, 1000),
    ],
)
def test_range(wanted: str, status: int, start: int, stop: int) -> None:
    assert asked({"Range": wanted} if wanted else {}, LOOK) == Part(status, start, stop, 1000)


@given(some.integers(0, 50), some.integers(0, 60), some.one_of(some.none(), some.integers(0, 60)))
def test_part_is_what_a_slice_would_be(size: int, first: int, last: int | None) -> None:
    data = bytes(range(size))
    part = asked({"Range": f"bytes={first}-{'' if last is None else last}"}, Look(size, 1))
    if part.status == 206:
        assert data[part.start : part.stop] == data[first : None if last is None else last + 1]
        assert part.length > 0
        assert part.content_range == f"bytes {part.start}-{part.stop - 1}/{size}"
    elif part.status == 416:
        assert first >= size
        assert part.content_range == f"bytes */{size}"
    else:
        assert last is not None
        assert last < first


@pytest.mark.parametrize(
    ("condition", "status"),
    [(LOOK.tag, 206), (LOOK.modified, 206), ('"other"', 200), (f"W/{LOOK.tag}", 200), ("nonsense", 200),
     ("Mon, 01 Jan 2001 00:00:00 GMT", 200)],
)  # fmt: skip
def test_part_of_a_changed_file_is_the_whole_new_one(condition: str, status: int) -> None:
    assert asked({"Range": "bytes=0-9", "If-Range": condition}, LOOK).status == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": LOOK.tag}, 304),
        ({"If-None-Match": f'"x", W/{LOOK.tag}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"x"'}, 200),
        ({"If-None-Match": '"x"', "If-Modified-Since": LOOK.modified}, 200),
        ({"If-Modified-Since": LOOK.modified}, 304),
        ({"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-None-Match": LOOK.tag, "Range": "bytes=0-1"}, 304),
    ],
)
def test_what_the_browser_has_is_not_sent_again(headers: dict[str, str], status: int) -> None:
    assert asked(headers, LOOK).status == status


@given(some.binary(max_size=60), some.integers(0, 60), some.integers(0, 60), some.integers(1, 20))
def test_window_is_a_file_of_its_own(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, a: int, b: int, n: int
) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "window"
    path.write_bytes(data)
    start, stop = sorted((min(a, len(data)), min(b, len(data))))
    with Window(path.open("rb"), start, stop) as window:
        assert window.seek(0, 2) == stop - start
        assert window.seek(0) == window.tell() == 0
        read = b"".join(iter(lambda: window.read(n), b""))
        assert read == data[start:stop]
