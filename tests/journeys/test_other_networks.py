# SPDX-License-Identifier: GPL-3.0-or-later
"""The same situations on other networks: chan_sip, IAX2, line cards, extensions and trunks of other names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.test_transcripts import name, sessions
from tests.journeys.wire import Change, dealt, replayed, some, text_of, told, usual

TRUNKS = rb"(trunk1|trunk2|mobile-gw|mts-backup|beeline-msk)"
NUMBERED = re.compile(
    rb"^(Channel|DestChannel|[A-Za-z]*Channel|CallerIDNum|DestCallerIDNum|ConnectedLineNum|Exten|Extension|DialString|"
    rb"Interface|Destination|AccountCode|LocalOneChannel|LocalTwoChannel)(: .*)$",
    re.MULTILINE,
)
EXTENSION = re.compile(rb"(?<![\d.:+])(10\d|110)(?![\d.])")


CALLS = re.compile(
    rb"(Event: )Newchannel(\r\n(?:(?!\r\n\r\n)(?!Channel: Local/).)*?ChannelState: )4(\r\nChannelStateDesc: )Ring"
    rb"(\r\n.*?\r\n\r\n)",
    re.DOTALL,
)


def as_chan_sip(text: bytes) -> bytes:
    """It makes a caller's channel first and says afterwards that he calls."""
    text = as_technology(b"SIP")(text)
    return CALLS.sub(rb"\1Newchannel\g<2>0\3Down\4\1Newstate\g<2>4\3Ring\4", text)


def as_technology(new: bytes) -> Change:
    """Names and dial strings of IAX2, or of chan_sip."""

    def change(text: bytes) -> bytes:
        text = re.sub(rb"(DialString: )(\+?\d{3,})@([\w-]+)\r", rb"\1\3/\2\r", text)
        text = re.sub(rb"(DialString: \w+)/sip:[^\r]*", rb"\1", text)
        return text.replace(b"PJSIP/", new + b"/")

    return change


def as_span(text: bytes) -> bytes:
    """Trunks become groups of an ISDN card: ``DAHDI/i1/79161234567-2``."""
    text = re.sub(rb"(DialString: )(\+?\d{3,})@[\w-]+\r", rb"\1g1/\2\r", text)
    return re.sub(rb"PJSIP/" + TRUNKS + rb"-0*([0-9a-f]+)", rb"DAHDI/i1/79160000000-\2", text)


def as_analog(text: bytes) -> bytes:
    """Trunks become analog lines: ``DAHDI/3-1``."""
    text = re.sub(rb"(DialString: )(\+?\d{3,})@[\w-]+\r", rb"\1g0/\2\r", text)
    return re.sub(rb"PJSIP/" + TRUNKS + rb"-([0-9a-f]+)", lambda found: b"DAHDI/%d-1" % (int(found[2], 16) + 1), text)


def without_linkedid(text: bytes) -> bytes:
    return re.sub(rb"\r\n\w*Linkedid: [^\r]*", b"", text)


def renumbered(length: int) -> Change:
    """Extensions 101 .. 110 get so many digits."""
    return lambda text: NUMBERED.sub(
        lambda line: line[1] + EXTENSION.sub(lambda found: extension(found[1].decode(), length).encode(), line[2]), text
    )


def extension(number: str, length: int) -> str:
    return f"{int(number) - 80:02d}" if length == 2 else "7012"[: length - 3] + number


def with_trunk(new: bytes) -> Change:
    """Another name for the first trunk."""
    return lambda text: re.sub(rb"\b(trunk1|beeline-msk)\b", new, text)


def shown(value: object) -> str | None:
    """Recordings by their names, changes too."""
    if isinstance(value, Path):
        return name(value)
    return getattr(value, "__name__", None)


def changed(first: Path, change: Change, folder: Path) -> list[dict[str, Any]]:
    return replayed([change(text_of(path)) for path in sessions(first)], folder)


as_iax2 = as_technology(b"IAX2")


@pytest.mark.parametrize(("first", "technology"), dealt(some(0), [as_chan_sip, as_iax2]), ids=shown)
def test_other_technologies_give_the_same_calls(first: Path, technology: Change, scratch: Path) -> None:
    assert told(changed(first, technology, scratch)) == told(usual(first))


@pytest.mark.parametrize(("first", "card"), dealt(some(1), [as_span, as_analog]), ids=shown)
def test_trunks_may_be_line_cards(first: Path, card: Change, scratch: Path) -> None:
    assert told(changed(first, card, scratch), "line") == told(usual(first), "line")


@pytest.mark.parametrize("first", some(2), ids=name)
def test_calls_are_recognised_without_linkedid(first: Path, scratch: Path) -> None:
    assert told(changed(first, without_linkedid, scratch)) == told(usual(first))


@pytest.mark.parametrize(("first", "length"), dealt(some(3), [2, 4, 5, 6]), ids=shown)
def test_extensions_may_have_two_to_six_digits(first: Path, length: int, scratch: Path) -> None:
    def named(party: str | None) -> str | None:
        return extension(party, length) if party and re.fullmatch(r"10\d|110", party) else party

    usual_calls = [
        call
        | {key: named(call[key]) for key in ("answered_by", "last_talker")}
        | {"rang": [named(party) for party in call["rang"]]}
        | {"transfers": [item | {key: named(item[key]) for key in ("from", "to")} for item in call["transfers"]]}
        for call in usual(first)
    ]
    found = changed(first, renumbered(length), scratch)
    assert told(found, "recordings") == told(usual_calls, "recordings")


NAMES = [b"sip-trunk-7-495-msk", b"74951234567", b"provider_100-2"]


@pytest.mark.parametrize(("first", "trunk"), dealt(some(4), NAMES), ids=shown)
def test_trunk_may_be_called_anything(first: Path, trunk: bytes, scratch: Path) -> None:
    found = changed(first, with_trunk(trunk), scratch)
    assert told(found, "line", "recordings") == told(usual(first), "line", "recordings")
    renamed = [re.sub(r"^(trunk1|beeline-msk)$", trunk.decode(), call["line"] or "") for call in usual(first)]
    assert [call["line"] or "" for call in found] == renamed
