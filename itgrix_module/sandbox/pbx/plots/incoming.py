# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls from outside to one phone, to a menu and to voicemail."""

from __future__ import annotations

from itgrix_module.sandbox.pbx.call import RING_DELAY, Call
from itgrix_module.sandbox.pbx.channel import Channel
from itgrix_module.sandbox.pbx.timeline import Process


def arrive(call: Call, destination: str) -> Channel:
    """The client's channel from the provider. ``destination``: key of ``PbxConfig.dids``."""
    situation, config = call.situation, call.config
    did = situation.did or config.dids[destination]
    trunk = config.trunk(situation.trunk)
    root = call.x.channel(
        "PJSIP", trunk.name, ("from-pstn", did), "Ring", number=situation.client, label=situation.name
    )
    root.show(dnid=did)
    call.begin(root, "incoming")
    call.truth.client, call.truth.did, call.truth.trunk = situation.client, did, trunk.name
    return root


def name_caller(call: Call, root: Channel, priority: int) -> None:
    """FreePBX remembers the DID and shows the number as the name of a caller without one."""
    call.x.set_variable(root, "__FROM_DID", root.dnid)
    root.at("from-pstn", root.dnid, priority)
    call.caller_id(root, root.number, root.label or root.number)


def arrive_recorded(call: Call, destination: str) -> Channel:
    """A DID whose recording starts before anything else."""
    root = arrive(call, destination)
    call.record(root, f"in-{root.dnid}-{root.number or 'unknown'}")
    name_caller(call, root, 6)
    return root


def ring_phone(call: Call, root: Channel, extension: str) -> Process:
    """The phone of one employee rings; its leg is the newest of the call."""
    root.show(ledger=(extension, "from-did-direct", "Dial", ""))
    leg = call.dial_phone(root, extension)
    yield RING_DELAY
    call.rings(leg)


def leg_of(call: Call) -> Channel:
    """The leg that was dialled last."""
    return call.legs[-1]


def talk(call: Call, leg: Channel, party: str, seconds: float) -> Process:
    """The phone is answered, they talk; nobody hangs up yet."""
    call.pick_up(leg)
    call.truth.talks(party, call.now)
    yield seconds


def part(call: Call, client: Channel, employee: Channel) -> None:
    """One of them hangs up, as the situation says."""
    call.release(client if call.situation.ends == "client" else employee)


def give_up(call: Call, root: Channel) -> None:
    """The caller hangs up while phones ring."""
    call.request(root, 127, 487)
    legs = tuple(call.ringing)
    for leg in legs:
        call.dial_end(leg, "CANCEL")
    call.soft(root, 16, 487)
    for leg in legs:
        call.hang_up(leg, 127, 500)
    call.hang_up(root, 127, 487)


def answered(call: Call) -> Process:
    """One phone rings and answers."""
    root = arrive_recorded(call, "direct")
    extension = call.situation.extension
    yield from ring_phone(call, root, extension)
    leg = leg_of(call)
    yield call.situation.ring
    yield from talk(call, leg, extension, call.situation.talk)
    part(call, root, leg)


def missed(call: Call) -> Process:
    """The caller gives up."""
    root = arrive_recorded(call, "direct")
    yield from ring_phone(call, root, call.situation.extension)
    yield call.situation.ring
    give_up(call, root)


def busy(call: Call) -> Process:
    """The phone refuses with 486; the caller hears the busy tone's end at once."""
    root = arrive_recorded(call, "direct")
    extension = call.situation.extension
    root.show(ledger=(extension, "from-did-direct", "Dial", ""))
    leg = call.dial_phone(root, extension)
    call.refuse(leg, 17, 486, "BUSY")
    call.x.state(root.at("macro-exten-vm", "s-BUSY", 2), "Busy")
    call.hang_up(leg, 17, 486)
    call.request(root, 17, 486)
    call.soft(root, 16, 486)
    call.hang_up(root.at("macro-hangupcall", "s", 4), 17, 486)
    yield 0.0


def hold(call: Call) -> Process:
    """The employee puts the client on hold for a while."""
    root = arrive_recorded(call, "direct")
    extension = call.situation.extension
    yield from ring_phone(call, root, extension)
    leg = leg_of(call)
    yield call.situation.ring
    yield from talk(call, leg, extension, call.situation.talk)
    put_on_hold(call, leg, root)
    yield call.situation.pause
    call.x.say("Unhold", leg)
    call.x.say("MusicOnHoldStop", root)
    yield call.situation.talk_after
    part(call, root, leg)


def put_on_hold(call: Call, leg: Channel, other: Channel) -> None:
    """``leg`` pressed hold, ``other`` hears the music."""
    call.x.say("Hold", leg, {"MusicClass": "default"})
    call.x.say("MusicOnHoldStart", other, {"Class": "default"})


def enter_menu(call: Call) -> Channel:
    """The menu answers the call."""
    root = arrive_recorded(call, "menu")
    root.at("ivr-1", "s", 8).show(ledger=("s", "ivr-1", "BackGround", "custom/welcome"))
    root.show(application="BackGround", application_data="custom/welcome")
    call.x.state(root, "Up")
    return root


def menu(call: Call) -> Process:
    """The client listens to the menu, presses a key, a phone rings and answers."""
    root = enter_menu(call)
    yield call.situation.pause
    extension = call.situation.extension
    yield from ring_phone(call, root, extension)
    leg = leg_of(call)
    yield call.situation.ring
    yield from talk(call, leg, extension, call.situation.talk)
    part(call, root, leg)


def menu_left(call: Call) -> Process:
    """The client hangs up in the menu: no phone rang."""
    root = enter_menu(call)
    yield call.situation.pause
    call.request(root, None)
    call.soft(root)
    call.hang_up(root.at("macro-hangupcall", "s", 4))


def voicemail(call: Call) -> Process:
    """Nobody answers, the voicemail does."""
    root = arrive_recorded(call, "voicemail")
    yield from ring_phone(call, root, call.situation.extension)
    leg = leg_of(call)
    yield call.situation.ring
    call.dial_end(leg, "NOANSWER")
    call.hang_up(leg, 0)
    mailbox = f"{call.situation.extension}@default,u"
    root.at("macro-vm", "s-NOANSWER", 2).show(application="VoiceMail", application_data=mailbox)
    root.show(ledger=(*root.ledger[:2], "VoiceMail", mailbox))
    call.x.state(root, "Up")
    call.ledger.begin(root, None, call.now)
    yield call.situation.talk
    call.request(root, None)
    call.soft(root)
    call.hang_up(root, 0)
