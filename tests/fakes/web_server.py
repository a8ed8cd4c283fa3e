# SPDX-License-Identifier: GPL-3.0-or-later
"""A WSGI application on the product's own server, ended in its own thread, whoever is still connected."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from wsgiref.types import WSGIApplication

from waitress import wasyncore
from waitress.server import create_server

THREADS = 8


@contextmanager
def served(app: WSGIApplication) -> Iterator[str]:
    """Yields its address. Headers of relays reach the application as they came."""
    server = create_server(
        app, host="127.0.0.1", port=0, threads=THREADS, ident=None, clear_untrusted_proxy_headers=False
    )
    thread = threading.Thread(target=server.run, name="web server")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.task_dispatcher.shutdown()
        # Sockets that are closed in another thread while this one waits for them would be a fault.
        # It may be awake already and close itself before it is woken here.
        with suppress(OSError):
            server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
        thread.join(10)
        assert not thread.is_alive()
