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
from tests.chaos.scale import IS_LONG
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


def some(share: int = 0, every: Sequence[Path] = FIRST_SESSIONS) -> list[Path]:
    """Each situation once, as one of the PBXs recorded it; ``share``: as another one. In the long form all of them."""
    if IS_LONG:
        return list(every)
    situations: dict[tuple[str, str], list[Path]] = {}
    for path in every:
        family = path.parent.name.removesuffix("sip").rstrip("0123456789")
        situations.setdefault((family, path.name.partition(".")[0]), []).append(path)
    return [found[(place + share) % len(found)] for place, found in enumerate(situations.values())]


def with_all_rights(share: int = 0) -> list[Path]:
    """The same of the recordings with ``read = all``."""
    return some(share, [path for path in FIRST_SESSIONS if ".min." not in path.name])


def dealt(paths: Sequence[Path], variants: Sequence[Any]) -> list[tuple[Path, Any]]:
    """Each recording with one of the variants in turn. In the long form with all of them."""
    if IS_LONG:
        return [(path, variant) for path in paths for variant in variants]
    return [(path, variants[place % len(variants)]) for place, path in enumerate(paths)]


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
