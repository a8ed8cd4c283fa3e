# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls between employees, by themselves or to hand a client over."""

from __future__ import annotations

from itgrix_module.sandbox.pbx.call import RING_DELAY, Call
from itgrix_module.sandbox.pbx.channel import Bridge, Channel
from itgrix_module.sandbox.pbx.plots.incoming import put_on_hold
from itgrix_module.sandbox.pbx.timeline import Process

SECOND_LINE = 0.5  # seconds from hold to dialling the colleague
COLLEAGUE = 1.5  # seconds until the colleague answers


def inside(call: Call, caller: str, callee: str, ours: bool = False) -> tuple[Channel, Channel]:
    """An employee dials another one: both channels, the second about to ring. ``ours``: as in Call.record."""
    config = call.config
    label, name = config.extension(caller).name, config.extension(callee).name
    root = call.add(call.x.channel("PJSIP", caller, ("from-internal", callee), "Ring", number=caller, label=label))
    options = ",,HhTtrb(func-apply-sipheaders^s^1)"
    root.show(ledger=(callee, "from-internal", "Dial", f"PJSIP/{call.contact(callee)}{options}"))
    call.record(root, f"internal-{callee}-{caller}", ours)
    call.connected(root.at("macro-dial-one", "s", 47), "", f"{name} (Available)")
    call.connected(root.at("macro-dial-one", "s", 48), callee, f"{name} (Available)")
    return root, dial_inside(call, root, callee)


def dial_inside(call: Call, by: Channel, callee: str) -> Channel:
    """``by`` dials a phone of the company and sees its name."""
    leg = call.phone(by, callee)
    call.dial(by, leg, call.contact(callee), ("dialOne-with-exten", callee, 1))
    call.connected(by, callee, leg.label)
    return leg


def consult(call: Call, leg: Channel, client: Channel, extension: str) -> Process:
    """``leg`` holds the ``client``, calls the target on a second line, talks and completes the transfer."""
    target, first = call.situation.target, leg.bridge
    put_on_hold(call, leg, client)
    yield SECOND_LINE
    call.truth.rings(target)
    second, to = inside(call, extension, target)
    yield RING_DELAY
    call.rings(to)
    yield COLLEAGUE
    bridge = call.pick_up(to)
    yield call.situation.pause
    assert first is not None
    call.x.say("Unhold", leg)
    call.x.say("Unhold", second)
    call.x.say("MusicOnHoldStop", client)
    call.truth.transfers.append({"kind": "attended", "from": extension, "to": target})
    _swap(call, leg, second, client, to, (first, bridge))
    call.truth.talks(target, call.now)


def _swap(
    call: Call, leg: Channel, second: Channel, client: Channel, to: Channel, bridges: tuple[Bridge, Bridge]
) -> None:
    """The client takes the place of the transferer's second line."""
    first, bridge = bridges
    call.x.leave(client)
    call.x.leave(second)
    call.x.join(bridge, client, swap=second)
    call.soft(second, 1)
    origin = ("OrigTransferer", leg), first.headers("Orig", 2)
    other = ("SecondTransferer", second), bridge.headers("Second", 2)
    ends = {"IsExternal": "No", "DestType": "Bridge", "DestBridgeUniqueid": bridge.id}
    parties = ("Transferee", client), ("TransferTarget", to)
    call.x.say("AttendedTransfer", {"Result": "Success"}, *origin, *other, *parties, ends)
    to.show(linkedid=client.linkedid)
    call.connected(to, client.number, client.label)
    call.x.leave(leg)
    call.connected(client, to.number, to.label)
    call.soft(second)
    if leg.runs_dialplan:
        call.soft(leg)
    end_attempt(call, client, leg)
    end_attempt(call, leg, client)
    call.x.destroy(first)
    call.hang_up(leg)
    call.hang_up(second)
    call.ledger.begin(client, to, call.now)


def end_attempt(call: Call, root: Channel, leg: Channel) -> None:
    """The conversation that began with this dial is over, the dialler goes on."""
    attempt = call.ledger.find(root, leg)
    if attempt:
        attempt.end(call.now, "ANSWER")
