# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens beside a conversation: holds, a second client, colleagues who call one another or the employee."""

from __future__ import annotations

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.leg import Leg
from itgrix_module.sandbox.rig.play_more_help import over
from itgrix_module.sandbox.rig.truth import internal
from tests.live.made_up.conversation import Conversation, Party


async def hold(talk: Conversation) -> None:
    talk.say(f"{talk.held_by.number} holds the client")
    talk.held_by.leg.hold()
    await talk.wait()
    if talk.chance(0.15):
        talk.say("who hangs up")
        talk.client.hang_up()
        await over(talk.held_by.leg)
        return
    talk.held_by.leg.resume()


# ---- a second client


async def second_client(talk: Conversation) -> None:
    """Another client calls the employee, who may do with him whatever he can, the first one on hold."""
    holder = talk.held_by
    assert holder.phone is not None
    other = Conversation(talk.stage, talk.dice, talk.phones)
    other.parking, other.dialled = talk.parking, plan.did(holder.number)
    how = talk.choose(answered=5, declined=1, given_up=1)
    other.say(f"another client calls {holder.number} ({how})")
    other.client = talk.stage.dial_in(other.dialled, other.number)
    leg = await talk.stage.rings(holder.phone)
    other.rang.add(holder.number)
    await talk.wait(0.3, 1.0)
    if how == "given_up":
        other.client.cancel()
        await over(other.client, leg)
    elif how == "declined":
        leg.reject(486)
        await over(other.client)
    else:
        await _talk_beside(talk, other, Party(holder.number, leg, holder.phone))
    talk.say(f"<{'; '.join(other.story)}>")
    talk.others += [other.truth(), *other.others]


async def _talk_beside(talk: Conversation, other: Conversation, party: Party) -> None:
    first = talk.held_by
    first.leg.hold()
    party.leg.answer()
    await other.met(party)
    await other.wait()
    await talk.play_on(other, talk.dice.randint(0, 2))
    first.leg.resume()


# ---- colleagues


async def colleagues_talk(talk: Conversation) -> None:
    caller, called = talk.dice.sample(talk.free_phones(), 2)
    talk.say(f"{caller} calls {called} meanwhile")
    call = talk.stage.dial(talk.phones[caller], called)
    leg = await talk.stage.answers(talk.phones[called])
    await call.answered.wait()
    await talk.wait()
    one, other = talk.dice.sample((call, leg), 2)
    one.hang_up()
    await over(other)
    talk.others.append(internal(call, leg, sound=None))


async def colleague_rings(talk: Conversation) -> None:
    """A colleague calls the employee, who holds the client and may join the two."""
    holder = talk.held_by
    assert holder.phone is not None
    name = talk.dice.choice(talk.free_phones())
    talk.say(f"{name} calls {holder.number}")
    call = talk.stage.dial(talk.phones[name], holder.number)
    leg = await talk.stage.rings(holder.phone)
    await talk.wait(0.3, 0.8)
    holder.leg.hold()
    leg.answer()
    await call.answered.wait()
    await talk.stage.joined(name, holder.number)
    await talk.wait()
    if talk.chance(0.5):
        call.hang_up()
        await over(leg)
        holder.leg.resume()
        talk.others.append(internal(call, leg, sound=None))
        return
    await _joined(talk, leg, Party(name, call, talk.phones[name]))


async def _joined(talk: Conversation, leg: Leg, colleague: Party) -> None:
    holder = talk.held_by
    talk.say("and is joined with the client")
    holder.leg.refer_to(leg)
    talk.let_go(holder.leg)
    talk.rang.add(holder.number)
    talk.handed("attended", holder.number, colleague.number)
    talk.also_recorded(f"internal-{holder.number}-{colleague.number}")
    talk.left()
    await talk.joined(talk.number, colleague)
    await over(holder.leg)
    await talk.met(colleague, at=holder.leg.ended.time)
    leg.hang_up()
