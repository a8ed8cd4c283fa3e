# SPDX-License-Identifier: GPL-3.0-or-later
"""``route``: whom smart routing would connect a caller with, and why; nothing is connected, nothing is stored."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import click

from itgrix_module.app.call_full import Known
from itgrix_module.app.clients import Clients
from itgrix_module.app.directory import Directory, Names
from itgrix_module.app.route_notes import refused, route_data, sentence
from itgrix_module.app.route_ports import Asked, Routed
from itgrix_module.asterisk.commands import Commands
from itgrix_module.asterisk.connection import Connection
from itgrix_module.commands.output import faults_told, json_option, show
from itgrix_module.core import Core, open_core
from itgrix_module.doctor import Account
from itgrix_module.hooks.scripts import Scripts
from itgrix_module.pbx_door import link_settings
from itgrix_module.place import Place
from itgrix_module.portal_door import PortalDoor
from itgrix_module.routing import RouteSight, Routing
from itgrix_module.settings import Settings
from itgrix_module.storage.employees import SqlEmployeeStore

PATIENCE = 15.0  # seconds: this process remembers nothing, and nobody's call waits for it


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("number")
@click.option("--line", default="", help="The number that was dialled, or the trunk.")
@click.option("--name", "destination", default="", help="A destination of routing.destinations.")
@json_option
def route(number: str, line: str, destination: str, as_json: bool) -> None:
    """Show whom a call from NUMBER would go to now, and why not to others. Nothing is stored or connected."""
    with faults_told(as_json), open_core(Place.of(os.environ)) as core, routing(core) as desk:
        routed = desk.router.route(replace(Asked.of(number, line, destination), limit=PATIENCE))
        limit = desk.rules().limit
        data = {**route_data(routed), "sentence": sentence(routed.decision), "limit": limit}
        show(data, as_json, lambda: _text(routed, data))


@contextmanager
def routing(core: Core) -> Iterator[Routing]:
    """Smart routing of this process, with what the database remembers."""
    with ExitStack() as stack:
        portal = PortalDoor(core.tokens, Account(core.limits), time.time, time.sleep)
        stack.callback(portal.close)
        portal.configure(core.settings.current)
        settings = core.settings
        store = SqlEmployeeStore(core.database)
        directory = Directory(store, portal, settings.directory, settings.options, time.time)
        if not directory.state.employees:
            directory.refresh()
        sight = RouteSight(lambda: portal.client)
        commands = Commands(lambda: _session(settings.current))
        stack.callback(commands.close)
        names = Names(directory)
        made = Routing(
            core,
            sight,
            Clients(sight.source, time.time),
            directory,
            lambda: commands,
            Scripts(core.place.hooks, settings.hooks),
            names,
            lambda _: Known(names, settings.zone()),
            lambda: None,
        )
        stack.callback(made.close)
        yield made


def _session(settings: Settings) -> Connection:
    wanted = link_settings(settings)
    made = Connection(wanted.host, wanted.port, on_message=lambda _: None, on_lost=lambda _: None, tls=wanted.tls)
    made.open()
    made.login(wanted.username, wanted.secret, "off")
    return made


def _text(routed: Routed, data: dict[str, Any]) -> str:
    decision = routed.decision
    lines = [f"number:     {routed.number or '-'}", f"client:     {decision.name or '-'}"]
    lines += [f"not {each.choice}: {refused(each)}" for each in decision.tried]
    lines += [f"script:     {routed.told}"] if routed.told else []
    lines += [f"decision:   {data['sentence']}", f"ITGRIX_EXTENSION={decision.extension}"]
    lines += [f"ITGRIX_REASON={decision.reason}"]
    took = f"took {routed.seconds:.2f} s; on a call the limit is {data['limit']:g} s"
    return "\n".join([*lines, took])
