# SPDX-License-Identifier: GPL-3.0-or-later
"""Blocks of one AMI session, with the two forms of a command's answer.

Asterisk 14 and later send each line of a command's output as a header ``Output``; Asterisk 13 sends bare text between
``Response: Follows`` and ``--END COMMAND--``.
"""

from __future__ import annotations

from collections.abc import Iterator

from itgrix_module.asterisk.message import MAX_MESSAGE, Framer, Message, NotAmi, parse


class Blocks:
    """Framer that keeps the answer of the action Command of Asterisk 13 together, whose text may hold empty lines."""

    OLD = b"Response: Follows"
    MARK = b"--END COMMAND--"

    def __init__(self) -> None:
        self._framer = Framer()
        self._held = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the blocks that ``data`` completes. Raises NotAmi like Framer.feed."""
        for block in self._framer.feed(data):
            if self._held or block.startswith(self.OLD):
                yield from self._hold(block)
            else:
                yield block

    def _hold(self, block: bytes) -> Iterator[bytes]:
        if self._held and block.startswith((b"Event: ", b"Response: ")):
            # the mark never came; live events must not vanish into a command's text
            held, self._held = self._held, b""
            yield held
            yield block
            return
        self._held = self._held + b"\r\n\r\n" + block if self._held else block
        if len(self._held) > MAX_MESSAGE:
            raise NotAmi(f"no end of a command's output within {MAX_MESSAGE} bytes")
        if self.MARK in block:
            held, self._held = self._held, b""
            yield held


def read_message(block: bytes, at: float) -> Message:
    """Parse a block of either form; lines of a command's output are the header ``Output``. Never raises."""
    if not block.startswith(Blocks.OLD):
        return parse(block, at)
    headers: dict[str, str] = {}
    rest = block
    for name in (b"Response: ", b"Privilege: ", b"ActionID: "):
        if rest.startswith(name):
            line, _, rest = rest.partition(b"\r\n")
            key, _, value = line.decode("utf-8", "replace").partition(": ")
            headers[key] = value
    text = rest.partition(Blocks.MARK)[0].decode("utf-8", "replace")
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    headers["Output"] = lines[0]
    return Message(headers, at, {"Output": lines})
