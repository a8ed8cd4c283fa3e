# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls from outside to a ring group."""

from __future__ import annotations

from itgrix_module.sandbox.pbx.call import RING_DELAY, Call
from itgrix_module.sandbox.pbx.channel import Channel
from itgrix_module.sandbox.pbx.plots.incoming import arrive, give_up, name_caller, part
from itgrix_module.sandbox.pbx.timeline import Process


def ring_all(call: Call) -> Process:
    """All phones of the group ring; the client's channel is the call's root."""
    root = arrive(call, "group")
    name_caller(call, root, 5)
    group = call.config.group
    call.record(root, f"rg-{group.number}-{root.number or 'unknown'}")
    members = call.situation.members or group.members
    strings = "&".join(f"PJSIP/{call.contact(member)}" for member in members)
    # Asterisk keeps 79 characters of an application's data
    root.show(ledger=(group.number, "ext-group", "Dial", strings[:79]))
    legs = [call.phone(root, member, group.number) for member in members]
    for member, leg in zip(members, legs, strict=True):
        call.truth.rings(member)
        call.dial(root, leg, call.contact(member), ("dial-with-exten", group.number, 1))
    yield RING_DELAY
    for leg in legs:
        call.rings(leg)


def answered(call: Call) -> Process:
    """The whole group rings, one answers, the others fall silent."""
    yield from ring_all(call)
    yield call.situation.ring
    root, winner = call.legs[0], _leg(call, call.situation.extension)
    call.answer_first(winner, call.situation.extension)
    call.truth.talks(call.situation.extension, call.now)
    yield call.situation.talk
    part(call, root, winner)


def missed(call: Call) -> Process:
    """The whole group rings, nobody answers, the caller gives up."""
    yield from ring_all(call)
    yield call.situation.ring
    give_up(call, call.legs[0])


def _leg(call: Call, extension: str) -> Channel:
    return next(leg for leg in call.ringing if leg.device == f"PJSIP/{extension}")
