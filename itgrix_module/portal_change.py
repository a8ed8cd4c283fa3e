# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows when the portal of the settings changes, or moves to another address by itself."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from itgrix_module.bitrix24.address import host_of, on_host
from itgrix_module.core import Core
from itgrix_module.live import portal_of
from itgrix_module.settings import Settings, SettingsError

if TYPE_CHECKING:
    from itgrix_module.service import Service

log = logging.getLogger("itgrix.service")


class PortalChange:
    """Hears of changed settings: what waits for the portal is tried at once, another portal has other employees."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._portal = portal_of(service.core.settings.current)

    def __call__(self, settings: Settings) -> None:
        portal = portal_of(settings)
        self._service.standing.hold(settings["portal.paused"])
        is_other = bool(self._portal) and portal != self._portal
        self._portal = portal
        self._service.directory.ask_again(other_portal=is_other)
        if is_other:
            self._service.clients.forget_all()
            self._service.routing.forget_portal()
        self._service.resume()


def moved(core: Core, host: str) -> None:
    """The portal has a new address: keep it, so that the next start finds the portal at once."""
    settings, changes = core.settings.current, {}
    if host_of(settings["portal.webhook_url"]):
        changes["portal.webhook_url"] = on_host(settings["portal.webhook_url"], host)
    if settings["portal.domain"]:
        changes["portal.domain"] = host
    try:
        core.settings.save(changes)
    except SettingsError as error:
        log.error("the portal's new address %s cannot be kept: %s", host, error)
