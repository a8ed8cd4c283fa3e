# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of alerts: who is told when something is broken, and by which way."""

from __future__ import annotations

import re
from typing import Any

from itgrix_module.settings_checks import Setting, between, no_line_break, one_of

_MAIL = re.compile(r"[^\s@<>,;:\\\"()\[\]]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_DIALOG = re.compile(r"(chat|sg)?\d{1,12}|")
_SERVER = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):(\d{1,5})")


def mail_addresses(value: list[Any]) -> str:
    """Plain addresses, without names."""
    for item in value:
        if not isinstance(item, str) or not _MAIL.fullmatch(item):
            return f"{item!r} is no mail address"
    return ""


def mail_address(value: str) -> str:
    """One, or nothing."""
    return "" if not value or _MAIL.fullmatch(value) else f"{value!r} is no mail address"


def dialog(value: str) -> str:
    """A chat of the portal, or nothing."""
    return "" if _DIALOG.fullmatch(value) else "must be chat and a number, such as chat12"


def server(value: str) -> str:
    """HOST:PORT."""
    found = _SERVER.fullmatch(value)
    good = found is not None and 0 < int(found[1]) < 65536
    return "" if good else "must be a name and a port, such as 127.0.0.1:25"


ALERTS = (
    Setting(
        "alerts.minutes", int, 5, "A part must be broken for so many minutes before anybody is told", between(1, 1440)
    ),
    Setting("alerts.user", int, 0, "Portal user who is told; 0: none", between(0, 2**31)),
    Setting("alerts.chat", str, "", "Chat of the portal that is told, such as chat12; empty: none", dialog),
    Setting("alerts.mail_to", list, [], "Mail addresses that are told", mail_addresses),
    Setting(
        "alerts.mail_from", str, "", "Sender of the mails; empty: itgrix at the name of this machine", mail_address
    ),
    Setting("alerts.mail_server", str, "127.0.0.1:25", "Mail server", server),
    Setting("alerts.mail_tls", str, "none", "How the mail server is spoken to", one_of("none", "starttls", "tls")),
    Setting("alerts.mail_user", str, "", "Login at the mail server; empty: none", no_line_break),
    Setting("alerts.mail_password", str, "", "Password at the mail server", no_line_break, secret=True),
)
