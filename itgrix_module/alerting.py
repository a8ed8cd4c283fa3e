# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts put together: the parts of the service, the ways to people as the settings name them, the wording."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from itgrix_module.app.alert_ports import CHAT, MAIL, USER, Way
from itgrix_module.app.alert_trial import TEST
from itgrix_module.app.alerts import Alert, Alerts, Channel, translated
from itgrix_module.app.rest_ports import Rest
from itgrix_module.bitrix24 import crm
from itgrix_module.bitrix24.limits import BACKGROUND, LIVE
from itgrix_module.core import Core
from itgrix_module.mail import MailServer, send
from itgrix_module.portal_door import PortalDoor
from itgrix_module.settings import Settings
from itgrix_module.storage.alerts import SqlTold

if TYPE_CHECKING:
    from itgrix_module.service import Service

_BROKEN = {"en": "Itgrix on {node}: {text}.", "ru": "Itgrix на {node}: {text}."}
_WELL = {
    "en": "Itgrix on {node}: mended after {minutes} min (since {since}): {text}.",
    "ru": "Itgrix на {node}: исправлено через {minutes} мин (началось {since}): {text}.",
}
_TEST = {
    "en": "Test of the alerts of Itgrix on {node}. It is only a test: a real alert comes by the same way.",
    "ru": "Проверка оповещений Itgrix на {node}. Это только проверка: настоящее оповещение придёт этим же путём.",
}


def alerts(service: Service) -> Alerts:
    """The job."""
    settings = service.core.settings

    return Alerts(
        checks=lambda: service.health().checks,
        channels=lambda: channels_of(service),
        after=lambda: settings.current["alerts.minutes"] * 60.0,
        told=SqlTold(service.core.database, service.node),
        clock=service.clock,
    )


def channels_of(service: Service) -> Sequence[Channel]:
    """The ways to people as the settings name them now."""
    settings = service.core.settings.current
    write = Wording(service.node, settings["portal.language"], service.core.settings.zone, service.said)
    return _channels(settings, write, lambda: service.portal.client, BACKGROUND)


def trial_channels(core: Core, portal: PortalDoor) -> Sequence[Channel]:
    """The same for a test, which a person waits for: a portal without room for requests says so at once."""
    settings = core.settings.current
    write = Wording(settings["pbx.node"], settings["portal.language"], core.settings.zone, lambda _language, text: text)
    return _channels(settings, write, lambda: portal.live, LIVE)


def _channels(settings: Settings, write: Wording, client: Callable[[], Rest], priority: int) -> list[Channel]:
    found: list[Channel] = []
    if settings["alerts.user"]:
        found.append(Notice(client, settings["alerts.user"], write, priority))
    if settings["alerts.chat"]:
        found.append(Message(client, settings["alerts.chat"], write, priority))
    if settings["alerts.mail_to"]:
        found.append(Mail(_server(settings), settings["alerts.mail_from"], tuple(settings["alerts.mail_to"]), write))
    return found


def _server(settings: Settings) -> MailServer:
    host, _, port = settings["alerts.mail_server"].rpartition(":")
    return MailServer(
        host.strip("[]"),
        int(port),
        settings["alerts.mail_tls"],
        settings["alerts.mail_user"],
        settings["alerts.mail_password"],
    )


@dataclass(frozen=True)
class Wording:
    """An alert in the reader's words. ``said``: the engine's sentences in his language."""

    node: str
    language: str
    zone: Callable[[], object]
    said: Callable[[str, str], str]

    def __call__(self, alert: Alert) -> str:
        if alert.part == TEST:
            return _TEST[self.language].format(node=self.node)
        alert = translated(alert, lambda text: self.said(self.language, text))
        text = alert.text.rstrip(".")
        if alert.until is None:
            return f"{_BROKEN[self.language].format(node=self.node, text=text)} {alert.hint}".rstrip()
        minutes = max(1, round((alert.until - alert.since) / 60))
        since = datetime.fromtimestamp(alert.since, self.zone()).strftime("%Y-%m-%d %H:%M")  # type: ignore[arg-type]
        return _WELL[self.language].format(node=self.node, text=text, minutes=minutes, since=since)


@dataclass(frozen=True)
class Notice:
    """A notification of the portal to one user; the end of a fault replaces its begin."""

    client: Callable[[], Rest] = field(compare=False)
    user: int
    write: Wording = field(compare=False)
    priority: int = BACKGROUND

    @property
    def name(self) -> str:
        return str(Way(USER, str(self.user)))

    def tell(self, alert: Alert) -> None:
        """See Channel."""
        command = crm.notify("alert", self.user, self.write(alert), tag=f"ITGRIX|{alert.part}", client_id="itgrix")
        self.client().call(command.method, command.params, priority=self.priority)


@dataclass(frozen=True)
class Message:
    """A message to a chat of the portal."""

    client: Callable[[], Rest] = field(compare=False)
    dialog: str
    write: Wording = field(compare=False)
    priority: int = BACKGROUND

    @property
    def name(self) -> str:
        return str(Way(CHAT, self.dialog))

    def tell(self, alert: Alert) -> None:
        """See Channel."""
        command = crm.message("alert", self.dialog, self.write(alert))
        self.client().call(command.method, command.params, priority=self.priority)


@dataclass(frozen=True)
class Mail:
    """A mail."""

    server: MailServer
    sender: str
    recipients: tuple[str, ...]
    write: Wording = field(compare=False)

    @property
    def name(self) -> str:
        return str(Way(MAIL, ", ".join(self.recipients)))

    def tell(self, alert: Alert) -> None:
        """See Channel."""
        text = self.write(alert)
        send(self.server, self.sender, self.recipients, text[:120], f"{text}\n")
