# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls from outside that change hands: transfers, pickup, car park."""

from __future__ import annotations

from itgrix_module.sandbox.pbx.call import RING_DELAY, Call
from itgrix_module.sandbox.pbx.channel import Bridge, Channel
from itgrix_module.sandbox.pbx.plots.consult import consult, end_attempt
from itgrix_module.sandbox.pbx.plots.incoming import arrive_recorded, leg_of, part, ring_phone, talk
from itgrix_module.sandbox.pbx.timeline import Process

ANNOUNCEMENT = 1.8  # seconds in which the one who parks hears the number of the place
PARKING_TIME = 45  # seconds


def _begin(call: Call) -> Process:
    """A client talks with the first employee."""
    root = arrive_recorded(call, "direct")
    yield from ring_phone(call, root, call.situation.extension)
    leg = leg_of(call)
    yield call.situation.ring
    yield from talk(call, leg, call.situation.extension, call.situation.talk)


def _refer(call: Call, leg: Channel, root: Channel, extension: str) -> None:
    """The employee's phone sends REFER without Replaces."""
    assert leg.bridge is not None
    call.x.say("Unhold", leg)
    target = {"IsExternal": "Yes", "Context": "from-internal-xfer", "Extension": extension}
    parties = ("Transferer", leg), ("Transferee", root)
    call.x.say("BlindTransfer", {"Result": "Success"}, *parties, leg.bridge, target)


def _leave(call: Call, leg: Channel, bridge: Bridge) -> None:
    """The one who gave the call away is gone."""
    call.x.leave(leg)
    call.x.destroy(bridge)
    call.hang_up(leg)


def blind(call: Call) -> Process:
    """The employee sends the client to another one, who answers."""
    yield from _begin(call)
    root, leg = call.legs
    situation, target = call.situation, call.situation.target
    _refer(call, leg, root, target)
    call.truth.falls_silent(call.now)
    call.truth.transfers.append({"kind": "blind", "from": situation.extension, "to": target})
    bridge = leg.bridge
    assert bridge is not None
    call.x.leave(leg)
    call.x.leave(root.at("from-internal-xfer", target))
    call.x.destroy(bridge)
    call.hang_up(leg)
    end_attempt(call, root, leg)
    second = call.dial_phone(root, target)
    yield RING_DELAY
    call.rings(second)
    yield situation.pause
    yield from talk(call, second, target, situation.talk_after)
    part(call, root, second)


def attended(call: Call) -> Process:
    """The employee asks a colleague first, then REFER with Replaces."""
    yield from _begin(call)
    root, leg = call.legs
    yield from consult(call, leg, root, call.situation.extension)
    yield call.situation.talk_after
    part(call, root, leg_of(call))


def pickup(call: Call) -> Process:
    """The first employee's phone rings, the target dials ``**`` and the extension and gets the call."""
    root = arrive_recorded(call, "direct")
    extension, target = call.situation.extension, call.situation.target
    yield from ring_phone(call, root, extension)
    leg = leg_of(call)
    yield call.situation.ring
    picker = _picker(call, root, f"**{extension}", target)
    call.x.say("Pickup", picker, ("Target", leg))
    call.soft(leg)
    call.connected(root, target, picker.label)
    call.ringing.pop(leg, None)
    call.ringing[picker] = root
    picker.show(exten="", runs_dialplan=False).at("from-internal", "")
    call.dial_end(picker, "ANSWER")
    call.x.state(root, "Up")
    end_attempt(call, root, leg)
    call.hang_up(leg.at("macro-hangupcall", "s", 4), 26)
    bridge = call.x.bridge()
    call.x.join(bridge, picker)
    call.x.join(bridge, root)
    call.ledger.begin(root, picker, call.now)
    picker.show(linkedid=root.linkedid)
    call.truth.talks(target, call.now)
    yield call.situation.talk
    if call.situation.ends == "client":
        call.release(root)
    else:
        call.release(picker, None)  # a channel that took another one's place tells no cause


def _picker(call: Call, root: Channel, code: str, extension: str) -> Channel:
    label = call.config.extension(extension).name
    picker = call.add(
        call.x.channel("PJSIP", extension, ("from-internal", code), "Ring", number=extension, label=label)
    )
    call.connected(picker.at("from-internal", code, 3), root.number, root.label)
    call.x.state(picker, "Up")
    return picker


def park(call: Call) -> Process:
    """The employee parks the client; the target fetches him."""
    yield from _begin(call)
    root, leg = call.legs
    situation, space = call.situation, "71"
    home = leg.bridge
    assert home is not None
    _refer(call, leg, root, "70")
    lot = _car_park(call)
    call.x.leave(root)
    place = {"ParkerDialString": f"PJSIP/{situation.extension}", "Parkinglot": "default", "ParkingSpace": space}
    call.x.say("ParkedCall", ("Parkee", root), place, {"ParkingTimeout": PARKING_TIME, "ParkingDuration": 0})
    root.show(parked=(space, place["ParkerDialString"], call.now))
    call.x.join(lot, root)
    call.x.say("MusicOnHoldStart", root, {"Class": "default"})
    yield ANNOUNCEMENT
    _leave(call, leg, home)
    end_attempt(call, root, leg)
    since = call.now
    yield situation.pause
    picker = _fetch(call, root, place)
    call.truth.parked += call.now - since
    call.truth.talks(situation.target, call.now)
    yield situation.talk_after
    part(call, root, picker)


def _car_park(call: Call) -> Bridge:
    """The bridge of the car park; it stays once it was made."""
    for bridge in call.x.bridges.values():
        if bridge.kind == "parking":
            return bridge
    return call.x.bridge("parking", "holding_bridge", "Parking", "default")


def _fetch(call: Call, root: Channel, place: dict[str, str]) -> Channel:
    extension, space = call.situation.target, place["ParkingSpace"]
    label = call.config.extension(extension).name
    picker = call.add(
        call.x.channel("PJSIP", extension, ("from-internal", space), "Ring", number=extension, label=label)
    )
    picker.show(ledger=(space, "from-internal", "ParkedCall", f"default,{space}"))
    call.x.state(picker, "Up")
    bridge = call.x.bridge()
    call.x.say("MusicOnHoldStop", root)
    assert root.parked is not None
    stayed = int(call.now - root.parked[2])
    times = {"ParkingTimeout": PARKING_TIME - stayed, "ParkingDuration": stayed}
    call.x.say("UnParkedCall", ("Parkee", root), ("Retriever", picker), place, times)
    root.show(parked=None)
    call.x.leave(root)
    call.x.join(bridge, root)
    picker.show(linkedid=root.linkedid)
    call.x.join(bridge, picker)
    call.connected(root, extension, label)
    call.connected(picker, root.number, root.label)
    call.ledger.begin(root, picker, call.now)
    return picker
