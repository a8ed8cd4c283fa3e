# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of calls that the portal orders: a click on a number, and forms that ask to be called back."""

from __future__ import annotations

from itgrix_module.app.dial_homes import problem_of_extensions
from itgrix_module.app.dial_orders import (
    CALLER_IDS,
    PHONES,
    problem_of_devices,
    problem_of_prefixes,
    problem_of_variables,
)
from itgrix_module.settings_checks import Setting, between, matches, one_of

_NUMBER = matches(r"[0-9+*#]{0,20}", "digits, *, # and + only")

DIAL = (
    Setting("dial.enabled", bool, True, "A click on a number in the CRM makes the PBX call"),
    Setting(
        "dial.phone",
        str,
        "extension",
        "Which phone of the employee rings first: all that his extension means (devices, follow-me, forwarding), or "
        "only the device itself",
        one_of(*PHONES),
    ),
    Setting(
        "dial.technology",
        str,
        "PJSIP",
        "Channel technology of devices, such as PJSIP or SIP",
        matches(r"[A-Za-z0-9_]{2,20}", "letters and digits only"),
    ),
    Setting(
        "dial.devices",
        dict,
        {},
        "Extension to what rings for it instead: extension, device, a number, or a channel such as PJSIP/101-home",
        problem_of_devices,
    ),
    Setting(
        "dial.own_mobile",
        bool,
        False,
        "Who clicks in the portal's mobile application is called on his mobile, if the portal knows it",
    ),
    Setting(
        "dial.prefixes",
        dict,
        {},
        "Line that was chosen in the portal to the prefix of its numbers, before the one above",
        problem_of_prefixes,
    ),
    Setting(
        "dial.caller_id",
        str,
        "client",
        "What the employee's phone shows: the client's number or his own extension",
        one_of(*CALLER_IDS),
    ),
    Setting(
        "dial.variables",
        dict,
        {},
        "Channel variables for such calls, such as __SIPADDHEADER01 for phones that pick up by themselves",
        problem_of_variables,
    ),
    Setting(
        "dial.max_age",
        int,
        30,
        "Seconds after which a click that was held up on its way makes no call any more",
        between(5, 300),
    ),
    Setting(
        "dial.extensions",
        list,
        [],
        "Where several PBXs share one portal: extensions whose calls from the CRM this one makes, such as 201 or 2XX; "
        "empty: whichever PBX the order reaches",
        problem_of_extensions,
    ),
    Setting("dial.notify", bool, True, "Tell the employee in the portal why his call did not come about"),
)

CALLBACK = (
    Setting("callback.enabled", bool, True, "Forms of the CRM that ask to be called back make the PBX call"),
    Setting(
        "callback.to",
        str,
        "",
        "Extension, ring group or queue that is called first; empty: a form becomes a task at once",
        _NUMBER,
    ),
    Setting(
        "callback.lines",
        dict,
        {},
        "Line of the form to the extension, ring group or queue that is called for it",
        problem_of_prefixes,
    ),
    Setting("callback.timeout", int, 40, "Seconds that the phones ring in one try", between(5, 600)),
    Setting("callback.tries", int, 3, "How often a client is tried to be called back", between(1, 20)),
    Setting("callback.pause_minutes", int, 5, "Minutes between two tries", between(1, 24 * 60)),
    Setting(
        "callback.deadline_minutes", int, 60, "Minutes after which no further try is begun", between(1, 7 * 24 * 60)
    ),
    Setting(
        "callback.hours",
        str,
        "working",
        "When clients are called back: in working hours only, or always",
        one_of("working", "always"),
    ),
    Setting(
        "callback.abroad", bool, False, "Also call numbers back that do not belong to the country of the number rules"
    ),
    Setting("callback.task", bool, True, "Make a task when the client was not reached"),
)

DIALLING = (*DIAL, *CALLBACK)
