# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded sessions as lists of messages that tests may change, and their replay."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from itgrix_module.replay import replay_files
from tests.journeys.test_transcripts import FIRST_SESSIONS, sessions

Blocks = list[bytes]
Change = Callable[[bytes], bytes]
END = b"\r\n\r\n"
STAMP = re.compile(rb"^(Timestamp: )(\d+\.\d+)", re.MULTILINE)
SAME = (
    "direction",
    "client",
    "line",
    "outcome",
    "status",
    "answered_by",
    "last_talker",
    "rang",
    "transfers",
    "recordings",
)

# Of the rarer situations each is tried under some of the changes, so that all of them take two minutes at most.
_SHARES = 4


def some(share: int = 0) -> list[Path]:
    """The usual situations and a quarter of the rarer ones; ``share``: another quarter."""
    return [path for place, path in enumerate(FIRST_SESSIONS) if not rare(path) or (place // 2 + share) % _SHARES == 0]


def with_all_rights(share: int = 0) -> list[Path]:
    """Of these the recordings with ``read = all``."""
    return [path for path in some(share) if ".min." not in path.name]


def rare(path: Path) -> bool:
    return path.parent.name.startswith("more")


def text_of(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def blocks_of(text: bytes) -> Blocks:
    """Messages without the empty lines around them; the banner stays with the first."""
    return [block.strip(b"\r\n") for block in text.split(END) if block.strip(b"\r\n")]


def joined(blocks: Iterable[bytes]) -> bytes:
    return b"".join(block + END for block in blocks)


def field(block: bytes, name: bytes) -> bytes:
    """A header's value, empty when it is not there."""
    start = block.find(b"\r\n" + name + b": ")
    if start < 0:
        return block[len(name) + 2 :].split(b"\r\n", 1)[0] if block.startswith(name + b": ") else b""
    return block[start + len(name) + 4 :].split(b"\r\n", 1)[0]


def event(block: bytes) -> bytes:
    return field(block, b"Event")


def stamp(block: bytes) -> float | None:
    """Seconds since the epoch, None for a message without a time stamp."""
    found = STAMP.search(block)
    return float(found[2]) if found else None


def replayed(texts: Sequence[bytes], folder: Path) -> list[dict[str, Any]]:
    """Calls of successive sessions."""
    paths = []
    for number, text in enumerate(texts):
        path = folder / f"{number}.ami"
        path.write_bytes(text)
        paths.append(path)
    return replay_files(paths)


@cache
def usual(first: Path) -> tuple[dict[str, Any], ...]:
    """What the recording gives as it is."""
    return tuple(replay_files(sessions(first)))


def told(calls: Iterable[dict[str, Any]], *but: str) -> list[dict[str, Any]]:
    """All of the calls but steps and times."""
    return [{key: call[key] for key in ("linkedid", *SAME) if key not in but} for call in calls]
