# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of employees: to clients through a trunk, and to one another."""

from __future__ import annotations

from itgrix_module.sandbox.pbx.call import RING_DELAY, Call
from itgrix_module.sandbox.pbx.channel import Channel
from itgrix_module.sandbox.pbx.config import Trunk
from itgrix_module.sandbox.pbx.plots.consult import consult, inside
from itgrix_module.sandbox.pbx.plots.incoming import part
from itgrix_module.sandbox.pbx.timeline import Process

TONE = 2.8  # seconds of "no answer" that a caller hears before the PBX hangs up


def place(call: Call) -> Channel:
    """An employee dials the client."""
    situation = call.situation
    extension, number = situation.extension, situation.target or situation.client
    label = call.config.extension(extension).name
    root = call.x.channel("PJSIP", extension, ("from-internal", number), "Ring", number=extension, label=label)
    root.show(ledger=(number, "from-internal", "Dial", ""))
    call.begin(root, "outgoing")
    call.truth.client = number
    root.variables["CDR(cnum)"] = extension
    call.record(root, f"out-{number}-{extension}")
    return root


def through(call: Call, by: Channel, number: str, trunk: Trunk) -> Channel:
    """``by`` dials a number through a trunk; returns the trunk's leg."""
    call.truth.trunk = trunk.name
    tag = f"CID:{trunk.caller_id}"
    by.variables["CDR(outbound_cnum)"] = trunk.caller_id
    call.caller_id(by.at("macro-outbound-callerid", "s", 30), trunk.caller_id)
    if by.connected_number != number:
        call.connected(by.at("macro-dialout-trunk", "s", 24), number)
    call.connected(by.at("macro-dialout-trunk", "s", 25), number, tag)
    leg = call.add(call.x.channel("PJSIP", trunk.name, ("from-pstn", "s"), parent=by))
    leg.at("from-pstn", number).show(connected_number=trunk.caller_id)
    call.caller_id(leg, number, tag)
    call.connected(leg, trunk.caller_id)
    string = f"{number}@{trunk.name}"
    options = ",300,Tb(func-apply-sipheaders^s^1,(2))"
    by.show(ledger=(by.ledger[0], by.ledger[1], "Dial", f"PJSIP/{string}{options}"))
    call.dial(by, leg, string, ("trunk-dial-with-exten", number, 1))
    return leg


def start(call: Call) -> Channel:
    """The usual beginning: the first trunk, or the one that the situation names."""
    root = place(call)
    return through(call, root, call.truth.client, call.config.trunk(call.situation.trunk))


def answered(call: Call) -> Process:
    """The client answers."""
    leg = start(call)
    root = call.legs[0]
    yield from _client_answers(call, leg)
    yield call.situation.talk
    part(call, leg, root)


def _client_answers(call: Call, leg: Channel) -> Process:
    yield RING_DELAY
    call.rings(leg)
    yield call.situation.ring
    call.pick_up(leg)
    call.truth.talks(call.situation.extension, call.now)


def _tone_and_end(call: Call, root: Channel, cause: int, tech: int, step: tuple[str, int]) -> None:
    """The PBX plays a tone to the caller and hangs up."""
    call.x.state(root.at("macro-dialout-trunk", *step), "Busy")
    call.request(root, cause, tech)
    call.soft(root, 16, tech)
    call.hang_up(root.at("macro-hangupcall", "s", 4), cause, tech)


def busy(call: Call) -> Process:
    """The client is busy."""
    leg = start(call)
    root = call.legs[0]
    call.refuse(leg, 17, 486, "BUSY")
    call.hang_up(leg, 17, 486)
    call.truth.outcome = "busy"
    _tone_and_end(call, root, 17, 486, ("s-BUSY", 3))
    yield 0.0


def wrong_number(call: Call) -> Process:
    """No such number: the provider answers 404."""
    leg = start(call)
    root = call.legs[0]
    call.refuse(leg, 1, 404, "NOANSWER")
    call.hang_up(leg, 1, 404)
    call.truth.outcome = "failed"
    _tone_and_end(call, root, 34, 503, ("s-CHANUNAVAIL", 1))
    yield 0.0


def no_answer(call: Call) -> Process:
    """The client does not answer, the provider gives up with 480; the caller hears a tone."""
    leg = start(call)
    root = call.legs[0]
    yield RING_DELAY
    call.rings(leg)
    yield call.situation.ring
    call.refuse(leg, 19, 480, "NOANSWER")
    call.hang_up(leg, 19, 480)
    call.truth.outcome = "no_answer"
    yield TONE
    call.soft(root.at("macro-dialout-trunk", "s-NOANSWER", 2))
    call.hang_up(root.at("macro-hangupcall", "s", 4), 19, 480)


def cancelled(call: Call) -> Process:
    """The employee hangs up before the client answers."""
    leg = start(call)
    root = call.legs[0]
    yield RING_DELAY
    call.rings(leg)
    yield call.situation.ring
    call.request(root, 127, 487)
    call.dial_end(leg, "CANCEL")
    call.soft(root, 16, 487)
    call.hang_up(leg, 127, 500)
    call.hang_up(root, 127, 487)


def failover(call: Call) -> Process:
    """The first trunk is out of order, the second one carries the call."""
    root = place(call)
    number, trunks = call.truth.client, call.config.trunks
    first = through(call, root, number, trunks[0])
    call.refuse(first, 34, 503, "CONGESTION")
    call.hang_up(first, 34, 503)
    leg = through(call, root, number, trunks[1])
    yield from _client_answers(call, leg)
    yield call.situation.talk
    part(call, leg, root)


def transfer(call: Call) -> Process:
    """The employee called a client, asks a colleague and hands the client over (REFER with Replaces)."""
    client = start(call)
    root = call.legs[0]
    yield from _client_answers(call, client)
    yield call.situation.talk
    yield from consult(call, root, client, call.situation.extension)
    yield call.situation.talk_after
    part(call, client, call.legs[-1])


def internal(call: Call) -> Process:
    """Employees talk with each other."""
    situation = call.situation
    root, leg = inside(call, situation.extension, situation.target, ours=True)
    call.begin(root, "internal")
    call.truth.rings(situation.target)
    yield RING_DELAY
    call.rings(leg)
    yield situation.ring
    call.pick_up(leg)
    call.truth.talks(situation.target, call.now)
    yield situation.talk
    part(call, leg, root)
