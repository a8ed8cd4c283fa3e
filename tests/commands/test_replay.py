# SPDX-License-Identifier: GPL-3.0-or-later
"""``itgrix replay`` as others run it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from itgrix_module.cli import main

RECORDED = Path(__file__).parent.parent / "journeys" / "transcripts" / "22"
KEYS = {
    "linkedid", "direction", "client", "line", "started", "answered", "ended", "outcome", "status", "wait_seconds",
    "talk_seconds", "answered_by", "last_talker", "rang", "transfers", "recordings", "steps",
}  # fmt: skip


def replayed(*files: Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["replay", "--json", *map(str, files)])
    return result.exit_code, result.stdout, result.stderr


def test_document_has_what_others_read() -> None:
    code, out, _ = replayed(RECORDED / "in_xfer_att_refer.ami.gz")
    (call,) = json.loads(out)["calls"]
    assert code == 0
    assert set(call) == KEYS
    assert call["transfers"] == [{"kind": "attended", "from": "101", "to": "102"}]
    assert call["started"].endswith("Z")
    assert call["steps"][0]["kind"] == "register"
    assert {"at", "kind", "why"} <= set(call["steps"][0])


def test_successive_sessions_are_one_recording() -> None:
    _, out, _ = replayed(RECORDED / "ami_reconnect.ami.gz", RECORDED / "ami_reconnect.part2.ami.gz")
    (call,) = json.loads(out)["calls"]
    assert (call["answered_by"], call["last_talker"]) == ("101", "102")


def test_people_get_a_table() -> None:
    result = CliRunner().invoke(main, ["replay", str(RECORDED / "in_rg_answered.ami.gz")])
    assert "79161234567" in result.stdout
    assert "answered" in result.stdout


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"hello world\n", 1), (bytes(range(256)) * 20, 1), (b"", 1), (b"HTTP/1.1 200 OK\r\n\r\n", 1)],
)
def test_foreign_file_is_one_message_with_its_line(tmp_path: Path, content: bytes, line: int) -> None:
    file = tmp_path / "file.ami"
    file.write_bytes(content)
    code, out, _ = replayed(file)
    error = json.loads(out)["error"]
    assert code == 1
    assert f"file.ami, line {line}:" in error["text"]
    assert error["hint"]


def test_file_that_is_cut_in_its_compressed_part_says_so(tmp_path: Path) -> None:
    file = tmp_path / "cut.ami.gz"
    file.write_bytes((RECORDED / "in_hold.ami.gz").read_bytes()[:2000])
    code, out, _ = replayed(file)
    assert code == 1
    assert "cut short" in json.loads(out)["error"]["text"]


def test_recording_of_a_pbx_that_died_is_read_to_its_last_whole_message(tmp_path: Path) -> None:
    file = tmp_path / "died.ami"
    file.write_bytes(gzip.decompress((RECORDED / "in_hold.ami.gz").read_bytes())[:20_000])
    code, out, err = replayed(file)
    (call,) = json.loads(out)["calls"]
    assert code == 0
    assert call["ended"] is None
    assert "died.ami, line" in err


def test_missing_file_is_named() -> None:
    code, out, _ = replayed(Path("/nowhere/x.ami"))
    assert code == 1
    assert "/nowhere/x.ami" in json.loads(out)["error"]["text"]
