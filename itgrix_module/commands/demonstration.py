# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: service, sandbox portal and sandbox PBX in one process, on SQLite in a folder of its own."""

from __future__ import annotations

import dataclasses
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from itgrix_module.app.rest_ports import Tokens
from itgrix_module.commands.serving import Address, panel
from itgrix_module.core import open_core
from itgrix_module.diagnosing import log_file
from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.place import Place
from itgrix_module.sandbox.pbx import AmiUser, PbxConfig, Player, SandboxPbx
from itgrix_module.sandbox.portal import PortalConfig, SandboxPortal
from itgrix_module.sandbox.portal.config import ClientSeed, LineSeed, UserSeed
from itgrix_module.sandbox.rig import plan
from itgrix_module.service import Service, running
from itgrix_module.telemetry.logs import to_stderr

PORTAL_HOST = "127.0.0.1"  # whoever reaches it may do everything there
PORTAL_PORT = 8078
AMI_USER, AMI_SECRET = "itgrix", "sandbox-secret"


@dataclass(frozen=True)
class DemoPbx:
    """A PBX to connect to; ``settings``: how. ``begin``: calls from now on; they end with its argument."""

    words: str
    settings: dict[str, Any]
    begin: Callable[[ExitStack], object]


def run_demo(address: Address, home: Path | None, real: bool, told: threading.Event) -> None:
    """Until ``told``; prints the addresses. Raises NeedsOwner with what to do."""
    to_stderr("WARNING")
    address = claim(address)
    with ExitStack() as stack:
        folder = (home or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="itgrix-demo-")))).resolve()
        place = Place(folder, f"sqlite:///{folder / 'itgrix.db'}")
        place.prepare()
        to_stderr(file=log_file(folder), shown="ERROR")
        try:
            _run(stack, place, address, real, told, kept=home is not None)
        except KeyboardInterrupt:
            click.echo("ended before it had started", err=True)


def _run(stack: ExitStack, place: Place, address: Address, real: bool, told: threading.Event, kept: bool) -> None:
    with place.alone():  # before anything of a demo that runs here already is changed
        pass
    portal = stack.enter_context(sandbox_portal(real))
    pbx = stack.enter_context(_real_pbx(place.home) if real else sandbox_pbx(place.home))
    lines = [{"match": line.number, "line": line.number} | SOURCES.get(line.number, {}) for line in portal.config.lines]
    configure(place, {**application(portal), **pbx.settings}, {"lines": lines})
    authorise(place, portal)
    service = stack.enter_context(running(place))
    url = stack.enter_context(panel(service, address))
    listen(service, url)
    pbx.begin(stack)
    click.echo(
        f"Itgrix demo: calls run, each appears in both pages.\n"
        f"  panel:            {url}\n"
        f"  sandbox portal:   {portal.url}\n"
        f"  {pbx.words}\n"
        f"  data:             {place.home}{'' if kept else ' (removed at the end)'}\n"
        f"Ctrl+C ends it."
    )
    told.wait()


def claim(address: Address) -> Address:
    """The same as a number, IPv4 where a name means both.

    Raises NeedsOwner when somebody listens there: better now than after a PBX has been started.
    """
    try:
        family, kind, protocol, _, where = min(
            socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        )
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except OSError as error:
        raise NeedsOwner(
            "port_taken",
            f"{address.host}:{address.port} cannot be used: {error.strerror}",
            "Choose another address with --bind, such as 127.0.0.1:0 for any free port.",
        ) from error
    return Address(str(where[0]), address.port)


def configure(place: Place, needed: dict[str, Any], usual: dict[str, Any]) -> None:
    """Save what is ``needed``, and what is ``usual`` if it was not set in that home before."""
    with open_core(place) as core:
        given = core.settings.current.given
        core.settings.save({key: value for key, value in usual.items() if key not in given} | needed)


# ---- the portal


def application(portal: SandboxPortal) -> dict[str, Any]:
    """Settings of its local application, as an administrator would enter them."""
    seed = portal.config.apps[0]
    return {
        "portal.mode": "app",
        "portal.domain": portal.url.partition("://")[2],
        "portal.client_id": seed.client_id,
        "portal.client_secret": seed.client_secret,
        "portal.oauth_host": portal.oauth_url,
    }


def authorise(place: Place, portal: SandboxPortal) -> None:
    """The application is saved in the portal: what the portal would tell of it is known before the service starts."""
    token, application = portal.install(), portal.application()
    with open_core(place) as core:
        core.tokens.save(
            Tokens(
                access_token=token.access,
                refresh_token=token.refresh,
                expires_at=token.expires,
                member_id=portal.state.member_id,
                domain=portal.state.domain,
                client_endpoint=f"{portal.url}/rest/",
                server_endpoint=f"{portal.oauth_url}/rest/",
                application_token=application.application_token,
                scope=frozenset(application.scopes),
                user_id=token.user_id,
            )
        )


