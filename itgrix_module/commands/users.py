# SPDX-License-Identifier: GPL-3.0-or-later
"""``users``: who may log in to the panel where no FreePBX does it for them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click

from itgrix_module.app.user_ports import ADMINISTER, OPERATE, ROLES, VIEW
from itgrix_module.commands.output import faults_told, json_option, moment, show, table
from itgrix_module.core import open_core
from itgrix_module.operations import Operations
from itgrix_module.place import Place
from itgrix_module.service import VERSION

WHO = "the command line"
_ROLE = click.Choice(ROLES)
_ROLE_HELP = f"{VIEW}: see calls; {OPERATE}: repeat and drop deliveries too; {ADMINISTER}: everything."


@contextmanager
def opened() -> Iterator[Operations]:
    """The operations on the home, whether the service runs or not."""
    with open_core(Place.of(os.environ)) as core:
        yield Operations(core, VERSION)


@click.group()
def users() -> None:
    """Who may log in to the panel by himself."""


@users.command("list")
@json_option
def list_users(as_json: bool) -> None:
    """Names and roles."""
    with faults_told(as_json), opened() as operations:
        rows = [asdict(user) | {"listens": user.hears} for user in operations.accounts.users()]
        shown = [{**row, "created_at": moment(row["created_at"])} for row in rows]
        empty = "no users: the panel lets in this machine only"
        show({"users": rows}, as_json, lambda: table(shown, ("name", "role", "listens", "created_at"), empty))


@users.command("add")
@click.argument("name")
@click.option("--role", type=_ROLE, default=ADMINISTER, show_default=True, help=_ROLE_HELP)
@click.option("--listens", is_flag=True, help="May hear recordings; whoever administers may anyway.")
@json_option
def add(name: str, role: str, listens: bool, as_json: bool) -> None:
    """Add a user; the password is asked for, or read from standard input."""
    with faults_told(as_json), opened() as operations:
        user = operations.accounts.add(name, _password(), role, listens=listens)
        operations.note(WHO, "users.add", {"subject": user.name, "role": role, "listens": listens})
        show({"added": user.name, "role": role}, as_json, lambda: f"user {user.name} added")


@users.command("password")
@click.argument("name")
@json_option
def password(name: str, as_json: bool) -> None:
    """Set a new password; ends all sessions of the user."""
    with faults_told(as_json), opened() as operations:
        operations.accounts.set_password(name, _password())
        operations.note(WHO, "users.password", {"subject": name})
        show({"changed": name}, as_json, lambda: f"password of {name} changed")


@users.command("role")
@click.argument("name")
@click.argument("role", type=_ROLE)
@click.option("--listens/--deaf", default=False, help="May hear recordings, or not.")
@json_option
def role(name: str, role: str, listens: bool, as_json: bool) -> None:
    """Change what a user may do."""
    with faults_told(as_json), opened() as operations:
        operations.accounts.set_role(name, role, listens=listens)
        operations.note(WHO, "users.role", {"subject": name, "role": role, "listens": listens})
        show({"changed": name, "role": role}, as_json, lambda: f"{name}: {role}")


@users.command("remove")
@click.argument("name")
@json_option
def remove(name: str, as_json: bool) -> None:
    """Remove a user; ends all his sessions."""
    with faults_told(as_json), opened() as operations:
        operations.accounts.remove(name)
        operations.note(WHO, "users.remove", {"subject": name})
        show({"removed": name}, as_json, lambda: f"user {name} removed")


@users.command("journal")
@click.option("--limit", default=50, show_default=True, help="How many entries, newest first.")
@json_option
def journal(limit: int, as_json: bool) -> None:
    """Who changed what."""
    from itgrix_module.storage.audit import AuditFilter

    with faults_told(as_json), opened() as operations:
        rows = [asdict(entry) for entry in operations.journal.page(AuditFilter(), limit)]
        shown = [{**row, "at": moment(row["at"])} for row in rows]
        columns = ("at", "who", "address", "action", "subject")
        show({"entries": rows}, as_json, lambda: table(shown, columns, "nothing was changed yet"))


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt="Once more", err=True))
