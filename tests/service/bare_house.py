# SPDX-License-Identifier: GPL-3.0-or-later
"""A fresh installation between a sandbox PBX and a sandbox portal: nothing is set up, somebody opens the panel."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import requests

from itgrix_module.commands.serving import Address, panel
from itgrix_module.service import running
from tests.service.house import House, configure, place_of, sandboxes

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
PBX_SECRET = "sandbox-secret"


@contextmanager
def bare_house(
    folder: Path,
    settings: Mapping[str, Any] | None = None,
    *,
    pbx: Mapping[str, Any] | None = None,
    portal: Mapping[str, Any] | None = None,
) -> Iterator[House]:
    """``settings``: what is set all the same."""
    # Neither a PBX's configuration nor a manager of this machine may be touched.
    usual = {"limits.rate": 500.0, "limits.burst": 5000, "ami.config_folder": str(folder / "etc"), "ami.port": 1}
    with sandboxes(folder, pbx=pbx, portal=portal) as (exchange, made):
        place = place_of(folder / "home")
        configure(place, {**usual, **(settings or {})})
        with running(place) as service, panel(service, Address("127.0.0.1", 0)) as url:
            yield House(exchange, made, service, url)


@dataclass
class Visitor:
    """Somebody with a browser that runs no scripts."""

    panel: str
    language: str = "en"
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.cookies.set("itgrix_lang", self.language)

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.panel + path, timeout=30)

    def page(self, step: str) -> str:
        """Text of a step's page."""
        answer = self.get(f"/wizard/{step}")
        assert answer.status_code == 200, answer.status_code
        return unescape(answer.text)

    def send(self, step: str, order: str = "save", **fields: Any) -> requests.Response:
        """Submit a step; follows to the next page."""
        token = _TOKEN.search(self.get(f"/wizard/{step}").text)
        assert token
        data = {"csrf_token": token[1], "order": order, **fields}
        return self.session.post(f"{self.panel}/wizard/{step}", data=data, timeout=60)

    def said(self, step: str, order: str = "save", **fields: Any) -> str:
        """Text of the page that answers."""
        return unescape(self.send(step, order, **fields).text)


@contextmanager
def visitor(house: House, language: str = "en") -> Iterator[Visitor]:
    found = Visitor(house.panel, language)
    with found.session:
        yield found


def pbx_fields(house: House, **changes: Any) -> dict[str, Any]:
    """The right account of the sandbox PBX."""
    fields = {"ami__host": "127.0.0.1", "ami__port": house.pbx.port, "ami__username": "itgrix"}
    return {**fields, "ami__secret": PBX_SECRET, "ami__tls_verify": "y", **changes}


def webhook_fields(house: House, **changes: Any) -> dict[str, Any]:
    """The right webhook of the sandbox portal."""
    return {
        "portal__mode": "webhook",
        "portal__webhook_url": house.portal.webhook_url(),
        "portal__verify_tls": "y",
        **changes,
    }
