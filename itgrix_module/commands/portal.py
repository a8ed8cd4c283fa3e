# SPDX-License-Identifier: GPL-3.0-or-later
"""``portal``: how the portal is joined, authorising its application, mending its event handlers."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click

from itgrix_module.app.application import Mended
from itgrix_module.app.joining import Overview
from itgrix_module.commands.output import faults_told, json_option, moment, show, table
from itgrix_module.core import open_core
from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.place import Place
from itgrix_module.portal_door import PortalDoor
from itgrix_module.way_in import WayIn

_WAYS = {
    "push": "the portal sends them here",
    "poll": "fetched from the portal's queue",
    "off": "switched off",
    "none": "none (webhook)",
}


@click.group()
def portal() -> None:
    """How Bitrix24 is joined."""


@portal.command()
@json_option
def status(as_json: bool) -> None:
    """Mode, authorisation, way of events, and what the mode lacks."""
    with faults_told(as_json), _way_in() as way_in:
        seen = way_in.overview(recent=True)
        data = seen.as_data()
        for unknown in ("bound", "missing", "looked_at", "failure", "offset", "delay"):
            data.pop(unknown)  # only the running service knows these
        show(data, as_json, lambda: _told(seen))


def _told(seen: Overview) -> str:
    lines = [
        f"joined by   {'local application' if seen.mode == 'app' else 'incoming webhook (reduced)'}",
        f"portal      {seen.portal or '-'}{'' if seen.is_set_up else '   not set up completely'}",
        f"events      {_WAYS[seen.way]}{f': {seen.problem}' if seen.problem else ''}",
    ]
    if seen.mode == "app":
        user = f"yes, user {seen.user_id or '?'} at {seen.domain}"
        lines += [
            f"authorised  {user if seen.is_authorised else 'no: itgrix portal authorise'}",
            f"sender      {'known by its token' if seen.knows_sender else 'not known yet'}",
            f"address     {seen.handler or '-'}",
            f"last event  {moment(seen.last_at)}, {seen.waiting} waiting, {seen.failed} failed",
        ]
    if seen.lacks:
        lines += ["", "a webhook lacks:", *(f"  {lack}" for lack in seen.lacks)]
    return "\n".join(lines)


@portal.command()
@click.option("--handlers/--no-handlers", "bind", default=True, help="Bind the events afterwards.")
@json_option
def authorise(bind: bool, as_json: bool) -> None:
    """Authorise the application: open the address, confirm, and bring back where the browser was led to."""
    with faults_told(as_json), _way_in() as way_in:
        click.echo(f"Open this address as an administrator of the portal:\n\n  {way_in.authorise()}\n", err=True)
        address = click.prompt("Paste the whole address that the browser shows then (within 30 s)", err=True)
        state, code, server = _answer(address)
        domain = way_in.authorised(state, code, server)
        done: dict[str, Any] = {"portal": domain}
        if bind:
            done["handlers"] = _data(way_in.mend())
        show(done, as_json, lambda: f"the application is authorised at {domain}")


def _answer(address: str) -> tuple[str, str, str]:
    try:
        found = parse_qs(urlsplit(address.strip()).query)
    except ValueError:
        found = {}
    state, code, server = (found.get(name, [""])[0] for name in ("state", "code", "server_domain"))
    if not state or not code:
        raise NeedsOwner("no_code", "This address holds no code.", "Paste it whole, with everything after the ?.")
    return state, code, server


@portal.command()
@json_option
def handlers(as_json: bool) -> None:
    """Compare the bound events with what is wanted, mend them, and show them."""
    with faults_told(as_json), _way_in() as way_in:
        found = way_in.mend()
        show(_data(found), as_json, lambda: _listed(found))
        if found.missing:
            raise SystemExit(1)


def _data(found: Mended) -> dict[str, Any]:
    data = asdict(found)
    data["missing"] = {name: str(failure) for name, failure in found.missing.items()}
    return data


def _listed(found: Mended) -> str:
    rows = [{"event": each.event, "to": each.handler or "queue of the portal"} for each in found.bound]
    missing = [f"missing: {name}: {failure}" for name, failure in found.missing.items()]
    done = f"{found.added} bound, {found.removed} unbound"
    return "\n".join([table(rows, ("event", "to"), "no event is bound"), "", done, *missing])


@contextmanager
def _way_in() -> Iterator[WayIn]:
    with open_core(Place.of(os.environ)) as core:
        door = PortalDoor(core.tokens, core.limits, time.time, time.sleep)
        door.configure(core.settings.current)
        try:
            yield WayIn(core, door, _nothing, _nothing, time.time)
        finally:
            door.close()


def _nothing() -> None:
    """The running service notices by itself."""
