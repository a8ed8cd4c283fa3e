# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded AMI sessions: raw bytes as received, plain or gzip, read as a stream of messages with constant memory.

Writing them: Recorder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from itgrix_module.asterisk.dating import dated
from itgrix_module.asterisk.filters import NOISE, VARIABLES, Sieve
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.recorder import Recorder
from itgrix_module.asterisk.stream_clock import StreamClock
from itgrix_module.asterisk.transcript_file import TranscriptError, TranscriptFile

__all__ = ["Recorder", "TranscriptError", "read"]


def read(
    path: str | os.PathLike[str],
    skip: frozenset[bytes] = NOISE,
    *,
    variables: frozenset[str] = VARIABLES,
    warnings: list[str] | None = None,
    clock: StreamClock | None = None,
) -> Iterator[Message]:
    """Messages of a recording, without those that filters.Sieve drops, with their arrival times.

    ``clock``: knows after the last message when that came, or what was dropped after it.
    A message that the end of the file cuts is left out and named in ``warnings``: the PBX may have died there.
    Raises TranscriptError where the damage is, after the messages before it.
    """
    file = TranscriptFile(path, warnings if warnings is not None else [])
    return dated(file, Sieve(skip, variables), clock or StreamClock())
