# SPDX-License-Identifier: GPL-3.0-or-later
"""``dial`` and ``callbacks``: a call from the command line as a click would make it, and forms that wait for one."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import click

from itgrix_module.app.dial import new_id
from itgrix_module.app.dial_orders import DialRules, problem
from itgrix_module.app.dial_ports import CALLING, DONE, FAILED, WAITING
from itgrix_module.asterisk.connection import Connection
from itgrix_module.asterisk.originate import Originator
from itgrix_module.commands.output import faults_told, json_option, moment, show, table
from itgrix_module.core import open_core
from itgrix_module.domain.failures import Permanent
from itgrix_module.pbx_door import link_settings
from itgrix_module.place import Place
from itgrix_module.settings import Settings
from itgrix_module.storage.dials import SqlDials

_STATES = (WAITING, CALLING, DONE, FAILED)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("extension")
@click.argument("number")
@click.option("--line", default="", help="The portal's line, whose prefix counts.")
@click.option("--dry-run", is_flag=True, help="Only show what the PBX would be asked.")
@json_option
def dial(extension: str, number: str, line: str, dry_run: bool, as_json: bool) -> None:
    """Ring EXTENSION, then dial NUMBER for it, by the rules of a click in the CRM. The portal orders nothing here."""
    with faults_told(as_json), open_core(Place.of(os.environ)) as core:
        house = core.settings.house
        rules = DialRules.of(house.settings, house.numbering)
        dialled = rules.dialled(number, line)
        if not dialled:
            raise Permanent("bad_number", f"{number!a} cannot be dialled", "See numbers.dial_rules and dial.prefix.")
        order = rules.order(new_id(time.time()), extension, dialled, rules.normal(number) or number)
        wrong = problem(order)
        if wrong:
            raise Permanent("bad_order", f"the PBX is not asked to call: {wrong}", "See the settings dial.*")
        if not dry_run:
            with _session(house.settings) as connection:
                Originator(lambda: connection).originate(order)
        data = {**asdict(order), "variables": dict(order.variables), "sent": not dry_run}
        show(data, as_json, lambda: _told(data))


def _told(data: dict[str, Any]) -> str:
    words = "the PBX calls" if data["sent"] else "the PBX would be asked to call"
    number = " or ".join((data["exten"], *data["otherwise"]))
    return f"{words} {data['channel']}, then {number} in {data['context']}; its call is {data['id']}"


@contextmanager
def _session(settings: Settings) -> Iterator[Connection]:
    wanted = link_settings(settings)
    made = Connection(wanted.host, wanted.port, on_message=lambda _: None, on_lost=lambda _: None, tls=wanted.tls)
    try:
        made.open()
        made.login(wanted.username, wanted.secret, "off")
        yield made
    finally:
        made.close()


@click.group()
def callbacks() -> None:
    """Forms of the CRM that ask to be called back."""


@callbacks.command("list")
@click.option("--state", type=click.Choice(_STATES), multiple=True, help="Only in this state; may be repeated.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
@json_option
def list_(state: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Who asked, how often he was tried, and what came of it."""
    with faults_told(as_json), open_core(Place.of(os.environ)) as core:
        found = SqlDials(core.database).callbacks("", state or _STATES, limit)
        rows = [asdict(each) for each in found]
        show({"callbacks": rows}, as_json, lambda: _table(rows))


def _table(rows: list[dict[str, Any]]) -> str:
    shown = [{**row, "asked": moment(row["received"]), "next": moment(row["due"])} for row in rows]
    return table(
        shown, ("number", "state", "tries", "asked", "next", "line", "why"), "nobody has asked to be called back"
    )
