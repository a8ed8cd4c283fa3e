# SPDX-License-Identifier: GPL-3.0-or-later
"""Click-to-call: the PBX rings an employee because it was asked to (Originate), then dials the client."""

from __future__ import annotations

from dataclasses import dataclass, replace

from itgrix_module.sandbox.pbx.call import RING_DELAY, Call
from itgrix_module.sandbox.pbx.channel import UNKNOWN, Channel
from itgrix_module.sandbox.pbx.config import Click
from itgrix_module.sandbox.pbx.plots.consult import dial_inside
from itgrix_module.sandbox.pbx.plots.incoming import part
from itgrix_module.sandbox.pbx.plots.outgoing import TONE, through
from itgrix_module.sandbox.pbx.timeline import Process

TICK = 0.05  # seconds
NO_CHANNEL, HUNG_UP, NO_ANSWER, SUCCESS, BUSY, CONGESTION = 0, 1, 3, 4, 5, 8
_PHONE_REFUSALS = {BUSY: (17, 486, "BUSY"), HUNG_UP: (21, 603, "NOANSWER")}
# behaviour of the client → cause, SIP code, DialStatus, outcome
_REFUSALS = {
    "busy": (17, 486, "BUSY", "busy"),
    "wrong": (1, 404, "NOANSWER", "failed"),
    "no_answer": (19, 480, "NOANSWER", "no_answer"),
}


@dataclass(frozen=True)
class Order:
    """What an Originate asks for. ``timeout``: seconds for the employee to answer. ``channel``: as it was given.

    ``held``: seconds that whoever answers waits to be redirected; 0: the client is dialled at once. ``member``: who is
    rung for a queue.
    """

    channel: str
    exten: str
    context: str = "from-internal"
    number: str = ""
    label: str = ""
    timeout: float = 30.0
    action_id: str = ""
    channel_id: str = ""
    other_id: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    held: float = 0.0
    member: str = ""

    @property
    def rung(self) -> str:
        """Whose phone rings."""
        return self.member or self.extension

    @property
    def local(self) -> bool:
        return self.channel.startswith("Local/")

    @property
    def extension(self) -> str:
        """The employee to be rung: ``Local/101@from-internal/n``, ``PJSIP/101``."""
        return self.channel.partition("/")[2].partition("@")[0].partition("/")[0]


def respond(call: Call, order: Order, reason: int, channel: Channel | None = None) -> None:
    """OriginateResponse. ``channel``: the employee's, when he answered."""
    lost = reason == NO_CHANNEL
    headers = {"ActionID": order.action_id} if order.action_id else {}
    headers |= {
        "Response": "Success" if channel else "Failure",
        "Channel": channel.name if channel else order.channel,
        "Context": order.context,
        "Exten": order.exten,
        "Reason": str(reason),
        "Uniqueid": channel.uniqueid if channel else UNKNOWN,
        "CallerIDNum": UNKNOWN if lost else order.number or UNKNOWN,
        "CallerIDName": UNKNOWN if lost else order.label or UNKNOWN,
    }
    call.x.say("OriginateResponse", headers)


def play(call: Call, order: Order, click: Click) -> Process:
    """The whole call, as the two parties behave."""
    call.truth.client = order.exten
    if order.local and order.extension == call.config.queue.number:
        order = replace(order, member=call.config.queue.members[0])
    elif not call.config.has_extension(order.extension):
        call.truth.outcome = "failed"
        if order.local:
            yield 1.0
        respond(call, order, CONGESTION if order.local else NO_CHANNEL)
        return
    ring = _ring_through_local if order.local else _ring_phone
    phone, by = ring(call, order)
    call.truth.rings(order.rung)
    call.truth.outcome, call.truth.waited_from = "cancelled", None
    yield RING_DELAY
    if click.agent == "busy":
        _agent_fails(call, order, phone, by, BUSY)
        return
    call.rings(phone)
    if by.mate:
        call.dial_state(by.mate)
    if click.agent == "declined":
        yield click.agent_ring
        _agent_fails(call, order, phone, by, HUNG_UP)
        return
    if click.agent == "no_answer" or click.agent_ring > order.timeout:
        yield order.timeout
        _agent_fails(call, order, phone, by, NO_ANSWER)
        return
    yield click.agent_ring
    dialler = _agent_answers(call, order, phone, by)
    call.truth.waited_from = call.now
    call.truth.outcome = ""
    if order.held:
        yield from _held(call, order)
        if not call.redirected:
            call.release(dialler)
            return
        order = replace(order, exten=call.redirected)
        call.truth.client = order.exten
    yield from _reach_client(call, order, click, dialler, phone)


def _held(call: Call, order: Order) -> Process:
    """Whoever answered hears nothing until somebody redirects him or his time is over."""
    until = call.now + order.held
    while not call.redirected and call.now < until:
        yield TICK


def _ring_phone(call: Call, order: Order) -> tuple[Channel, Channel]:
    extension = order.extension
    person = call.config.extension(extension)
    place = ("from-internal", "s")
    phone = call.x.channel("PJSIP", extension, place, number=extension, label=person.name, uniqueid=order.channel_id)
    call.begin(phone, "outgoing")
    _prepare(call, phone, order)
    phone.show(connected_number="")
    call.caller_id(phone, order.number, order.label or person.name)
    call.connected(phone, order.number, order.label)
    call.dial(None, phone, extension, via=None)
    return phone, phone


