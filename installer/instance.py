# SPDX-License-Identifier: GPL-3.0-or-later
"""Which installation this is: its name on the machine, and whether the GUI of a PBX stands before its panel."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from installer import unit
from installer.home import Home, Record, ensure_gate_key, read_json
from installer.owner import as_root, is_root
from installer.request import USUAL_UNIT, Request
from installer.versions import is_older
from installer.words import Refused

COMMANDS = Path("/usr/local/bin")


def refuse_older(version: str, record: Record) -> None:
    """Raises Refused for a version before the one that is installed."""
    if record.version and is_older(version, record.version):
        raise Refused(
            "Version {installed} is installed, this is the older {version}. Its database cannot be taken back. "
            "Version {installed} goes on running; install it again from its archive, or remove the product with "
            "its data first (uninstall.py --purge).",
            installed=record.version,
            version=version,
        )


def named(request: Request, home: Home, record: Record) -> Request:
    """With the unit that this home has, unless another one is asked for. Raises Refused when it is another home's.

    Manager user, database and command bear the same name: nothing of them may be touched before this is known.
    """
    known = record.unit or str(read_json(home.service_file).get("unit") or "")
    request = replace(request, unit=request.unit or known or USUAL_UNIT)
    if unit.is_possible():
        unit.refuse_taken(home, request.unit)
    return request


def settle_gate(request: Request, home: Home, record: Record) -> None:
    """Behind FreePBX the panel believes the GUI's gate, by a key. Stand-alone there is none: its own login counts."""
    record.standalone = _is_standalone(request, home, record)
    if record.standalone:
        home.gate_key.unlink(missing_ok=True)
    else:
        ensure_gate_key(home)


def _is_standalone(request: Request, home: Home, record: Record) -> bool:
    module = str(read_json(home.service_file).get("source") or "")
    if request.fact("etc") or (module and Path(module).is_dir()):
        return False
    return request.standalone or record.standalone


def link_command(request: Request, home: Home, record: Record) -> None:
    """Stand-alone the command is in everybody's path, under the name of the unit; a program that is there stays."""
    link = COMMANDS / request.unit
    if not record.standalone or not is_root() or str(link) == record.link:
        return
    if not os.path.lexists(link):
        with as_root():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(home.command)
    if _leads_to(home, link):
        unlink_command(home, record)
        record.link = str(link)


def unlink_command(home: Home, record: Record) -> None:
    """Remove the link if it is ours."""
    link = Path(record.link)
    if record.link and is_root() and _leads_to(home, link):
        with as_root():
            link.unlink()


def _leads_to(home: Home, link: Path) -> bool:
    return link.is_symlink() and link.readlink() == home.command
