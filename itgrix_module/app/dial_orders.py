# SPDX-License-Identifier: GPL-3.0-or-later
"""What the portal orders, read from its events, and what the PBX is to do for it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from itgrix_module.app.dial_ports import Originate
from itgrix_module.app.e164 import number_digits
from itgrix_module.app.happenings import Happening
from itgrix_module.app.numbering import Numbering

_CALL_ID = re.compile(r"[A-Za-z0-9._:-]{1,191}")
_DIALLED = re.compile(r"[0-9+*#]{1,40}")
_CHANNEL = re.compile(r"[A-Za-z0-9_]{2,20}/[A-Za-z0-9_.+*#@/:-]{1,150}")
_CONTEXT = re.compile(r"[A-Za-z0-9_.-]{1,79}")
_EXTEN = re.compile(r"[A-Za-z0-9_.+*#-]{1,79}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_()-]{0,79}")
_VALUE = re.compile(r"[A-Za-z0-9 _.+:=/@*#-]{0,200}")
_NOT_SHOWN = re.compile(r'[\x00-\x1f\x7f-\x9f"\\<>,;&|$`{}\[\]()=]')
_LEAST_DIGITS = 2
_LONGEST_TEXT = 5000
_LONGEST_WAIT = 600  # seconds
PHONES = ("extension", "device")
CALLER_IDS = ("client", "employee")


@dataclass(frozen=True)
class Click:
    """Somebody clicked a number. ``number``: as the portal gives it; ``user``: None when it does not say who."""

    call_id: str
    number: str
    user: int | None
    line: str = ""
    mobile: bool = False
    entity_type: str = ""
    entity_id: str = ""

    @classmethod
    def of(cls, happening: Happening) -> Click | None:
        """None when there is no call that could be made or finished."""
        data = happening.data
        call_id = _text(data, "CALL_ID")
        if not _CALL_ID.fullmatch(call_id):
            return None
        user = _text(data, "USER_ID")
        return cls(
            call_id,
            _text(data, "PHONE_NUMBER_INTERNATIONAL") or _text(data, "PHONE_NUMBER"),
            int(user) if user.isascii() and user.isdecimal() and 0 < int(user[:12]) < 2**31 else None,
            _text(data, "LINE_NUMBER")[:100],
            _text(data, "IS_MOBILE").upper() in ("1", "Y"),
            *_entity(data),
        )


@dataclass(frozen=True)
class Form:
    """Somebody wants to be called back. ``text``: what he wrote."""

    number: str
    line: str = ""
    text: str = ""
    entity_type: str = ""
    entity_id: str = ""

    @classmethod
    def of(cls, happening: Happening) -> Form:
        """Whatever it holds: a form without a usable number is told too."""
        data = happening.data
        text = _text(data, "TEXT", _LONGEST_TEXT)
        return cls(_text(data, "PHONE_NUMBER")[:100], _text(data, "LINE_NUMBER")[:100], text, *_entity(data))


def _text(data: Mapping[str, Any], name: str, longest: int = 200) -> str:
    value = data.get(name)
    return value.strip()[:longest] if isinstance(value, str) else ""


def _entity(data: Mapping[str, Any]) -> tuple[str, str]:
    kind, number = _text(data, "CRM_ENTITY_TYPE").upper(), _text(data, "CRM_ENTITY_ID")
    return (kind, number) if kind.isalpha() and kind.isascii() and number.isdecimal() else ("", "")


@dataclass(frozen=True)
class DialRules:
    """The administrator's wishes. ``dial``: the number rules; ``normal``: the portal's form of a number.

    ``phone``: ``extension`` rings all that an extension means (devices, follow-me), ``device`` its phone alone;
    ``devices``: extension to one of these words, to a channel, or to a number. ``prefixes``: line of the portal to
    what stands before its numbers. ``timeout``: seconds that the employee's phone rings. ``oldest``: seconds after
    which a click counts no more. ``own_mobile``: who clicks in the mobile application is called on his mobile.
    ``by_hand``: other spellings of a number that begins with a plus.
    """

    dial: Callable[[str], str]
    normal: Callable[[str], str]
    enabled: bool = True
    phone: str = "extension"
    technology: str = "PJSIP"
    devices: Mapping[str, str] = field(default_factory=dict)
    context: str = "from-internal"
    prefix: str = ""
    prefixes: Mapping[str, str] = field(default_factory=dict)
    timeout: int = 30
    caller_id: str = "client"
    variables: Mapping[str, str] = field(default_factory=dict)
    oldest: int = 30
    own_mobile: bool = False
    by_hand: Callable[[str], tuple[str, ...]] = lambda _: ()

    @classmethod
    def of(cls, settings: Mapping[str, Any], numbering: Numbering) -> DialRules:
        """From settings ``dial.*``."""
        return cls(
            numbering.dial,
            numbering.client,
            settings["dial.enabled"],
            settings["dial.phone"],
            settings["dial.technology"],
            settings["dial.devices"],
            settings["dial.context"],
            settings["dial.prefix"],
            settings["dial.prefixes"],
            settings["dial.timeout"],
            settings["dial.caller_id"],
            settings["dial.variables"],
            settings["dial.max_age"],
            settings["dial.own_mobile"],
            numbering.by_hand,
        )

    def dialled(self, number: str, line: str) -> str:
        """What is dialled for a number of the portal; empty when it cannot be dialled."""
        if len(number_digits(number)) < _LEAST_DIGITS:
            return ""
        wanted = self.prefixes.get(line, self.prefix) + self.dial(number)
        return wanted if _DIALLED.fullmatch(wanted) else ""

    def channel(self, extension: str) -> str:
        """Which phone rings first for an extension or an employee's own number; empty when it is none."""
        wanted = self.devices.get(extension, self.phone)
        if "/" in wanted:
            return wanted
        if wanted == "device" and extension.isdecimal():
            return f"{self.technology}/{extension}"
        # Without /n the Local pair may dissolve, and with it the channel whose id is the call's.
        party = extension if wanted in PHONES else wanted
        found = self.dial(party) if not party.isdecimal() or len(party) > 6 else party
        return f"Local/{found}@{self.context}/n" if _DIALLED.fullmatch(found) else ""

    def order(
        self, call: str, extension: str, dialled: str, number: str, timeout: int = 0, *, held: bool = False
    ) -> Originate:
        """What the PBX is asked. ``number``: of the client as the portal shows it; ``held``: see ``Originate``."""
        shown = number if self.caller_id == "client" else extension
        return Originate(
            id=call,
            channel=self.channel(extension),
            exten=dialled,
            context=self.context,
            caller_id=caller_id(shown),
            timeout=float(timeout or self.timeout),
            variables=tuple(self.variables.items()),
            held=held,
            otherwise=self._otherwise(dialled),
        )

    def _otherwise(self, dialled: str) -> tuple[str, ...]:
        """Few routes begin with a plus."""
        prefix, plus, number = dialled.partition("+")
        return tuple(prefix + spelling for spelling in self.by_hand(plus + number)) if plus else ()