def _ring_through_local(call: Call, order: Order) -> tuple[Channel, Channel]:
    extension, context = order.extension, "from-internal"
    second = order.other_id or (f"{order.channel_id};2" if order.channel_id else "")
    one, two = call.x.pair(extension, context, uniqueids=(order.channel_id, second))
    call.begin(one, "outgoing")
    call.add(two)
    _prepare(call, one, order)
    two.inherited |= one.inherited
    call.caller_id(one, order.number, order.label)
    call.connected(one, order.number, order.label)
    two.show(connected_number=order.number, connected_label=order.label)
    call.caller_id(two, order.number, order.label)
    call.connected(two, order.number, order.label)
    optimized = "No" if order.channel.endswith("/n") else "Yes"
    bridged = {"Context": context, "Exten": extension, "LocalOptimization": optimized}
    call.x.say("LocalBridge", ("LocalOne", one), ("LocalTwo", two), bridged)
    options = ",,HhTtrb(func-apply-sipheaders^s^1)"
    two.show(ledger=(extension, context, "Dial", f"PJSIP/{call.contact(order.rung)}{options}"))
    call.dial(None, one, order.channel.removeprefix("Local/"), via=None)
    if order.member:  # a queue answers by itself
        _originated(call, order, one)
    call.record(two, f"internal-{extension}-{order.number or 'unknown'}", ours=False)
    phone = dial_inside(call, two, order.rung)
    if not order.member:
        call.x.state(one, "Ringing")
        call.dial_state(one)
    return phone, two


def _originated(call: Call, order: Order, one: Channel) -> None:
    respond(call, order, SUCCESS, one)
    call.x.state(one, "Up")
    call.dial_end(one, "ANSWER")
    one.show(runs_dialplan=True, ledger=("", "", "Wait", f"{order.held:g}"))


def _prepare(call: Call, channel: Channel, order: Order) -> None:
    for name, value in order.variables:
        call.x.set_variable(channel, name, value)


def _agent_fails(call: Call, order: Order, phone: Channel, by: Channel, reason: int) -> None:
    """The employee refuses or lets it ring: nobody dials the client."""
    if by.mate:
        _local_fails(call, order, phone, by, reason)
    elif reason in _PHONE_REFUSALS:
        cause, tech, status = _PHONE_REFUSALS[reason]
        call.refuse(phone, cause, tech, status)
        respond(call, order, reason)
        call.hang_up(phone, cause, tech)
    else:
        respond(call, order, reason)
        call.hang_up(phone, 19, 480)


def _local_fails(call: Call, order: Order, phone: Channel, two: Channel, reason: int) -> None:
    one = two.mate
    assert one is not None
    cause, tech, status = _PHONE_REFUSALS.get(reason, (0, 0, ""))
    if status:
        call.refuse(phone, cause, tech, status)
        call.dial_end(one, status)
        call.x.state(two.at("from-internal", f"s-{status}", 1), "Busy")
    call.request(two, 0)
    call.hang_up(one, 0)
    call.caller_id(one, phone.number, phone.label)  # Asterisk says it of the dead channel
    if not status:
        call.dial_end(phone, "CANCEL")
    call.soft(two)
    if not order.member:
        respond(call, order, reason)
    call.hang_up(two, cause)
    call.hang_up(phone, *((cause, tech) if status else (16, 0)))


def _agent_answers(call: Call, order: Order, phone: Channel, by: Channel) -> Channel:
    """Returns the channel that goes on to dial the client."""
    one = by.mate
    if one is None:
        call.x.state(phone, "Up")
        call.dial_end(phone, "ANSWER")
        respond(call, order, SUCCESS, phone)
        phone.show(runs_dialplan=True, ledger=(order.exten, order.context, "Dial", ""))
        return phone
    call.pick_up(phone)
    if order.member:
        return one
    respond(call, order, SUCCESS, one)
    one.show(number=phone.number, label=phone.label)
    call.x.state(one, "Up")
    call.caller_id(one, phone.number, phone.label)
    call.dial_end(one, "ANSWER")
    one.show(runs_dialplan=True, ledger=(order.exten, order.context, "Dial", ""))
    return one


def _reach_client(call: Call, order: Order, click: Click, dialler: Channel, phone: Channel) -> Process:
    dialler.variables["CDR(cnum)"] = order.extension
    call.record(dialler, f"out-{order.exten}-{order.extension}")
    leg = through(call, dialler, order.exten, call.config.trunks[0])
    if dialler.mate:
        call.connected(phone, order.exten, leg.label)
    yield RING_DELAY
    if click.client not in ("busy", "wrong"):
        call.rings(leg)
        yield click.client_ring
    if click.client != "answer":
        cause, tech, status, call.truth.outcome = _REFUSALS[click.client]
        call.refuse(leg, cause, tech, status)
        call.hang_up(leg, cause, tech)
        yield TONE
        _hear_tone_out(call, dialler)
        return
    call.pick_up(leg)
    call.truth.talks(order.rung, call.now)
    yield click.talk
    if dialler.mate:
        call.caller_id(dialler.mate, order.number, leg.label)
    part(call, leg, phone if click.ends == "agent" else leg)


def _hear_tone_out(call: Call, dialler: Channel) -> None:
    """The employee has heard that the client cannot be reached, the PBX hangs up."""
    call.soft(dialler.at("macro-dialout-trunk", "s-NOANSWER", 2))
    two = dialler.mate
    call.hang_up(dialler, 19)
    if two and two.live:
        call.request(two, 19)
        call.dissolve(two, 19)
