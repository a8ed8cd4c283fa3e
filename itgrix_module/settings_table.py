# SPDX-License-Identifier: GPL-3.0-or-later
"""Every setting: its key, type, default, help and check."""

from __future__ import annotations

from itgrix_module.settings_alerts import ALERTS
from itgrix_module.settings_checks import (
    Setting,
    between,
    matches,
    no_line_break,
    one_of,
    regular_expression,
    texts,
    time_zone,
)
from itgrix_module.settings_dial import DIALLING
from itgrix_module.settings_operations import OPERATIONS
from itgrix_module.settings_reconcile import RECONCILE
from itgrix_module.settings_routing import ROUTING
from itgrix_module.settings_rules import RULES
from itgrix_module.settings_updates import UPDATES

SETTINGS: tuple[Setting, ...] = (
    Setting(
        "pbx.node",
        str,
        "pbx1",
        "Name of this PBX in the portal's call ids; never change it while calls run",
        matches(r"[A-Za-z0-9_-]{1,32}", "letters, digits, - and _ only, at most 32"),
    ),
    Setting("ami.host", str, "127.0.0.1", "Address of the Asterisk manager interface", no_line_break),
    Setting("ami.port", int, 5038, "Port of the Asterisk manager interface", between(1, 65535)),
    Setting("ami.username", str, "itgrix", "Manager user", no_line_break),
    Setting("ami.secret", str, "", "Password of the manager user", no_line_break, secret=True),
    Setting("ami.tls", bool, False, "Connect by TLS"),
    Setting("ami.tls_verify", bool, True, "Check the certificate of the manager interface"),
    Setting("ami.tls_ca", str, "", "File with the certificate authority of the manager interface"),
    Setting(
        "ami.config_folder",
        str,
        "/etc/asterisk",
        "Folder of Asterisk's configuration, into which the wizard may write the manager user",
        no_line_break,
    ),
    Setting(
        "cdr.url",
        str,
        "",
        "Database with CDR and CEL, such as mysql+pymysql://user:pass@host/asteriskcdrdb",
        secret=True,
    ),
    *RECONCILE,
    Setting("portal.mode", str, "webhook", "How the portal is reached", one_of("webhook", "app")),
    Setting("portal.webhook_url", str, "", "Address of the incoming webhook", no_line_break, secret=True),
    Setting("portal.domain", str, "", "Address of the portal, such as company.bitrix24.ru", no_line_break),
    Setting("portal.client_id", str, "", "Code of the portal's local application", no_line_break),
    Setting("portal.client_secret", str, "", "Key of the portal's local application", no_line_break, secret=True),
    Setting("portal.oauth_host", str, "", "Authorisation server, if not the one that the portal names", no_line_break),
    Setting("portal.verify_tls", bool, True, "Check the certificate of the portal"),
    Setting("portal.ca_file", str, "", "File with the certificate authority of an on-premise portal"),
    Setting("portal.paused", bool, False, "Send nothing to the portal; what is to be sent waits"),
    Setting("portal.public_url", str, "", "Address where the portal reaches this service", no_line_break),
    Setting(
        "portal.events",
        str,
        "auto",
        "How events of the portal come: push to the public address, poll its queue, off; auto: push where there is one",
        one_of("auto", "push", "poll", "off"),
    ),
    Setting("portal.crm_events", bool, True, "Hear of changed clients and deals, so that smart routing knows them"),
    *RULES,
    Setting(
        "cards.window_ms", int, 150, "Changes of cards within so many milliseconds are one request", between(0, 5000)
    ),
    Setting(
        "cards.lead_ms", int, 15, "How long the first card waits for other phones that begin to ring", between(0, 1000)
    ),
    Setting(
        "dial.context",
        str,
        "from-internal",
        "Context of the dialplan for click-to-call",
        matches(r"[A-Za-z0-9_-]{1,79}", "letters, digits, - and _ only"),
    ),
    Setting(
        "dial.prefix",
        str,
        "",
        "Digits before every number that is dialled",
        matches(r"[0-9*#]{0,10}", "digits, * and # only"),
    ),
    Setting("dial.timeout", int, 30, "Seconds that the employee's phone rings", between(5, 300)),
    Setting("routing.limit_ms", int, 1000, "How long smart routing may think", between(50, 10000)),
    *DIALLING,
    *ROUTING,
    *ALERTS,
    Setting(
        "extensions.pattern",
        str,
        r"\d{2,4}",
        "What counts as an extension, besides those the PBX lists",
        regular_expression,
    ),
    Setting("extensions.list", list, [], "Extensions of the PBX that the pattern does not cover", texts),
    Setting("trunks.list", list, [], "Trunks whose names look like extensions", texts),
    Setting("limits.rate", float, 2.0, "Requests a second that the portal allows", between(0.1, 1000)),
    Setting("limits.burst", int, 50, "Requests that the portal allows at once", between(1, 10000)),
    Setting("directory.refresh_minutes", int, 15, "How often employees are read from the portal", between(1, 1440)),
    Setting("retention.days", int, 365, "How long finished calls are kept here", between(1, 3650)),
    Setting("portal.language", str, "ru", "Language of tasks and messages in the portal", one_of("ru", "en")),
    Setting("panel.support", str, "", "Who helps: shown at the foot of each page", no_line_break),
    Setting(
        "panel.api_token",
        str,
        "",
        "Token with which programs read /status, /metrics and /api; empty: none may",
        matches(r"|[A-Za-z0-9_-]{16,128}", "letters, digits, - and _ only, 16 to 128"),
        secret=True,
    ),
    Setting(
        "panel.time_zone", str, "", "Time zone of the panel, such as Europe/Moscow; empty: the server's", time_zone
    ),
    *OPERATIONS,
    *UPDATES,
    Setting("log.level", str, "INFO", "How much is logged", one_of("DEBUG", "INFO", "WARNING", "ERROR")),
)