def listen(service: Service, panel_url: str) -> None:
    """Clicks in the portal are told to the panel, also where it listens everywhere: both are on this machine."""
    service.core.settings.save({"portal.public_url": f"http://127.0.0.1:{panel_url.rpartition(':')[2]}"})


@contextmanager
def sandbox_portal(real: bool) -> Iterator[SandboxPortal]:
    """A portal with employees and clients; on its usual port if that is free."""
    portal = SandboxPortal(portal_config(real))
    try:
        portal.start(PORTAL_HOST, PORTAL_PORT)
    except OSError:
        portal.start(PORTAL_HOST, 0)
    try:
        yield portal
    finally:
        portal.stop()


def portal_config(real: bool) -> PortalConfig:
    """The company of the sandbox portal with the numbers of the PBX, and the clock of this machine."""
    company = PortalConfig.demo()
    return dataclasses.replace(
        company,
        users=[with_mobile(user) for user in company.users] if real else company.users,
        clients=(*company.clients, *CLIENTS),
        lines=REAL_LINES if real else SANDBOX_LINES,
        webhook_telephony="lenient",
        event_delay=(0.1, 0.2),  # seconds; the usual second would be waiting for nothing here
        utc_offset_hours=hours_from_utc(),
    )


CLIENTS = (
    ClientSeed(
        "CONTACT",
        {
            "NAME": "Павел",
            "LAST_NAME": "Егоров",
            "ASSIGNED_BY_ID": 4,
            "PHONE": [{"VALUE": "+79161234567", "VALUE_TYPE": "MOBILE"}],
        },
    ),
    ClientSeed(
        "CONTACT",
        {
            "NAME": "Инна",
            "LAST_NAME": "Жукова",
            "ASSIGNED_BY_ID": 2,
            "PHONE": [{"VALUE": "+79039876543", "VALUE_TYPE": "MOBILE"}],
        },
    ),
)
SANDBOX_LINES = (
    LineSeed("74950000002", "Реклама на радио"),
    LineSeed("74950000003", "Поддержка"),
    LineSeed("74950000005", "Общий номер"),
)
REAL_LINES = (
    LineSeed(plan.did(plan.RING_GROUP), "Реклама на радио"),
    LineSeed(plan.did(plan.QUEUE), "Поддержка"),
    LineSeed(plan.did(plan.MENU), "Общий номер"),
)
SOURCES = {lines[0].number: {"source": "ADVERTISING"} for lines in (SANDBOX_LINES, REAL_LINES)}


def with_mobile(user: UserSeed) -> UserSeed:
    """The employee whose calls follow him to a mobile, with the number that the PBX dials."""
    return dataclasses.replace(user, mobile=f"+{plan.MOBILE}") if user.extension == plan.FOLLOW_ME else user


def hours_from_utc() -> int:
    """Of this machine, so that both pages show the same time."""
    offset = datetime.now().astimezone().utcoffset() or timedelta()
    return round(offset / timedelta(hours=1))


# ---- the PBX


@contextmanager
def sandbox_pbx(folder: Path) -> Iterator[DemoPbx]:
    """A PBX that plays calls for ever."""
    monitor = folder / "monitor"
    monitor.mkdir(exist_ok=True)
    config = PbxConfig(users=(AmiUser(AMI_USER, AMI_SECRET),), monitor_dir=monitor)
    with SandboxPbx(config) as pbx:
        yield DemoPbx(
            f"sandbox PBX:      AMI on 127.0.0.1:{pbx.port}, user {AMI_USER}",
            {
                "ami.host": "127.0.0.1",
                "ami.port": pbx.port,
                "ami.username": AMI_USER,
                "ami.secret": AMI_SECRET,
                "cdr.url": "",
                "routing.listen": "127.0.0.1:0",
                "recordings.directory": str(monitor),
            },
            lambda _: pbx.run(Player(pbx.stage).demo()),
        )


@contextmanager
def _real_pbx(folder: Path) -> Iterator[DemoPbx]:
    try:
        from itgrix_module.commands.real_pbx import real_pbx
    except ModuleNotFoundError as missing:  # releases leave the rig out, it belongs to the tests
        raise NeedsOwner(
            "no_rig",
            "a release cannot start an Asterisk for the demo; that belongs to the source",
            "Leave --asterisk away: the demo has a PBX of its own.",
        ) from missing

    with real_pbx(folder) as found:
        yield DemoPbx(*found)
