# SPDX-License-Identifier: GPL-3.0-or-later
"""Words for the values that settings let choose from. A value without a word is shown as it is."""

from __future__ import annotations

from collections.abc import Mapping

from web.i18n import mark

_MODES = {
    "upload": mark("Upload to the portal"),
    "link": mark("Keep on the PBX, the portal gets a link"),
    "off": mark("Do not give to the portal"),
}
_AS_ABOVE = {"": mark("As above"), **_MODES}
WORDS: Mapping[str, Mapping[str, str]] = {
    "portal.mode": {"webhook": mark("Incoming webhook"), "app": mark("Local application (OAuth)")},
    "portal.events": {
        "auto": mark("By itself: sent here where there is a public address, else fetched"),
        "push": mark("The portal sends them to the public address"),
        "poll": mark("Fetched from the portal's queue"),
        "off": mark("Not at all: no click-to-call, no call-back forms"),
    },
    "dial.phone": {
        "extension": mark("The extension with follow-me and forwarding"),
        "device": mark("Only the device itself"),
    },
    "dial.caller_id": {"client": mark("The client's number"), "employee": mark("His own extension")},
    "callback.hours": {"working": mark("In working hours"), "always": mark("Always")},
    "alerts.mail_tls": {
        "none": mark("Without encryption"),
        "starttls": mark("STARTTLS (usually port 587)"),
        "tls": mark("TLS from the start (usually port 465)"),
    },
    "portal.language": {"ru": mark("Russian"), "en": mark("English")},
    "calls.first_responsible": {
        "ringing": mark("Whose phone rings first"),
        "client": mark("The client's responsible"),
        "default": mark("The default user"),
    },
    "calls.entity": {
        "portal": mark("The portal chooses"),
        "talker": mark("The one of the employee who talks"),
        "kind": mark("Contact, then company, then lead"),
        "newest": mark("The newest"),
    },
    "missed.responsible": {
        "client": mark("The client's responsible"),
        "last_rung": mark("Whose phone rang last"),
        "default": mark("The default user"),
    },
    "missed.spread": {
        "off": mark("Not shared: the default user"),
        "round_robin": mark("In turn"),
        "random": mark("At random"),
    },
    "missed.task.responsible": {
        "missed": mark("Who answers for the missed call"),
        "user": mark("The user below"),
    },
    "missed.task.hours": {
        "always": mark("Always"),
        "working": mark("In working hours"),
        "off_hours": mark("Out of working hours"),
    },
    "missed.task.clients": {
        "all": mark("For all"),
        "new": mark("Only for new ones"),
        "known": mark("Only for known ones"),
    },
    "recordings.mode": _MODES,
    "recordings.incoming": _AS_ABOVE,
    "recordings.outgoing": _AS_ABOVE,
    "recordings.link_to": {
        "player": mark("The player of the portal"),
        "activity": mark("The text of the activity"),
    },
    "recordings.link_access": {
        "lan": mark("Computers of the networks below"),
        "anyone": mark("Whoever has the link"),
    },
    "routing.hours": {
        "none": mark("At any time"),
        "own": mark("In the working hours set here"),
        "portal_calendar": mark("By the portal's calendar"),
        "timeman": mark("By the portal's time tracking"),
    },
    "routing.choices": {
        "responsible": mark("The client's responsible"),
        "deal": mark("The responsible of the open deal"),
        "last": mark("Who talked with the client last"),
    },
    "routing.timeman_states": {
        "OPENED": mark("Working day begun"),
        "PAUSED": mark("On a break"),
        "CLOSED": mark("Working day ended"),
        "EXPIRED": mark("Forgot to end the day"),
    },
    "log.level": {
        "DEBUG": mark("Everything"),
        "INFO": mark("Decisions"),
        "WARNING": mark("Troubles"),
        "ERROR": mark("Faults only"),
    },
}


def word(key: str, value: str) -> str:
    """In English; the value itself where nobody has named it."""
    return WORDS.get(key, {}).get(value) or value
