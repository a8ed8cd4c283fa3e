# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel's HTTP server: waitress in threads of this process."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from waitress import wasyncore
from waitress.server import create_server

from itgrix_module import metrics
from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.live import portal_address
from itgrix_module.service import Service

log = logging.getLogger("itgrix.service")

THREADS = 8
_STOP = 1.0  # seconds that requests under way are given at the end


@dataclass(frozen=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """``HOST:PORT``. Raises NeedsOwner for anything else."""
        host, colon, port = text.rpartition(":")
        if not colon or not port.isdecimal() or int(port) > 65535:
            raise NeedsOwner("bad_bind", f"{text!r} is not HOST:PORT", "Such as 127.0.0.1:8077.")
        return cls(host.strip("[]") or "127.0.0.1", int(port))


def session_key(file: Path) -> str:
    """Key of the panel's sessions; made once, kept in the home."""
    try:
        return file.read_text()
    except FileNotFoundError:
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(32))
        return file.read_text()


@contextmanager
def panel(service: Service, address: Address) -> Iterator[str]:
    """Serve the panel; yields its address."""
    from itgrix_module.alert_desk import AlertBoard
    from itgrix_module.desk import Desk
    from itgrix_module.wizard import Wizard
    from web import create_app, gateway, sessions
    from web.deps import PanelDeps
    from web.i18n import catalogue
    from web.pages.route import HttpRoutes

    service.said = lambda language, text: catalogue(language).said(text)
    place, settings = service.core.place, service.core.settings
    desk = Desk(service)
    gate_key = place.home / "gate.key"  # made by the module's installer: the panel is part of the PBX's GUI then
    behind_gate = gate_key.exists()
    deps = PanelDeps(
        settings=desk,
        database=service.core.database,
        health=service.health,
        secret_key=session_key(place.home / "session.key"),
        zone=lambda: str(settings.current["panel.time_zone"]),
        country=lambda: str(settings.current["numbers.country"]),
        portal_url=lambda: portal_address(settings.current),
        retry_steps=service.retry,
        drop_steps=service.drop,
        pause=service.pause,
        is_paused=lambda: service.standing.is_held,
        support=lambda: str(settings.current["panel.support"]),
        reprocessing=service.reconciling,
        recording_file=service.recording_file,
        links=service.library,
        metrics=lambda: metrics.page(service),
        api_token=lambda: str(settings.current["panel.api_token"]),
        wizard=Wizard(service),
        line_name=lambda line: rule.name if (rule := settings.house.lines.rule(line, "")) else "",
        viewer=gateway.viewer if behind_gate else None,
        portal=service.way_in,
        updates=service.updates,
        alerts=AlertBoard(service),
        routes=HttpRoutes(service.routing.route, lambda: str(settings.current["routing.token"])),
    )
    app = create_app(sessions.seated(deps, service.operations, behind_gate))
    with closing(desk), served(gateway.Gateway(app, gate_key) if behind_gate else app, address) as url:
        yield url


@contextmanager
def served(app: object, address: Address) -> Iterator[str]:
    """A WSGI application on waitress, until the block is left."""
    try:
        # Whether somebody asks through a relay must be seen: who comes through one is not on this machine.
        server = create_server(
            app,
            host=address.host,
            port=address.port,
            threads=THREADS,
            ident=None,
            clear_untrusted_proxy_headers=False,
        )
    except OSError as error:
        raise NeedsOwner(
            "port_taken",
            f"{address.host}:{address.port} cannot be used: {error.strerror}",
            "Choose another address with --bind, or end the program that holds it.",
        ) from error
    thread = threading.Thread(target=server.run, name="panel", daemon=True)
    thread.start()
    try:
        yield f"http://{address.host}:{server.effective_port}"
    finally:
        # Pages under way end first: a thread that answers on a closed socket complains.
        server.task_dispatcher.shutdown(timeout=_STOP)
        # Sockets are closed by the thread that waits for them.
        # It may be awake already and close itself before it is woken here.
        with suppress(OSError):
            server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
        thread.join(timeout=_STOP)
