# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports for programs that must be told theirs before they are started."""

from __future__ import annotations

import random
import socket
from contextlib import suppress

# Below those that the system gives to whoever asks for any free one: one of these would be somebody else's by then.
FIRST, LAST = 20_000, 32_000


def free_port() -> int:
    """Of 127.0.0.1; nobody listens there now, for TCP or UDP."""
    while True:
        port = random.SystemRandom().randrange(FIRST, LAST)
        with (
            suppress(OSError),
            socket.create_server(("127.0.0.1", port)),
            socket.socket(type=socket.SOCK_DGRAM) as sound,
        ):
            sound.bind(("127.0.0.1", port))
            return port
