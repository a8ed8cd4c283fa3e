# SPDX-License-Identifier: GPL-3.0-or-later
"""Real processes of the service around sandboxes, on a database of choice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from itgrix_module.place import Place
from itgrix_module.sandbox.pbx import SandboxPbx, Situation
from itgrix_module.sandbox.portal import SandboxPortal
from tests.chaos.scale import amount
from tests.service.house import EXTENSIONS, configure, sandboxes, settings_of, short
from tests.service.outside import Outside

TALK = float(amount(9, 25))  # seconds: longer than the service is ever away, so that each call is heard of


@contextmanager
def ground(folder: Path, url: str = "", node: str = "", **portal: Any) -> Iterator[Outside]:
    """Everything but the service. ``url``: of its database, SQLite in its home if empty."""
    with sandboxes(folder, portal={"keep_requests": 200_000, **portal}) as (pbx, made):
        yield around(folder / "home", pbx, made, url, node)


def around(home: Path, pbx: SandboxPbx, portal: SandboxPortal, url: str = "", node: str = "") -> Outside:
    """One node, set up and not started."""
    place = Place(home, url or f"sqlite:///{home / 'itgrix.db'}", node)
    configure(place, {**settings_of(pbx, portal), "extensions.list": [str(number) for number in EXTENSIONS]})
    return Outside(place, pbx, portal)


def situation(number: int, talk: float = TALK) -> Situation:
    """Calls of all kinds."""
    kind = ("incoming", "outgoing", "blind_transfer")[number % 3]
    people = {"extension": str(EXTENSIONS[number % 5])}
    if kind == "blind_transfer":
        people["target"] = str(EXTENSIONS[5 + number % 5])
    return short(kind, client=f"7916{number:07d}", talk=talk, talk_after=3.0, ring=1.0, **people)
