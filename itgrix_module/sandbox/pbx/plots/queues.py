# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls from outside to a queue whose members are Local channels, as FreePBX makes them."""

from __future__ import annotations

from dataclasses import dataclass

from itgrix_module.sandbox.pbx.call import RING_DELAY, Call
from itgrix_module.sandbox.pbx.channel import Channel
from itgrix_module.sandbox.pbx.plots.incoming import arrive, name_caller, part
from itgrix_module.sandbox.pbx.timeline import Process


@dataclass(eq=False)
class Agent:
    """A member being rung: both halves of his Local pair and his phone."""

    extension: str
    one: Channel
    two: Channel
    phone: Channel

    @property
    def headers(self) -> dict[str, object]:
        return {"Interface": f"Local/{self.extension}@from-queue/n"}


class Waiting:
    """A caller in the queue."""

    def __init__(self, call: Call) -> None:
        self.call, self.x = call, call.x
        self.queue = call.config.queue
        self.members = call.situation.members or self.queue.members
        self.root = arrive(call, "queue")
        self.agents: list[Agent] = []
        self.joined = 0.0
        self.asked = 0.0

    def enter(self) -> None:
        """The queue answers the call and plays music."""
        call, root, number = self.call, self.root, self.queue.number
        name_caller(call, root, 5)
        self.x.state(root.at("ext-queues", number, 2), "Up")
        call.record(root, f"q-{number}-{root.number or 'unknown'}")
        call.truth.queue = number
        root.at("ext-queues", number, 51).show(ledger=(number, "ext-queues", "Queue", f"{number},t,,,,,,,,"))
        root.show(application="Queue", application_data=f"{number},t,,,,,,,,")
        self.joined = call.now
        root.show(queue=number, last_place=("macro-hangupcall", "s", 4))
        self.x.say("QueueCallerJoin", root, {"Queue": number, "Position": 1, "Count": 1})
        self.x.say("MusicOnHoldStart", root, {"Class": "default"})

    def ask(self) -> Process:
        """All members' phones are dialled and ring."""
        self.asked = self.call.now
        pairs = [(member, *self._pair(member)) for member in self.members]
        self.agents = [self._dial_phone(member, one, two) for member, one, two in pairs]
        yield RING_DELAY
        for agent in self.agents:
            self.call.rings(agent.phone)
            self.call.dial_state(agent.one)

    def _pair(self, member: str) -> tuple[Channel, Channel]:
        call, root, number = self.call, self.root, self.queue.number
        call.truth.rings(member)
        one, two = (call.add(half) for half in self.x.pair(member, "from-queue", root))
        call.caller_id(one, root.dnid)
        two.show(connected_number=root.dnid, ledger=(member, "from-internal", "Dial", self._dial_data(member)))
        call.caller_id(two, root.number, root.label)
        call.connected(two, root.dnid)
        bridged = {"Context": "from-queue", "Exten": member, "LocalOptimization": "No"}
        self.x.say("LocalBridge", ("LocalOne", one), ("LocalTwo", two), bridged)
        one.show(connected_number=root.number, connected_label=root.label).at("from-queue", number)
        self._say_agent("AgentCalled", Agent(member, one, two, one))
        one.show(connected_number="", connected_label="").at("from-queue", member)
        call.dial(root, one, f"Local/{member}@from-queue/n", via=None)
        one.show(connected_number=root.number, connected_label=root.label).at("from-queue", number)
        return one, two

    def _dial_data(self, member: str) -> str:
        return f"PJSIP/{self.call.contact(member)},,HhtrU(macro-auto-blkvm)Ib(func-apply-sipheaders^s^1)"[:79]

    def _dial_phone(self, member: str, one: Channel, two: Channel) -> Agent:
        call = self.call
        phone = call.phone(two, member)
        call.dial(two, phone, call.contact(member), ("dialOne-with-exten", member, 1))
        self.x.state(one, "Ringing")
        call.connected(one, self.root.number, self.root.label)
        call.dial_state(one)
        return Agent(member, one, two, phone)

    def _say_agent(self, event: str, agent: Agent, **more: object) -> None:
        name = self.call.config.extension(agent.extension).name
        member = {"Queue": self.queue.number, **agent.headers, "MemberName": name, **more}
        self.x.say(event, self.root, ("Dest", agent.one), member)

    def pass_round(self) -> None:
        """The round is over, nobody answered."""
        for agent in self.agents:
            self._say_agent("AgentRingNoAnswer", agent, RingTime=int((self.call.now - self.asked) * 1000))
        for agent in self.agents:
            self.call.dial_end(agent.one, "NOANSWER")
        self._dismiss(self.agents, 0)

    def _dismiss(self, agents: list[Agent], cause: int) -> None:
        call = self.call
        for agent in agents:
            call.dial_end(agent.one, "CANCEL", self.root)
            call.request(agent.two, cause)
            call.hang_up(agent.one, cause)
            call.dial_end(agent.phone, "CANCEL")
            call.soft(agent.two)
            call.hang_up(agent.two, cause)
            call.hang_up(agent.phone, cause or 16)

    def answer(self, extension: str) -> Agent:
        """One member answers: two bridges joined by his Local pair."""
        call, root = self.call, self.root
        agent = next(item for item in self.agents if item.extension == extension)
        others = [item for item in self.agents if item is not agent]
        call.answer(agent.phone)
        call.dial_end(agent.phone, "ANSWER")
        self.x.state(agent.two, "Up")
        inner = self.x.bridge()
        self.x.state(agent.one, "Up")
        call.dial_end(agent.one, "ANSWER")
        for other in others:
            call.dial_end(other.one, "CANCEL")
        self._dismiss(others, 26)
        self.x.say("MusicOnHoldStop", root)
        self.x.join(inner, agent.phone)
        self.x.join(inner, agent.two)
        self._leave_queue()
        waited, rung = round(call.now - self.joined), int(call.now - self.asked)
        self._say_agent("AgentConnect", agent, HoldTime=waited, RingTime=rung)
        self._meet(agent, waited)
        return agent

    def _meet(self, agent: Agent, waited: int) -> None:
        began = self.call.now
        outer = self.x.bridge()
        self.x.join(outer, agent.one)
        self.x.join(outer, self.root)
        devices = self.x.devices
        devices.calls_taken[agent.extension] = devices.calls_taken.get(agent.extension, 0) + 1
        reason = "caller" if self.call.situation.ends == "client" else "agent"

        def complete() -> None:
            agent.one.before_leave = self.root.before_leave = None
            devices.last_call[agent.extension] = int(self.call.now)
            talked = round(self.call.now - began)
            self._say_agent("AgentComplete", agent, HoldTime=waited, TalkTime=talked, Reason=reason)

        agent.one.before_leave = self.root.before_leave = complete

    def _leave_queue(self) -> None:
        self.root.show(queue="")
        self.x.say("QueueCallerLeave", self.root, {"Queue": self.queue.number, "Position": 1, "Count": 0})

    def abandon(self) -> None:
        """The caller hangs up."""
        call, root = self.call, self.root
        call.request(root, None)
        self.x.say("MusicOnHoldStop", root)
        for agent in self.agents:
            call.dial_end(agent.one, "CANCEL")
        self._dismiss(self.agents, 0)
        gone = {"Queue": self.queue.number, "Position": 1, "OriginalPosition": 1}
        self.x.say("QueueCallerAbandon", root, gone | {"HoldTime": round(call.now - self.joined)})
        self._leave_queue()
        call.soft(root)
        call.hang_up(root)


def _rounds(waiting: Waiting) -> Process:
    """Rounds that nobody answers, then the phones ring once more."""
    waiting.enter()
    for _ in range(waiting.call.situation.rounds):
        yield from waiting.ask()
        yield waiting.queue.timeout - RING_DELAY
        waiting.pass_round()
        yield waiting.queue.retry
    yield from waiting.ask()
    yield waiting.call.situation.ring


def answered(call: Call) -> Process:
    """All members ring, one answers, perhaps in a later round."""
    waiting = Waiting(call)
    yield from _rounds(waiting)
    agent = waiting.answer(call.situation.extension)
    call.truth.talks(agent.extension, call.now)
    yield call.situation.talk
    part(call, waiting.root, agent.phone)


def abandoned(call: Call) -> Process:
    """All members ring, the caller gives up."""
    waiting = Waiting(call)
    yield from _rounds(waiting)
    waiting.abandon()
