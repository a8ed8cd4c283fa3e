# SPDX-License-Identifier: GPL-3.0-or-later
"""An event loop in a thread of its own, and a TCP link that can be cut and healed at will."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

Result = TypeVar("Result")


class LoopThread:
    """Runs coroutines for callers that have no event loop. Close it when done."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result], timeout: float | None = None) -> Result:
        """Result of the coroutine; blocks the caller up to ``timeout`` seconds."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    def close(self) -> None:
        """End what still runs, then the thread."""
        self.run(_cancel_the_rest())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _cancel_the_rest() -> None:
    rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


class CuttableLink:
    """A TCP port that leads to another one, until it is cut: connections drop and new ones are refused."""

    def __init__(self, target: int) -> None:
        """``target``: port on 127.0.0.1 to lead to."""
        self.target = target
        self.port = 0
        self._thread = LoopThread("rig-ami-proxy")
        self._server: asyncio.Server | None = None
        self._pairs: set[asyncio.Task[None]] = set()
        self._through = 0
        self.heal()

    @property
    def users(self) -> int:
        """Connections that go through now."""
        return self._through

    def cut(self) -> None:
        self._thread.run(self._cut())

    def heal(self) -> None:
        self._thread.run(self._heal())

    def close(self) -> None:
        self.cut()
        self._thread.close()

    async def _heal(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        pairs = list(self._pairs)
        for pair in pairs:
            pair.cancel()
        await asyncio.gather(*pairs, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._relay(reader, writer))
        self._pairs.add(task)
        task.add_done_callback(self._pairs.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            onward, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        self._through += 1
        try:
            await _first_of(_pump(reader, back), _pump(onward, writer))
        except asyncio.CancelledError:
            writer.transport.abort()
            back.transport.abort()
            raise
        finally:
            self._through -= 1
        writer.close()  # one side ended it: the other gets what was said last
        back.close()


async def _first_of(*pumps: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.ensure_future(pump) for pump in pumps]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
