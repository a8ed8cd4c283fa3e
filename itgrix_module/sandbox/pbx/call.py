# SPDX-License-Identifier: GPL-3.0-or-later
"""A call being played: the steps that every situation is made of, each with the events that Asterisk sends for it."""

from __future__ import annotations

import time
from collections import deque

from itgrix_module.sandbox.pbx.cdr import Ledger
from itgrix_module.sandbox.pbx.channel import Bridge, Channel, Place
from itgrix_module.sandbox.pbx.exchange import Exchange
from itgrix_module.sandbox.pbx.situation import Situation, Truth

RING_DELAY = 0.15  # seconds a phone needs to say that it rings
VOICEMAIL_AFTER = 15  # seconds; a phone without voicemail rings without limit
SIP_HEADERS: Place = ("func-apply-sipheaders", "s", 12)
PRESENTATION = {"CID-CallingPres": "0 (Presentation Allowed, Not Screened)"}


class Call:
    """``root``: the channel it began with; ``legs``: its live channels; ``ringing``: who is dialled, by whom.

    ``redirected``: where somebody outside has sent who waits.
    """

    def __init__(self, exchange: Exchange, situation: Situation, rows: deque[dict[str, str]]) -> None:
        self.x = exchange
        self.config = exchange.config
        self.situation = situation
        self.truth = Truth(situation.kind)
        self.ledger = Ledger(exchange.say, rows, self.config.cdr_events)
        self.root: Channel | None = None
        self.legs: list[Channel] = []
        self.ringing: dict[Channel, Channel | None] = {}
        self.redirected = ""

    @property
    def now(self) -> float:
        return self.x.now

    def begin(self, root: Channel, direction: str) -> Channel:
        """The channel that the call starts with."""
        self.root = self.add(root)
        self.truth.linkedid, self.truth.direction, self.truth.started = root.linkedid, direction, self.now
        self.truth.waited_from = self.now
        return root

    def add(self, channel: Channel) -> Channel:
        """The channel belongs to this call from now on."""
        if channel not in self.legs:
            self.legs.append(channel)
        return channel

    # -- who is who

    def caller_id(self, channel: Channel, number: str, label: str = "") -> None:
        channel.show(number=number, label=label)
        self.x.say("NewCallerid", channel, PRESENTATION)

    def connected(self, channel: Channel, number: str, label: str = "") -> None:
        """What the channel's phone shows as the other party."""
        channel.show(connected_number=number, connected_label=label)
        self.x.say("NewConnectedLine", channel)

    def phone(self, by: Channel, extension: str, exten: str = "") -> Channel:
        """A phone's leg that ``by`` is about to dial."""
        person = self.config.extension(extension)
        leg = self.x.channel("PJSIP", extension, ("from-internal", "s"), number=extension, label=person.name, parent=by)
        leg.at("from-internal", exten or extension)
        self.connected(leg, by.number, by.label)
        return self.add(leg)

    def contact(self, extension: str) -> str:
        """Dial string of a phone."""
        return f"{extension}/{self.config.contact.format(extension)}"

    # -- recording

    def record(self, channel: Channel, prefix: str, ours: bool = True) -> None:
        """Start MixMonitor. ``ours``: the file holds the client's conversation."""
        if not self.situation.recorded:
            return
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(self.now))
        name = f"{prefix}-{stamp}-{channel.uniqueid}"
        home = channel.place
        channel.at("sub-record-check", "recordcheck", 21)
        self.x.set_variable(channel, "__CALLFILENAME", name)
        path = self.x.recorder.start(channel.uniqueid, f"{name}.wav", self.now, channel.bridge is not None)
        self.x.set_variable(channel, "MIXMONITOR_FILENAME", path)
        self.x.say("MixMonitorStart", channel)
        channel.at(*home)
        if ours:
            self.truth.recordings.append(path)

    # -- dialling

    def dial(
        self,
        by: Channel | None,
        to: Channel,
        dial_string: str,
        place: Place | None = None,
        via: Place | None = SIP_HEADERS,
    ) -> None:
        """DialBegin. ``place``: where in the dialplan ``by`` is; ``via``: where ``to`` is shown at that moment."""
        if by and place:
            by.at(*place)
        home = to.place
        if via:
            to.at(*via)
        self.x.say("DialBegin", *_dialled(by, to), {"DialString": dial_string})
        to.at(*home)
        self.ringing[to] = by
        if by:
            by.show(application="Dial", application_data=by.ledger[3])
            to.show(application="AppDial", application_data="(Outgoing Line)")
            self.ledger.begin(by, to, self.now)

    def rings(self, to: Channel) -> None:
        """The dialled side says that it rings."""
        self.x.state(to, "Ringing")
        self.dial_state(to)

    def dial_state(self, to: Channel) -> None:
        self.x.say("DialState", *_dialled(self.ringing.get(to), to), {"DialStatus": "RINGING"})

    def dial_end(self, to: Channel, status: str, by: Channel | None = None) -> None:
        """The ringing is over. A second end of the same dial is said as well, as queues do."""
        dialler = self.ringing.pop(to, by)
        self.x.say("DialEnd", *_dialled(dialler, to), {"DialStatus": status})
        attempt = self.ledger.find(dialler, to)
        if attempt and status != "ANSWER":
            attempt.end(self.now, status)

    def answer(self, to: Channel) -> None:
        """The dialled side picks up; what it was dialled with is gone from its extension."""
        self.x.state(to, "Up")
        to.show(exten="")

    def connect(self, by: Channel, to: Channel) -> Bridge:
        """Both sides of an answered dial meet."""
        self.x.state(by, "Up")
        bridge = self.x.bridge()
        self.x.join(bridge, to)
        self.x.join(bridge, by)
        return bridge

    def pick_up(self, to: Channel) -> Bridge:
        """A phone that rings alone answers and is connected with whoever dialled it."""
        by = self.ringing[to]
        assert by is not None
        self.answer(to)
        self.dial_end(to, "ANSWER")
        return self.connect(by, to)

    def answer_first(self, to: Channel, extension: str) -> Bridge:
        """One of several phones answers, the others fall silent."""
        by = self.ringing[to]
        assert by is not None
        self.x.state(to, "Up")
        self.connected(by, extension, to.label)
        losers = [leg for leg, dialler in self.ringing.items() if dialler is by and leg is not to]
        for leg in losers:
            self.dial_end(leg, "CANCEL")
        for leg in losers:
            self.hang_up(leg, 19, 480)
        to.show(exten="")
        self.dial_end(to, "ANSWER")
        return self.connect(by, to)

    def dial_phone(self, by: Channel, extension: str) -> Channel:
        """One phone is dialled and about to ring."""
        self.truth.rings(extension)
        leg = self.phone(by, extension)
        limit = VOICEMAIL_AFTER if self.config.extension(extension).voicemail else ""
        options = f",{limit},HhtrIb(func-apply-sipheaders^s^1)"
        by.show(ledger=(by.ledger[0], by.ledger[1], "Dial", f"PJSIP/{self.contact(extension)}{options}"))
        self.dial(by, leg, self.contact(extension), ("dialOne-with-exten", extension, 1))
        return leg

    def refuse(self, leg: Channel, cause: int, tech: int, status: str) -> None:
        """The dialled side refuses with a SIP code; whoever dialled lives on."""
        home = leg.place
        if leg.state == "Down":
            leg.at(*SIP_HEADERS)  # it has not gone further yet
        self.request(leg, cause, tech)
        leg.at(*home)
        self.dial_end(leg, status)

    # -- the end

    def request(self, channel: Channel, cause: int | None = 16, tech: int = 0) -> None:
        """A party hung up. ``cause`` None: a channel without a bridge partner tells none."""
        extra = ({} if cause is None else {"Cause": cause}) | ({"TechCause": tech} if tech else {})
        self.x.say("HangupRequest", channel, extra)

    def soft(self, channel: Channel, cause: int = 16, tech: int = 0) -> None:
        self.x.say("SoftHangupRequest", channel, {"Cause": cause} | ({"TechCause": tech} if tech else {}))

    def hang_up(self, channel: Channel, cause: int = 16, tech: int = 0) -> None:
        """The channel is gone, its detail records are written."""
        self.ringing.pop(channel, None)
        self.x.hang_up(channel, cause, tech)
        self.ledger.close(channel, self.now)
        if channel in self.legs:
            self.legs.remove(channel)

    def release(self, first: Channel, cause: int | None = 16) -> None:
        """A talking party hangs up; everybody connected with it goes as well, through Local pairs."""
        self.truth.falls_silent(self.now)
        self.request(first, cause)
        self.dissolve(first)

    def dissolve(self, first: Channel, cause: int = 16) -> None:
        """The bridge of a channel ends, all in it hang up, and what hangs on their Local pairs. ``cause``: its own."""
        bridge = first.bridge
        gone = [first, *(other for other in (bridge.members if bridge else ()) if other is not first)]
        for channel in gone:
            self.x.leave(channel)
            if channel.runs_dialplan:
                self.soft(channel)
        if bridge:
            self.x.destroy(bridge)
        for channel in reversed(gone):
            self.hang_up(channel, cause if channel is first else 16)
        for mate in (channel.mate for channel in gone):
            if mate and mate.live:
                self.request(mate)
                self.dissolve(mate)

    def collapse(self, first: Channel | None, soft: int) -> None:
        """Everything ends at once because the PBX says so. ``first``: the channel it was asked to hang up."""
        for channel in [first] if first else list(self.legs):
            self.soft(channel, soft)
        for to in tuple(self.ringing):
            self.dial_end(to, "CANCEL")
        for channel in tuple(self.legs):
            bridge = channel.bridge
            self.x.leave(channel)
            if bridge and not bridge.members and bridge.kind == "basic":
                self.x.destroy(bridge)
        for channel in reversed(tuple(self.legs)):
            self.hang_up(channel)


def _dialled(by: Channel | None, to: Channel) -> tuple[Channel | tuple[str, Channel], ...]:
    return (by, ("Dest", to)) if by else (("Dest", to),)
