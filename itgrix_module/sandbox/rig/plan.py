# SPDX-License-Identifier: GPL-3.0-or-later
"""The company whose telephony the live tests play: its phones, groups, trunks and numbers."""

from __future__ import annotations

EMPLOYEES = {
    "101": "Anna Ivanova",
    "102": "Boris Petrov",
    "103": "Vera Sidorova",
    "104": "Gleb Orlov",
    "105": "Dina Volkova",
    "106": "Egor Smirnov",
    "107": "Zoya Belova",
    "108": "Igor Popov",
    "109": "Kira Lebedeva",
    "110": "Lev Novikov",
}
VOICEMAIL = "109"  # what this phone does not answer goes to its mailbox
FOLLOW_ME = "110"  # its DID rings the phone and, after a second, MOBILE
MOBILE = "79031110110"
ORDINARY = tuple(number for number in EMPLOYEES if number not in (VOICEMAIL, FOLLOW_ME))

MENU = "500"
RING_GROUP = "600"
QUEUE = "700"
ROUND_ROBIN_QUEUE = "701"
CONFERENCE = "800"
MEMBERS = {
    RING_GROUP: ("101", "102", "103"),
    QUEUE: ("104", "105", "106"),
    ROUND_ROBIN_QUEUE: ("106", "107", "108"),
}
STRATEGIES = {QUEUE: "ringall", ROUND_ROBIN_QUEUE: "rrmemory"}

FIRST_TRUNK = "beeline-msk"
SECOND_TRUNK = "mobile-gw"
TRUNKS = {FIRST_TRUNK: "127.0.0.2", SECOND_TRUNK: "127.0.0.3"}  # name -> address of the provider
OUR_NUMBER = "74950000000"
UNROUTED_DID = "74959999999"


def did(internal: str) -> str:
    """Number that the public dials to reach a phone, menu, group, queue or conference."""
    return f"74950000{internal}"
