# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound of the phones: a tone of its own for each, and digits, as RTP every 20 ms (RFC 3550, RFC 4733)."""

from __future__ import annotations

import asyncio
import math
import re
import socket
import struct
import time
from collections import deque
from contextlib import suppress
from functools import cache

TICK = 0.02  # seconds
SAMPLES = 160  # in a tick, at 8 kHz
ULAW, EVENT = 0, 101  # payload types
EVENT_TICKS, EVENT_REPEATS, EVENT_PAUSE = 8, 3, 5
CODES = {**{str(digit): digit for digit in range(10)}, "*": 10, "#": 11}
CONNECTION = re.compile(rb"c=IN IP4 (\S+)")
AUDIO = re.compile(rb"m=audio (\d+)")


@cache
def tone(frequency: int) -> bytes:
    """20 ms of a tone in µ-law; a multiple of 50 Hz goes on without a click."""
    wave = (6000 * math.sin(2 * math.pi * frequency * n / 8000) for n in range(SAMPLES))
    return bytes(ulaw(int(sample)) for sample in wave)


def ulaw(sample: int) -> int:
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample) + 132, 32635)
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | magnitude >> exponent + 3 & 0x0F) & 0xFF


class Media:
    """Sound of one call: a UDP socket from the first offer to ``close``."""

    def __init__(self, address: str, frequency: int) -> None:
        self._address = address
        self._tone = tone(frequency)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)  # nobody listens
        self._socket.bind((address, 0))
        self._peer: tuple[str, int] | None = None
        self._digits: deque[bytes | None] = deque()
        self._version = self._sequence = self._stamp = self._event_stamp = 0

    def offer(self, direction: str = "sendrecv") -> bytes:
        """Our description (SDP)."""
        self._version += 1
        port = self._socket.getsockname()[1]
        lines = (
            "v=0",
            f"o=- 1 {self._version} IN IP4 {self._address}",
            "s=-",
            f"c=IN IP4 {self._address}",
            "t=0 0",
            f"m=audio {port} RTP/AVP {ULAW} {EVENT}",
            f"a=rtpmap:{ULAW} PCMU/8000",
            f"a=rtpmap:{EVENT} telephone-event/8000",
            f"a=fmtp:{EVENT} 0-16",
            f"a={direction}",
        )
        return ("\r\n".join(lines) + "\r\n").encode()

    def accept(self, description: bytes) -> None:
        """Take the peer's address from its description; an empty one changes nothing."""
        connection, audio = CONNECTION.search(description), AUDIO.search(description)
        if connection and audio:
            self._peer = (connection[1].decode(), int(audio[1]))

    def press(self, digits: str) -> None:
        """Send digits in the place of the tone, one after another."""
        for digit in digits:
            for tick in range(EVENT_TICKS + EVENT_REPEATS):
                length = min(tick + 1, EVENT_TICKS) * SAMPLES
                ending = 0x80 if tick >= EVENT_TICKS else 0
                self._digits.append(struct.pack("!BBH", CODES[digit], ending | 10, length))
            self._digits.extend([None] * EVENT_PAUSE)

    def tick(self) -> None:
        """Send one packet, if the peer is known."""
        if self._peer is None:
            return
        self._sequence = self._sequence + 1 & 0xFFFF
        self._stamp = self._stamp + SAMPLES & 0xFFFFFFFF
        event = self._digits.popleft() if self._digits else None
        with suppress(OSError):
            self._socket.sendto(self._packet(event), self._peer)

    def _packet(self, event: bytes | None) -> bytes:
        if event is None:
            return struct.pack("!BBHII", 0x80, ULAW, self._sequence, self._stamp, 1) + self._tone
        begins = event.endswith(struct.pack("!H", SAMPLES))
        if begins:
            self._event_stamp = self._stamp
        kind = EVENT | (0x80 if begins else 0)
        return struct.pack("!BBHII", 0x80, kind, self._sequence, self._event_stamp, 1) + event

    def close(self) -> None:
        self._socket.close()


class MediaClock:
    """Ticks for every call that talks."""

    def __init__(self) -> None:
        self._talking: set[Media] = set()

    def add(self, media: Media) -> None:
        self._talking.add(media)

    def remove(self, media: Media) -> None:
        self._talking.discard(media)

    async def run(self) -> None:
        """Never returns; a late tick is made up for, as a phone's hardware clock would."""
        due = time.monotonic()
        while True:
            due = max(due + TICK, time.monotonic() - 0.5)
            for media in tuple(self._talking):
                media.tick()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