def caller_id(text: str) -> str:
    """What a phone shows: a number, or ``name <number>``; nothing in it means anything to the PBX."""
    name, _, number = text.rpartition("<")
    if not name:
        number, name = text, ""
    number = "".join(char for char in number if char in "+0123456789*#")[:40]
    name = " ".join(_NOT_SHOWN.sub(" ", name).split())[:60]
    return f'"{name}" <{number}>' if name else f"<{number}>" if number else ""


def changed(order: Originate, fields: Mapping[str, Any]) -> Originate:
    """The order as a customization wants it, and not otherwise; ``problem`` says whether that can be done."""
    timeout, priority = fields.get("timeout", order.timeout), fields.get("priority", order.priority)
    return Originate(
        order.id,
        str(fields.get("channel", order.channel)),
        str(fields.get("extension", order.exten)),
        str(fields.get("context", order.context)),
        caller_id(str(fields.get("caller_id", order.caller_id))),
        _number(timeout, order.timeout),
        int(_number(priority, order.priority)),
        order.variables,
        order.held,
    )


def _number(value: Any, otherwise: float) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return otherwise


def problem(order: Originate) -> str:
    """What of it must not reach the PBX, for the administrator; empty when nothing is wrong.

    Whatever is let through is safe in a header of AMI, in a dial string and in an expression of the dialplan.
    """
    checks: tuple[tuple[str, re.Pattern[str], str], ...] = (
        ("id", re.compile(r"[A-Za-z0-9._-]{1,32}"), order.id),
        ("channel", _CHANNEL, order.channel),
        *(("extension", _EXTEN, exten) for exten in (order.exten, *order.otherwise)),
        ("context", _CONTEXT, order.context),
    )
    for name, pattern, value in checks:
        if not pattern.fullmatch(value):
            return f"the {name} {value[:60]!a} cannot be used"
    if order.caller_id != caller_id(order.caller_id.replace('"', "")):
        return "the caller id cannot be used"
    if not 1 <= order.timeout <= _LONGEST_WAIT or not 1 <= order.priority <= 9999:
        return f"timeout must be from 1 to {_LONGEST_WAIT} s, priority from 1"
    return problem_of_variables(dict(order.variables))


def problem_of_variables(value: Mapping[str, Any]) -> str:
    """What is wrong with channel variables; empty when nothing is."""
    for name, text in value.items():
        if not _NAME.fullmatch(name):
            return f"{name[:60]!a} is no name of a channel variable"
        if not isinstance(text, str) or not _VALUE.fullmatch(text):
            return f"the value of {name} may hold letters, digits, spaces and _.+:=/@*#- only"
    return ""


def problem_of_devices(value: Mapping[str, Any]) -> str:
    """What is wrong with ``dial.devices``; empty when nothing is."""
    for extension, device in value.items():
        if not _DIALLED.fullmatch(extension):
            return f"{extension[:60]!a} is no extension"
        fits = isinstance(device, str) and (
            device in PHONES or _CHANNEL.fullmatch(device) or _DIALLED.fullmatch(device)
        )
        if not fits:
            return f"{extension}: must be extension, device, a number, or a channel such as PJSIP/101"
    return ""


def problem_of_prefixes(value: Mapping[str, Any]) -> str:
    """What is wrong with ``dial.prefixes``; empty when nothing is."""
    for line, prefix in value.items():
        if not line or not line.isprintable() or len(line) > 100:
            return f"{line[:60]!a} is no line of the portal"
        if not isinstance(prefix, str) or not re.fullmatch(r"[0-9+*#]{0,20}", prefix):
            return f"{line}: a prefix may hold digits, *, # and + only"
    return ""
