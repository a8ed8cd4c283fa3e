# SPDX-License-Identifier: GPL-3.0-or-later
"""A house whose portal is joined by its local application."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from itgrix_module.app.happenings import Happening
from itgrix_module.commands.demonstration import application
from itgrix_module.commands.serving import Address, panel
from itgrix_module.sandbox.pbx import SandboxPbx
from itgrix_module.sandbox.portal import SandboxPortal
from itgrix_module.service import Service, running
from tests.service.house import House, configure, place_of, sandboxes, settings_of, until

EVENTS = "/bitrix24/events"


class Heard(list[Happening]):
    """A listener that remembers."""

    def __call__(self, happening: Happening) -> None:
        self.append(happening)

    @property
    def names(self) -> list[str]:
        return [happening.name for happening in self]


def app_settings(portal: SandboxPortal, **changes: Any) -> dict[str, Any]:
    """As an administrator would enter them for the first application of the portal."""
    return {**application(portal), "hours.week": "24/7"} | {
        name.replace("__", "."): value for name, value in changes.items()
    }


@contextmanager
def joined(
    folder: Path, pbx: SandboxPbx, portal: SandboxPortal, settings: Mapping[str, Any] | None = None
) -> Iterator[House]:
    """The service over an application that is not installed yet; its public address is that of the panel."""
    place = place_of(folder / "home")
    base = settings_of(pbx, portal)
    del base["portal.webhook_url"]
    configure(place, {**base, **app_settings(portal), **(settings or {})})
    with running(place) as service, panel(service, Address("127.0.0.1", 0)) as url:
        yield House(pbx, portal, service, url)


@contextmanager
def household(
    folder: Path,
    *,
    way: str = "push",
    settings: Mapping[str, Any] | None = None,
    portal: Mapping[str, Any] | None = None,
    install: bool = True,
) -> Iterator[House]:
    """``way``: push to the panel's own address, or poll. With ``install`` it is ready for events."""
    with sandboxes(folder, portal=portal) as ends, joined(folder, *ends, settings) as house:
        if way == "push":
            house.service.core.settings.save({"portal.public_url": house.panel})
        if install:
            install_app(house)
            wait_bound(house)
        yield house


def install_app(house: House) -> None:
    """The administrator saves the application in the portal."""
    house.portal.install(url=house.panel + EVENTS)
    until(lambda: house.service.way_in.application.known() is not None, 10, lambda: house.portal.deliveries)


def wait_bound(house: House) -> None:
    """Until the portal knows where its events go."""
    handlers = house.service.way_in.handlers
    until(lambda: handlers.are_settled and handlers.state.bound, 10, lambda: (handlers.failure, handlers.state))


def listening(service: Service, *names: str) -> Heard:
    """Somebody who hears of these events."""
    heard = Heard()
    for name in names:
        service.way_in.inbox.on(name, heard)
    return heard


def bound(portal: SandboxPortal, *, offline: bool = False) -> set[str]:
    """Names of what is bound."""
    return {each.event for each in portal.application().bindings if each.offline == offline}
