# SPDX-License-Identifier: GPL-3.0-or-later
"""An employee asks somebody before he hands the client over, on his phone's second line (REFER with Replaces)."""

from __future__ import annotations

from dataclasses import dataclass

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.leg import Leg
from itgrix_module.sandbox.rig.play_more_help import over
from itgrix_module.sandbox.rig.truth import Outcome, Truth, internal, outgoing
from tests.live.made_up.conversation import Conversation, Party
from tests.live.made_up.targets import (
    Ringing,
    Target,
    a_phone,
    elsewhere,
    refuse,
    ring,
    silence,
    somebody_answers,
    somebody_picks_up,
)


@dataclass
class Question:
    """``mine``: the employee's second leg. ``rang``: whose phones rang for it."""

    asker: Party
    target: Target
    mine: Leg
    rang: set[str]
    ringing: Ringing

    def truth(self, answered: Party | None, outcome: Outcome = "no_answer") -> Truth:
        """The call that it was, if the client had no part in it."""
        leg = answered.leg if answered else None
        if self.target.outside:
            result = "answered" if leg else outcome
            return outgoing(self.mine, leg, result, client=self.target.number, sound=None)
        who = answered.number if answered else None  # also one who is on his mobile
        rang = tuple(sorted(self.rang))
        own = "internal-" if self.target.straight else "none"  # a group's halves of Local pairs are recorded each
        return internal(self.mine, leg, answered_by=who, last_talker=who, rang=rang, sound=None, own=own)


async def ask_by_phone(talk: Conversation) -> None:
    holder = talk.held_by
    target = a_phone(talk) if talk.inside else elsewhere(talk, phone=6, group=2, queue=1, follow=1, outside=1.5)
    how = _how(talk, target)
    talk.say(f"{holder.number} holds and asks {target.number} ({how})")
    assert holder.phone is not None
    holder.leg.hold()
    question = Question(holder, target, talk.stage.dial(holder.phone, target.number), set(), {})
    question.ringing = await ring(talk, target, question.rang)
    if how in WHILE_RINGING:
        await WHILE_RINGING[how](talk, question)
        return
    pick = target.is_phone and talk.chance(0.15)
    party = await (somebody_picks_up if pick else somebody_answers)(talk, target, question.ringing)
    await question.mine.answered.wait()
    await talk.joined(party.number, holder)
    await talk.wait()
    if talk.chance(0.2):
        await _back_and_forth(talk, question)
    await ANSWERED[how](talk, question, party)


def _how(talk: Conversation, target: Target) -> str:
    phone = float(target.is_phone)
    fails = float(target.is_phone or target.outside)
    blonde = float(target.is_phone or target.number == plan.RING_GROUP)
    return talk.choose(
        joined=5,
        back=1,
        client_gone=0.6,
        refused=0.6 * fails,
        in_vain=0.5 * phone,
        given_up=0.6 * fails,
        blonde=1.5 * blonde,
        blonde_in_vain=0.4 * phone,
        blonde_given_up=0.4 * blonde,
        blonde_picked=0.6 * phone,
        client_gone_early=0.4 * fails,
    )


async def _back_and_forth(talk: Conversation, question: Question) -> None:
    talk.say("goes to the client and back")
    question.mine.hold()
    question.asker.leg.resume()
    await talk.wait()
    question.asker.leg.hold()
    question.mine.resume()
    await talk.wait(0.3, 0.6)


# ---- he has answered


async def _joined(talk: Conversation, question: Question, party: Party) -> None:
    holder = question.asker
    other_way = not question.target.outside and talk.chance(0.25)
    talk.say("and joins them" + (" the other way round" if other_way else ""))
    first, second = (question.mine, holder.leg) if other_way else (holder.leg, question.mine)
    first.refer_to(second)
    talk.let_go(first)
    talk.rang |= question.rang
    talk.handed("attended", holder.number, party.number)
    talk.left()
    if question.target.outside:
        at = party.leg.answered.time
        mine = question.mine
        talk.meanwhile(lambda: _told_later(talk, question, party))
        await talk.joined(talk.number, party)
        await over(holder.leg)
        await talk.met(party, at=max(at, holder.leg.ended.time))
        mine.hang_up()
        return
    await talk.joined(talk.number, party)
    await over(first)
    await talk.met(party, at=first.ended.time)
    (holder.leg if other_way else question.mine).hang_up()


