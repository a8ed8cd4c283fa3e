# SPDX-License-Identifier: GPL-3.0-or-later
"""One AMI message: framing and parsing of bytes, without any socket.

The wire has two traps (measured on Asterisk 16 and 22): a message may be preceded by an extra CRLF, and a header may
be repeated. Decoding happens after framing, so that a character cut by a packet border survives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

END = b"\r\n\r\n"
MAX_MESSAGE = 4 * 1024 * 1024  # bytes; no AMI message comes near it, more means that the peer is not an Asterisk


class NotAmi(ValueError):
    """The bytes are not what an Asterisk manager port sends."""


@dataclass(slots=True)
class Message:
    """Headers of one message and its arrival time.

    ``headers`` keeps the first value of each header, ``repeated`` all values of those that came more than once.
    ``at`` is the arrival in epoch seconds (UTC) by our clock, or what ``Timestamp:`` says when Asterisk sends it.
    """

    headers: dict[str, str]
    at: float = 0.0
    repeated: dict[str, list[str]] = field(default_factory=dict)

    @property
    def event(self) -> str:
        """Name of the event, empty for a response."""
        return self.headers.get("Event", "")

    @property
    def response(self) -> str:
        """``Success``, ``Error``, ``Goodbye``, ``Follows``; empty for an event."""
        return self.headers.get("Response", "")

    def get(self, name: str, default: str = "") -> str:
        """First value of a header; AMI's ``<unknown>`` counts as empty."""
        value = self.headers.get(name, default)
        return "" if value == "<unknown>" else value

    def all(self, name: str) -> list[str]:
        """Every value of a header, in order."""
        found = self.repeated.get(name)
        if found is not None:
            return found
        return [self.headers[name]] if name in self.headers else []


def parse(block: bytes, at: float = 0.0) -> Message:
    """Read one framed block (without its empty line). Never raises: a line without a colon is kept as ``Output``."""
    headers: dict[str, str] = {}
    repeated: dict[str, list[str]] = {}
    for line in block.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon or " " in name:
            if not line:
                continue
            name, value = "Output", line
        elif value.startswith(" "):
            value = value[1:]
        if name not in headers:
            headers[name] = value
        elif name in repeated:
            repeated[name].append(value)
        else:
            repeated[name] = [headers[name], value]
    stamp = headers.get("Timestamp")
    return Message(headers, _epoch(stamp, at) if stamp else at, repeated)


def _epoch(stamp: str, otherwise: float) -> float:
    try:
        return float(stamp)
    except ValueError:
        return otherwise


class Framer:
    """Cuts a stream of bytes into message blocks."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the blocks that ``data`` completes; what is left waits for the next call.

        Raises NotAmi when no message ends within MAX_MESSAGE bytes.
        """
        *blocks, self._rest = (self._rest + data).split(END)
        if len(self._rest) > MAX_MESSAGE:
            raise NotAmi(f"no end of message within {MAX_MESSAGE} bytes")
        for block in blocks:
            whole = block.lstrip(b"\r\n")
            if whole:
                yield whole

    @property
    def pending(self) -> bytes:
        """Bytes of a message that has not ended yet."""
        return self._rest


def event_name(block: bytes) -> bytes:
    """Name of the event in a framed block without parsing it (cheap filter); empty for responses."""
    if not block.startswith(b"Event: "):
        return b""
    end = block.find(b"\r\n")
    return block[7:end] if end > 0 else block[7:]
