# SPDX-License-Identifier: GPL-3.0-or-later
"""Follow Me of FreePBX: the phone rings, then the employee's mobile as well, through a chain of Local pairs."""

from __future__ import annotations

from itgrix_module.sandbox.pbx.call import PRESENTATION, RING_DELAY, SIP_HEADERS, Call
from itgrix_module.sandbox.pbx.channel import Channel
from itgrix_module.sandbox.pbx.config import Extension
from itgrix_module.sandbox.pbx.plots.incoming import arrive_recorded, part
from itgrix_module.sandbox.pbx.timeline import Process

PRE_RING = 7.0  # seconds of ringing before the mobile is dialled
Pair = tuple[Channel, Channel]


class FollowMe:
    """``own``: the pair to the phone; ``outer``: the pair that waits, ``inner``: the pair that dials the mobile."""

    def __init__(self, call: Call) -> None:
        self.call, self.x = call, call.x
        self.person: Extension = call.config.extension(call.situation.extension)
        self.shown = f"{self.person.name}(Available)"
        self.root = arrive_recorded(call, "follow_me")

    def begin(self) -> Process:
        """The phone is dialled and rings; the mobile's pair is made and waits."""
        call, root, number = self.call, self.root, self.person.number
        strings = f"Local/FMPR-{number}@from-internal&Local/FMGL-{self.person.mobile}#@from-internal"
        data = f"{strings},27,HhtrIU(macro-auto-confirm)"
        root.show(ledger=(number, "followme-check", "Dial", data[:79]))
        call.connected(root.at("followme-sub", number, 4), number)
        call.connected(root.at("followme-sub", number, 6), number, self.shown)
        self.own = self._pair(f"FMPR-{number}", root)
        self.outer = self._pair(f"FMGL-{self.person.mobile}#", root)
        for pair in (self.own, self.outer):
            self._join_pair(pair, root)
            place = ("dial-with-exten", number, 1)
            call.dial(root, pair[0], self._string(pair), place)
        self._dial_phone()
        yield RING_DELAY
        call.rings(self.phone)
        call.dial_state(self.own[0])

    def _pair(self, exten: str, by: Channel) -> Pair:
        call = self.call
        one, two = (call.add(half) for half in self.x.pair(exten, "from-internal", by))
        two.show(has_cdr=not exten.startswith("FM"))
        one.at("from-internal", self.person.number)
        one.show(connected_number=self.root.number, connected_label=self.root.label)
        call.caller_id(one, self.person.number, self.shown)
        call.connected(one, self.root.number, self.root.label)
        return one, two

    def _join_pair(self, pair: Pair, by: Channel) -> None:
        call, (one, two) = self.call, pair
        two.show(connected_number=self.person.number, connected_label=self.shown)
        call.caller_id(two, by.number, by.label)
        call.connected(two, self.person.number, self.shown)
        optimized = "Yes" if two.exten.startswith("FM") else "No"
        home = one.place
        halves = ("LocalOne", one.at(*SIP_HEADERS)), ("LocalTwo", two)
        more = {"Context": "from-internal", "Exten": two.exten, "LocalOptimization": optimized}
        self.x.say("LocalBridge", *halves, more)
        one.at(*home)

    def _string(self, pair: Pair) -> str:
        exten = pair[1].exten
        return f"{exten}@from-internal" + ("" if exten.startswith("FM") else "/n")

    def _dial_phone(self) -> None:
        call, number = self.call, self.person.number
        one, two = self.own
        call.truth.rings(number)
        two.show(ledger=(number, "from-internal", "Dial", f"PJSIP/{call.contact(number)}"))
        self.phone = call.phone(two, number)
        call.dial(two, self.phone, call.contact(number), ("dialOne-with-exten", number, 1))
        self.x.state(one, "Ringing")
        call.dial_state(one)

    def try_mobile(self) -> Process:
        """The mobile is dialled through the trunk and rings."""
        call, mobile, waiting = self.call, self.person.mobile, self.outer
        call.truth.rings(mobile)
        waiting[1].at("dial-with-exten", self.person.number)
        self.inner = self._pair(mobile, waiting[1])
        self._join_pair(self.inner, waiting[1])
        call.dial(waiting[1], self.inner[0], self._string(self.inner), None)
        self.x.state(waiting[0], "Ringing")
        call.dial_state(waiting[0])
        self._dial_trunk(self.inner[1], mobile)
        yield RING_DELAY
        call.rings(self.mobile_leg)
        inner = self.inner[0].show(number=mobile)
        self.x.state(inner, "Ringing")
        self.x.say("NewCallerid", inner, PRESENTATION)
        call.dial_state(inner)
        call.dial_state(waiting[0].show(number=mobile))

    def _dial_trunk(self, by: Channel, mobile: str) -> None:
        call, client = self.call, self.root
        trunk = call.config.trunk(call.situation.trunk)
        by.show(
            ledger=(
                mobile,
                "from-internal",
                "Dial",
                f"PJSIP/{mobile}@{trunk.name},300,b(func-apply-sipheaders^s^1,(2))",
            )
        )
        call.record(by, f"out-{mobile}-{client.number or 'unknown'}", ours=False)
        call.caller_id(by.at("macro-outbound-callerid", "s", 30), trunk.caller_id)
        call.caller_id(by.at("macro-outbound-callerid", "s", 31), client.number, client.label)
        leg = self.mobile_leg = call.add(self.x.channel("PJSIP", trunk.name, ("from-pstn", "s"), parent=by))
        leg.at("from-pstn", mobile).show(connected_number=client.number, connected_label=client.label)
        call.caller_id(leg, mobile, self.shown)
        call.connected(leg, client.number, client.label)
        call.dial(by, leg, f"{mobile}@{trunk.name}", ("trunk-dial-with-exten", mobile, 1))
        call.connected(by, mobile, self.shown)
        call.connected(self.outer[1], mobile, self.shown)

    def mobile_answers(self) -> None:
        """The mobile picks up: the chain connects, the phone falls silent, the outer pair optimizes away."""
        call, x, (outer, waiting), one = self.call, self.x, self.outer, self.inner[0]
        call.pick_up(self.mobile_leg)
        call.answer(one)
        call.dial_end(one, "ANSWER")
        middle = call.connect(waiting, one)
        call.answer(outer)
        self._drop_phone()
        call.dial_end(outer, "ANSWER")
        last = call.connect(self.root, outer)
        ends = ("LocalOne", outer), ("LocalTwo", waiting)
        x.say("LocalOptimizationBegin", *ends, ("Source", self.root), {"DestUniqueId": one.uniqueid, "Id": 0})
        x.leave(self.root)
        x.leave(waiting)
        x.join(middle, self.root, swap=waiting)
        x.say("LocalOptimizationEnd", *ends, {"Success": "No", "Id": 0})
        x.leave(outer)
        x.destroy(last)
        call.hang_up(outer)
        call.request(waiting)
        call.soft(waiting)
        call.hang_up(waiting)

    def _drop_phone(self) -> None:
        call, (one, two) = self.call, self.own
        call.dial_end(one, "CANCEL")
        call.request(two, 26)
        call.hang_up(one, 26)
        call.dial_end(self.phone, "CANCEL")
        call.soft(two)
        call.hang_up(two, 26)
        call.hang_up(self.phone, 26)

    def caller_gives_up(self) -> None:
        """Everything that rings goes."""
        call, root = self.call, self.root
        call.request(root, 127, 487)
        for pair in (self.own, self.outer, self.inner):
            call.dial_end(pair[0], "CANCEL")
            call.request(pair[1], 127)
            call.hang_up(pair[0], 127)
        self.x.say("NewCallerid", self.outer[0], PRESENTATION)  # Asterisk says it of the dead channel
        call.soft(root, 16, 487)
        for pair, leg in ((self.own, self.phone), (self.inner, self.mobile_leg)):
            call.dial_end(leg, "CANCEL")
            call.soft(pair[1])
            call.hang_up(leg, 127, 500)
            call.hang_up(pair[1], 127)
        call.soft(self.outer[1])
        call.hang_up(self.outer[1], 127)
        call.hang_up(root, 127, 487)


def answered(call: Call) -> Process:
    """The employee answers on his mobile."""
    plan = FollowMe(call)
    yield from plan.begin()
    yield PRE_RING - RING_DELAY
    yield from plan.try_mobile()
    yield call.situation.ring
    plan.mobile_answers()
    call.truth.talks(plan.person.mobile, call.now)
    yield call.situation.talk
    part(call, plan.root, plan.mobile_leg)


def missed(call: Call) -> Process:
    """Neither phone nor mobile answers, the caller gives up."""
    plan = FollowMe(call)
    yield from plan.begin()
    yield PRE_RING - RING_DELAY
    yield from plan.try_mobile()
    yield call.situation.ring
    plan.caller_gives_up()
