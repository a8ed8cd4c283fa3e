# SPDX-License-Identifier: GPL-3.0-or-later
"""The same situations on other networks: chan_sip, longer and shorter extensions, trunks with awkward names."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from itgrix_module.replay import replay_files
from tests.journeys.test_transcripts import FIRST_SESSIONS, name, sessions

Change = Callable[[bytes], bytes]
ALWAYS = ("direction", "client", "outcome", "status", "answered_by", "last_talker", "rang", "transfers", "recordings")


def as_chan_sip(text: bytes) -> bytes:
    """Names and dial strings of chan_sip."""
    text = re.sub(rb"(DialString: )(\+?\d{5,})@([\w-]+)\r", rb"\1\3/\2\r", text)
    text = re.sub(rb"(DialString: \w+)/sip:[^\r]*", rb"\1", text)
    return text.replace(b"PJSIP/", b"SIP/")


def renumbered(prefix: bytes) -> Change:
    """Extensions 101 .. 110 get another prefix."""
    number = re.compile(rb"(?<![\d.:+])(10\d)(?![\d.])")
    lines = re.compile(
        rb"^(Channel|DestChannel|[A-Za-z]*Channel|CallerIDNum|DestCallerIDNum|ConnectedLineNum|Exten|Extension|DialString|"
        rb"Interface|Destination|AccountCode|LocalOneChannel|LocalTwoChannel)(: .*)$",
        re.MULTILINE,
    )
    return lambda text: lines.sub(lambda line: line[1] + number.sub(lambda found: prefix + found[1], line[2]), text)


def with_trunk(new: bytes) -> Change:
    """Another name for the first trunk."""
    return lambda text: re.sub(rb"\b(trunk1|beeline-msk)\b", new, text)


def changed(first: Path, change: Change, folder: Path) -> list[Path]:
    made = []
    for path in sessions(first):
        copy = folder / path.name
        copy.write_bytes(gzip.compress(change(gzip.decompress(path.read_bytes()))))
        made.append(copy)
    return made


SOME = [path for path in FIRST_SESSIONS if path.parent.name in ("16", "fpbx16", "fpbx17")]


@pytest.mark.parametrize("first", SOME, ids=name)
def test_chan_sip_gives_the_same_calls(first: Path, tmp_path: Path) -> None:
    usual = replay_files(sessions(first))
    found = replay_files(changed(first, as_chan_sip, tmp_path))
    assert [{key: call[key] for key in (*ALWAYS, "line")} for call in found] == [
        {key: call[key] for key in (*ALWAYS, "line")} for call in usual
    ]


@pytest.mark.parametrize("prefix", [b"50", b"700"], ids=["5 digits", "6 digits"])
@pytest.mark.parametrize("first", SOME, ids=name)
def test_longer_extensions_give_the_same_calls(first: Path, prefix: bytes, tmp_path: Path) -> None:
    def named(party: str | None) -> str | None:
        return prefix.decode() + party if party and re.fullmatch(r"10\d", party) else party

    found = replay_files(changed(first, renumbered(prefix), tmp_path))
    usual = replay_files(sessions(first))
    assert [(call["direction"], call["outcome"], call["answered_by"], call["last_talker"]) for call in found] == [
        (call["direction"], call["outcome"], named(call["answered_by"]), named(call["last_talker"])) for call in usual
    ]
    assert [call["rang"] for call in found] == [[named(party) for party in call["rang"]] for call in usual]


@pytest.mark.parametrize("trunk", [b"sip-trunk-7-495-msk", b"74951234567", b"provider_100-2"], ids=bytes.decode)
def test_trunk_may_be_called_anything(trunk: bytes, tmp_path: Path) -> None:
    for situation in ("in_direct_answered", "out_answered", "out_busy", "in_xfer_blind_refer", "c2c_local"):
        first = next(path for path in SOME if path.name == f"{situation}.ami.gz" and path.parent.name == "fpbx17")
        found = replay_files(changed(first, with_trunk(trunk), tmp_path))
        usual = replay_files(sessions(first))
        assert [{key: call[key] for key in ALWAYS} for call in found] == [
            {key: call[key] for key in ALWAYS} for call in usual
        ]
        lines = {call["line"] for call in found}
        assert lines == ({trunk.decode()} if usual[0]["direction"] == "outgoing" else {"74950000001"})
