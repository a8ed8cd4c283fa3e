# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings: one flat JSON object of dotted keys, each with a type, a default and a check; validated as a whole."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from itgrix_module.domain.failures import NeedsOwner

Check = Callable[[Any], str]  # what is wrong with a value of the right type; empty when nothing is


@dataclass(frozen=True)
class Setting:
    """``help``: one line for the form beside the field. ``secret``: encrypted at rest, never shown."""

    key: str
    kind: type[Any]
    default: Any
    help: str
    check: Check | None = None
    secret: bool = False


class SettingsError(NeedsOwner):
    """``problems``: key to what is wrong with it."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        text = "; ".join(f"{key}: {reason}" for key, reason in sorted(problems.items()))
        super().__init__("settings_invalid", text, "Correct the named settings; nothing was saved.")
        self.problems = dict(problems)


def _matches(pattern: str, words: str) -> Check:
    compiled = re.compile(pattern)
    return lambda value: "" if compiled.fullmatch(value) else words


def _between(low: float, high: float) -> Check:
    return lambda value: "" if low <= value <= high else f"must be from {low:g} to {high:g}"


def _one_of(*names: str) -> Check:
    return lambda value: "" if value in names else f"must be one of {', '.join(names)}"


def _regular_expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        return f"is not a regular expression: {error}"
    return ""


def _texts(value: list[Any]) -> str:
    return "" if all(isinstance(item, str) and item for item in value) else "must be a list of texts"


_LINE_KEYS = {"match": str, "line": str, "source": str, "category": int, "default_user": int, "ignore": bool}


def _lines(value: list[Any]) -> str:
    for number, item in enumerate(value, 1):
        if not isinstance(item, dict) or not item.get("match"):
            return f"entry {number} needs a match"
        for key, given in item.items():
            if key not in _LINE_KEYS:
                return f"entry {number} has an unknown field {key!r}"
            if not isinstance(given, _LINE_KEYS[key]) or (_LINE_KEYS[key] is int and isinstance(given, bool)):
                return f"entry {number}: {key} must be {_KIND_WORDS[_LINE_KEYS[key]]}"
    return ""


def _overrides(value: dict[str, Any]) -> str:
    for extension, user in value.items():
        if not extension or isinstance(user, bool) or not isinstance(user, int) or user < 1:
            return f"{extension!r} needs the number of a portal user"
    return ""


def _no_line_break(value: str) -> str:
    return "must be one line" if set(value) & set("\r\n\0") else ""


_KIND_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "yes or no", list: "a list", dict: "a map"}

SETTINGS: tuple[Setting, ...] = (
    Setting(
        "pbx.node",
        str,
        "pbx1",
        "Name of this PBX in the portal's call ids; never change it while calls run",
        _matches(r"[A-Za-z0-9_-]{1,32}", "letters, digits, - and _ only, at most 32"),
    ),
    Setting("ami.host", str, "127.0.0.1", "Address of the Asterisk manager interface", _no_line_break),
    Setting("ami.port", int, 5038, "Port of the Asterisk manager interface", _between(1, 65535)),
    Setting("ami.username", str, "itgrix", "Manager user", _no_line_break),
    Setting("ami.secret", str, "", "Password of the manager user", _no_line_break, secret=True),
    Setting("ami.tls", bool, False, "Connect by TLS"),
    Setting("ami.tls_verify", bool, True, "Check the certificate of the manager interface"),
    Setting("ami.tls_ca", str, "", "File with the certificate authority of the manager interface"),
    Setting(
        "cdr.url",
        str,
        "",
        "Database with CDR and CEL, such as mysql+pymysql://user:pass@host/asteriskcdrdb",
        secret=True,
    ),
    Setting("portal.mode", str, "webhook", "How the portal is reached", _one_of("webhook", "app")),
    Setting("portal.webhook_url", str, "", "Address of the incoming webhook", _no_line_break, secret=True),
    Setting("portal.domain", str, "", "Address of the portal, such as company.bitrix24.ru", _no_line_break),
    Setting("portal.client_id", str, "", "Code of the portal's local application", _no_line_break),
    Setting("portal.client_secret", str, "", "Key of the portal's local application", _no_line_break, secret=True),
    Setting("portal.oauth_host", str, "", "Authorisation server, if not the one that the portal names", _no_line_break),
    Setting("portal.verify_tls", bool, True, "Check the certificate of the portal"),
    Setting("portal.ca_file", str, "", "File with the certificate authority of an on-premise portal"),
    Setting("portal.public_url", str, "", "Address where the portal reaches this service", _no_line_break),
    Setting("calls.create_incoming", bool, True, "Create a lead or contact for an unknown caller"),
    Setting("calls.create_outgoing", bool, False, "Create a lead or contact for an unknown number that was dialled"),
    Setting(
        "calls.default_user", int, 0, "Portal user who gets the calls of extensions without a user", _between(0, 2**31)
    ),
    Setting(
        "calls.first_responsible",
        str,
        "ringing",
        "For whom an incoming call is registered",
        _one_of("ringing", "client", "default"),
    ),
    Setting(
        "missed.responsible", str, "client", "Who answers for a missed call", _one_of("client", "last_rung", "default")
    ),
    Setting("missed.task.enabled", bool, False, "Make a task for a missed call"),
    Setting("missed.task.close", bool, True, "Close the task when a later call with the client succeeds"),
    Setting("lines", list, [], "What each trunk or DID means in the portal", _lines),
    Setting("employees.overrides", dict, {}, "Extension to portal user, before what the portal says", _overrides),
    Setting("numbers.client_rules", list, [], "Replacements for numbers of clients"),
    Setting("numbers.user_rules", list, [], "Replacements for numbers of employees"),
    Setting("numbers.dial_rules", list, [], "Replacements for numbers that are dialled"),
    Setting(
        "numbers.country",
        str,
        "RU",
        "Country whose numbers are written without a code",
        _matches(r"[A-Z]{2}", "two capital letters, such as RU"),
    ),
    Setting("filters.extensions_black", list, [], "Extensions that the portal does not see", _texts),
    Setting("filters.extensions_white", list, [], "Only these extensions the portal sees, if any", _texts),
    Setting("filters.lines", list, [], "Trunks and DIDs that the portal does not see", _texts),
    Setting("filters.numbers", list, [], "Clients' numbers that the portal does not see", _texts),
    Setting("recordings.mode", str, "upload", "What happens to recordings", _one_of("upload", "link", "off")),
    Setting("recordings.directory", str, "/var/spool/asterisk/monitor", "Where the PBX keeps recordings"),
    Setting("recordings.bitrate", int, 32, "kbit/s of the mp3", _between(8, 320)),
    Setting(
        "cards.window_ms", int, 150, "Changes of cards within so many milliseconds are one request", _between(0, 5000)
    ),
    Setting(
        "cards.lead_ms", int, 15, "How long the first card waits for other phones that begin to ring", _between(0, 1000)
    ),
    Setting(
        "dial.context",
        str,
        "from-internal",
        "Context of the dialplan for click-to-call",
        _matches(r"[A-Za-z0-9_-]{1,79}", "letters, digits, - and _ only"),
    ),
    Setting(
        "dial.prefix",
        str,
        "",
        "Digits before every number that is dialled",
        _matches(r"[0-9*#]{0,10}", "digits, * and # only"),
    ),
    Setting("dial.timeout", int, 30, "Seconds that the employee's phone rings", _between(5, 300)),
    Setting("routing.limit_ms", int, 1000, "How long smart routing may think", _between(50, 10000)),
    Setting(
        "extensions.pattern",
        str,
        r"\d{2,4}",
        "What counts as an extension, besides those the PBX lists",
        _regular_expression,
    ),
    Setting("extensions.list", list, [], "Extensions of the PBX that the pattern does not cover", _texts),
    Setting("trunks.list", list, [], "Trunks whose names look like extensions", _texts),
    Setting("limits.rate", float, 2.0, "Requests a second that the portal allows", _between(0.1, 1000)),
    Setting("limits.burst", int, 50, "Requests that the portal allows at once", _between(1, 10000)),
    Setting("directory.refresh_minutes", int, 15, "How often employees are read from the portal", _between(1, 1440)),
    Setting("retention.days", int, 365, "How long finished calls are kept here", _between(1, 3650)),
    Setting("panel.time_zone", str, "", "Time zone of the panel, such as Europe/Moscow; empty: the server's"),
    Setting("log.level", str, "INFO", "How much is logged", _one_of("DEBUG", "INFO", "WARNING", "ERROR")),
)
BY_KEY: Mapping[str, Setting] = {setting.key: setting for setting in SETTINGS}


class Settings(Mapping[str, Any]):
    """All settings with defaults filled in; immutable. ``settings["ami.port"]``."""

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        """Raises SettingsError naming every key that is unknown or wrong."""
        values, problems = {}, {}
        for key, value in (given or {}).items():
            try:
                values[key] = _checked(key, value)
            except ValueError as error:
                problems[key] = str(error)
        if problems:
            raise SettingsError(problems)
        self._values = {setting.key: setting.default for setting in SETTINGS} | values
        self.given = frozenset(values)

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def shown(self) -> dict[str, Any]:
        """For people's eyes: secrets are only said to be there."""
        return {key: _hidden(key, value) for key, value in self._values.items()}


def _hidden(key: str, value: Any) -> Any:
    return ("set" if value else "") if BY_KEY[key].secret else value


def _checked(key: str, value: Any) -> Any:
    setting = BY_KEY.get(key)
    if setting is None:
        raise ValueError("there is no such setting")
    if setting.kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, setting.kind) or (setting.kind is int and isinstance(value, bool)):
        raise ValueError(f"must be {_KIND_WORDS[setting.kind]}")
    problem = setting.check(value) if setting.check else ""
    if problem:
        raise ValueError(problem)
    return value


def from_text(key: str, text: str) -> Any:
    """A value typed on a command line: JSON where the setting is not a text.

    Raises SettingsError when it is not JSON.
    """
    setting = BY_KEY.get(key)
    if setting is None or setting.kind is str:
        return text
    words = {"yes": True, "no": False, "on": True, "off": False}
    if setting.kind is bool and text.lower() in words:
        return words[text.lower()]
    try:
        return json.loads(text)
    except ValueError:
        raise SettingsError({key: f"must be {_KIND_WORDS[setting.kind]}"}) from None