async def _told_later(talk: Conversation, question: Question, party: Party) -> None:
    await party.leg.ended.wait(60.0)
    talk.others.append(question.truth(party))


async def _back(talk: Conversation, question: Question, party: Party) -> None:
    if talk.chance(0.5):
        talk.say("who hangs up")
        party.leg.hang_up()
        await over(question.mine)
    else:
        talk.say("and goes back")
        question.mine.hang_up()
        await over(party.leg)
    talk.others.append(question.truth(party))
    question.asker.leg.resume()


async def _client_gone(talk: Conversation, question: Question, party: Party) -> None:
    talk.say("the client hangs up meanwhile")
    talk.client.hang_up()
    await over(question.asker.leg)
    await talk.wait()
    question.mine.hang_up()
    await over(party.leg)
    talk.others.append(question.truth(party))


ANSWERED = {"joined": _joined, "back": _back, "client_gone": _client_gone}


# ---- he has not


async def _refused(talk: Conversation, question: Question) -> None:
    refuse(question.ringing, 486)
    await over(question.mine)
    talk.others.append(question.truth(None, "busy"))
    question.asker.leg.resume()


async def _in_vain(talk: Conversation, question: Question) -> None:
    await over(question.mine)
    talk.others.append(question.truth(None))
    question.asker.leg.resume()


async def _given_up(talk: Conversation, question: Question) -> None:
    await talk.wait(0.3, 1.0)
    question.mine.cancel()
    await over(question.mine, *question.ringing.values())
    talk.others.append(question.truth(None, "cancelled"))
    question.asker.leg.resume()


async def _client_gone_early(talk: Conversation, question: Question) -> None:
    talk.client.hang_up()
    await over(question.asker.leg)
    await talk.wait(0.3, 0.8)
    party = await somebody_answers(talk, question.target, question.ringing)
    await talk.wait()
    question.mine.hang_up()
    await over(party.leg)
    talk.others.append(question.truth(party))


async def _blonde(talk: Conversation, question: Question) -> None:
    await _leave(talk, question)
    await talk.met(await somebody_answers(talk, question.target, question.ringing))


async def _blonde_picked(talk: Conversation, question: Question) -> None:
    await _leave(talk, question)
    await talk.wait(0.3, 0.5)
    await talk.met(await somebody_picks_up(talk, question.target, question.ringing))


async def _blonde_in_vain(talk: Conversation, question: Question) -> None:
    await _leave(talk, question)
    await over(*question.ringing.values(), talk.client)


async def _blonde_given_up(talk: Conversation, question: Question) -> None:
    await _leave(talk, question)
    await talk.wait(0.4, 1.2)
    talk.client.hang_up()
    await silence(question.ringing)


async def _leave(talk: Conversation, question: Question) -> None:
    """He joins the client with phones that still ring."""
    asker = question.asker
    await question.mine.rang.wait()
    asker.leg.refer_to(question.mine)
    talk.let_go(asker.leg)
    talk.rang |= question.rang
    talk.handed("attended", asker.number, question.target.number)
    talk.left()

    async def work() -> None:
        await over(asker.leg)
        question.mine.hang_up()

    if question.mine.answered:
        talk.meanwhile(work)


WHILE_RINGING = {
    "refused": _refused,
    "in_vain": _in_vain,
    "given_up": _given_up,
    "client_gone_early": _client_gone_early,
    "blonde": _blonde,
    "blonde_picked": _blonde_picked,
    "blonde_in_vain": _blonde_in_vain,
    "blonde_given_up": _blonde_given_up,
}
