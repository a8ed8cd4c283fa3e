# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itgrix_module.bitrix24.multipart import FileBody
from itgrix_module.domain.failures import Permanent


@given(st.binary(min_size=1, max_size=300), st.integers(1, 400))
def test_body_is_the_same_in_pieces_of_any_size_and_after_a_rewind(content: bytes, size: int) -> None:
    with FileBody("file", io.BytesIO(content), "a.mp3") as body:
        whole = b"".join(body)
        body.rewind()
        pieces = b"".join(iter(lambda: body.read(size), b""))
    assert pieces == whole
    assert len(whole) == len(body)
    assert whole.partition(b"\r\n\r\n")[2].startswith(content + b"\r\n--")


def test_file_that_grows_while_it_is_sent_is_sent_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(b"12345")
    with FileBody("file", path, "a.mp3") as body:
        with path.open("ab") as more:
            more.write(b"67890")
        assert len(b"".join(body)) == len(body)


def test_folder_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(Permanent) as caught:
        FileBody("file", tmp_path, "a.mp3")
    assert caught.value.code == "recording_missing"
