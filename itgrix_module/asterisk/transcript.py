# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded AMI sessions: raw bytes as received, plain or gzip, read as a stream of messages with constant memory.

Writing them: Recorder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from itgrix_module.asterisk.blocks import read_message
from itgrix_module.asterisk.filters import NOISE, VARIABLES, Sieve
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.recorder import Recorder
from itgrix_module.asterisk.stream_clock import StreamClock
from itgrix_module.asterisk.transcript_file import TranscriptError, TranscriptFile

__all__ = ["Recorder", "TranscriptError", "read"]

_UNDATED = 1000  # messages at the beginning that may wait for the first hint at the time


def read(
    path: str | os.PathLike[str],
    skip: frozenset[bytes] = NOISE,
    *,
    variables: frozenset[str] = VARIABLES,
    warnings: list[str] | None = None,
) -> Iterator[Message]:
    """Messages of a recording, without those that filters.Sieve drops, with their arrival times.

    A message that the end of the file cuts is left out and named in ``warnings``: the PBX may have died there.
    Raises TranscriptError where the damage is, after the messages before it.
    """
    sieve, clock = Sieve(skip, variables), StreamClock()
    undated: list[Message] = []
    for block in TranscriptFile(path, warnings if warnings is not None else []):
        dropped = sieve.drops(block)
        if not clock.exact:
            clock.glance(block)
        if dropped:
            continue
        message = read_message(block, clock.now)
        clock.settle(message)
        if not clock.now and len(undated) < _UNDATED:
            undated.append(message)
            continue
        if undated:
            yield from _dated(undated, clock.now)
        yield message
    yield from _dated(undated, clock.now)


def _dated(undated: list[Message], at: float) -> Iterator[Message]:
    for message in undated:
        message.at = message.at or at
        yield message
    undated.clear()
