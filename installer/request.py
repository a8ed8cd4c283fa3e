# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of the installer: options of the command line, facts about the PBX on standard input."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from installer.words import Refused

USUAL_HOME = "/var/lib/asterisk/itgrix"
USUAL_BIND = "127.0.0.1:8077"
USUAL_AGI = "127.0.0.1:4574"
USUAL_UNIT = "itgrix"
_UNIT = re.compile(r"[a-z][a-z0-9-]{0,30}")
_BIND = re.compile(r"(127\.0\.0\.1|\[::1\]|0\.0\.0\.0|\[::\]|[0-9.]+):\d{2,5}")
_UNUSABLE = re.compile(r"[\r\n\0\"'`\\$]")  # in a script, in a unit


@dataclass(frozen=True)
class Request:
    """Everything a run of the installer depends on. ``facts``: as the PBX's own module passes them, see the guide."""

    home: Path
    owner: str = ""
    group: str = ""
    language: str = ""
    database: str = "auto"
    bind: str = ""
    agi: str = ""
    unit: str = ""
    standalone: bool = False
    start: bool = True
    index: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def fact(self, *path: str) -> Any:
        """A nested fact; empty text when it is not there."""
        found: Any = self.facts
        for name in path:
            found = found.get(name, "") if isinstance(found, Mapping) else ""
        return found


def parse(arguments: Sequence[str], title: str) -> Request:
    """From the command line and, with ``--facts -``, standard input. Raises Refused for what cannot be meant."""
    options = _options(title).parse_args(arguments)
    facts = _facts(options.facts)
    chosen = Request(
        home=Path(options.home or facts.get("home") or os.environ.get("ITGRIX_HOME") or USUAL_HOME).absolute(),
        owner=options.owner or str(facts.get("owner", "")),
        group=str(facts.get("group", "")),
        language=options.language or str(facts.get("language", "")),
        database=options.database,
        bind=options.bind,
        agi=options.agi,
        unit=options.unit,
        standalone=options.standalone,
        start=not options.no_start,
        index=options.index,
        facts=facts,
    )
    _check(chosen)
    return chosen


def _options(title: str) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="install.py", description=title)
    options.add_argument("--home", help=f"folder of the installation, {USUAL_HOME} by default")
    options.add_argument("--owner", default="", help="user of the service; asterisk under FreePBX")
    options.add_argument("--language", default="", choices=("", "en", "ru"), help="of what is said here")
    options.add_argument(
        "--database",
        default="auto",
        metavar="auto|sqlite|own|ADDRESS",
        help="auto: the PBX's MariaDB, SQLite if that refuses; own: a database of its own, made by root",
    )
    options.add_argument("--bind", default="", help=f"address of the panel, {USUAL_BIND} by default")
    options.add_argument("--agi", default="", help=f"address of smart routing by AGI, {USUAL_AGI} by default")
    options.add_argument(
        "--unit", default="", help=f"name of the systemd unit, {USUAL_UNIT} by default; another one for each instance"
    )
    options.add_argument("--standalone", action="store_true", help="an Asterisk without FreePBX")
    options.add_argument("--no-start", action="store_true", help="leave the service stopped")
    options.add_argument("--index", default="", help="package index to use when the archive holds no wheels")
    options.add_argument("--facts", default="", metavar="-", help="JSON about the PBX on standard input")
    return options


def _facts(source: str) -> Mapping[str, Any]:
    """Passwords come this way: what stands on a command line can be read by every user of the machine."""
    if not source:
        return {}
    if source != "-":
        raise Refused("--facts takes - only: facts hold passwords and come on standard input.")
    try:
        found = json.load(sys.stdin)
    except ValueError as error:
        raise Refused("What came on standard input is no JSON: {reason}", reason=error) from None
    if not isinstance(found, dict):
        raise Refused("What came on standard input is no JSON: {reason}", reason="not an object")
    return found


def _check(request: Request) -> None:
    if request.unit and not _UNIT.fullmatch(request.unit):
        raise Refused(
            "The name {name} is not usable for a systemd unit: small letters, digits and - only.", name=request.unit
        )
    for address in filter(None, (request.bind, request.agi)):
        if not _BIND.fullmatch(address):
            raise Refused("{bind} is no address such as 127.0.0.1:8077.", bind=address)
    if _UNUSABLE.search(str(request.home)) or len(request.home.parts) < 3:
        raise Refused("{folder} cannot be the folder of an installation.", folder=request.home)


def database_address(facts: Any) -> str:
    """SQLAlchemy address of a database of the PBX; empty when the facts name none."""
    if not isinstance(facts, Mapping) or not facts.get("name") or not facts.get("user"):
        return ""
    login = f"{quote_plus(str(facts['user']))}:{quote_plus(str(facts.get('password', '')))}"
    place = str(facts.get("host") or "localhost")
    port = f":{int(facts['port'])}" if facts.get("port") else ""
    address = f"mysql+pymysql://{login}@{place}{port}/{quote_plus(str(facts['name']))}"
    return f"{address}?unix_socket={quote_plus(str(facts['socket']))}" if facts.get("socket") else address
