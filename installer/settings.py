# SPDX-License-Identifier: GPL-3.0-or-later
"""First settings: what the PBX knows already need not be typed. What somebody has set is never changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from installer.companion import Companion
from installer.home import Home
from installer.request import Request, database_address
from installer.words import Refused

# The manager user and the address of the call records are ours or the PBX's: they follow it.
FOLLOW_THE_PBX = ("ami.secret", "cdr.url")


def as_json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, indent=2, sort_keys=True)


def fill(home: Home, companion: Companion, request: Request, ami: Mapping[str, str]) -> list[str]:
    """``ami``: the manager user if we made it. Returns the names of the settings that were set. Raises Refused."""
    offered = {key: value for key, value in _offered(request, ami).items() if value not in ("", None)}
    known = _settings(home, companion)
    chosen = {key: value for key, value in offered.items() if _wanted(key, value, known, offered)}
    if chosen:
        _settings(home, companion, chosen)
    return sorted(chosen)


def _offered(request: Request, made: Mapping[str, str]) -> dict[str, Any]:
    ami = made or request.fact("ami") or {}
    return {
        "ami.host": ami.get("host"),
        "ami.port": int(ami["port"]) if ami.get("port") else None,
        "ami.username": ami.get("username"),
        "ami.secret": ami.get("secret"),
        "cdr.url": database_address(request.fact("cdr")),
        "recordings.directory": request.fact("recordings"),
        "pbx.node": request.fact("node"),
        "routing.listen": request.agi,
    }


def _wanted(key: str, value: Any, known: Mapping[str, Any], offered: Mapping[str, Any]) -> bool:
    if key not in known:
        return True
    if known[key] == value or key not in FOLLOW_THE_PBX:
        return False
    if key == "ami.secret":
        return bool(known.get("ami.username") == offered.get("ami.username"))
    return bool(str(known[key]).rpartition("@")[2] == str(value).rpartition("@")[2])


def _settings(home: Home, companion: Companion, chosen: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What is set, after ``chosen`` was."""
    answer = companion.ask("settings", home=str(home.folder), chosen=dict(chosen or {}))
    if not answer["ok"]:
        raise Refused("The settings could not be written:\n{said}", said=answer.get("reason", ""))
    return dict(answer["given"])
