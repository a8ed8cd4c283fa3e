# SPDX-License-Identifier: GPL-3.0-or-later
"""How a conversation begins: a client calls, an employee calls out or clicks, one employee calls another."""

from __future__ import annotations

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.leg import Leg
from itgrix_module.sandbox.rig.play_more_help import originate, over
from itgrix_module.sandbox.rig.truth import Outcome
from tests.live.made_up.conversation import Conversation, Party
from tests.live.made_up.targets import (
    Ringing,
    Target,
    a_phone,
    anywhere,
    phone,
    refuse,
    ring,
    silence,
    somebody_answers,
    somebody_picks_up,
)

REFUSALS: dict[int, Outcome] = {486: "busy", 480: "no_answer", 603: "declined", 404: "failed", 503: "failed"}


async def begin(talk: Conversation) -> None:
    """Afterwards somebody holds the client, or it is over."""
    kind = talk.choose(called=6, menu=1, redirected=0.5, out=2.5, click=1.5, inside=1, back=1.5)
    await {
        "called": client_calls,
        "menu": client_in_menu,
        "redirected": phone_redirects,
        "out": employee_calls,
        "click": employee_clicks,
        "inside": colleague_calls,
        "back": client_is_called_back,
    }[kind](talk)


# ---- a client


async def client_calls(talk: Conversation) -> None:
    target = anywhere(talk, phone=4, group=3, queue=3, follow=1.5)
    dial_in(talk, target.number)
    await _wait_for_answer(talk, target, await ring(talk, target))


def dial_in(talk: Conversation, number: str) -> None:
    second = talk.chance(0.2)
    provider = talk.stage.second_provider if second else talk.stage.provider
    talk.trunk = provider.number
    talk.dialled = plan.did(number)
    talk.client = talk.stage.dial_in(talk.dialled, talk.number, provider=provider)
    talk.say(f"a client calls {number}{' by the second trunk' if second else ''}")


async def _wait_for_answer(talk: Conversation, target: Target, ringing: Ringing) -> None:
    picked = 0.0 if target.number in ("802", plan.FOLLOW_ME) else 1.0
    refused, in_vain = 0.4 * target.is_phone, 0.4 * (target.number != "801")  # that one tries somebody else then
    how = talk.choose(answered=9, picked=picked, given_up=0.7, refused=refused, in_vain=in_vain)
    if how == "answered":
        await talk.met(await somebody_answers(talk, target, ringing))
    elif how == "picked":
        party = await somebody_picks_up(talk, target, ringing)
        await talk.met(party)
    elif how == "given_up":
        await talk.wait()
        talk.say("the client gives up")
        _give_up(talk.client)
        await over(*ringing.values(), talk.client)
    elif how == "refused":
        talk.say("it is refused")
        refuse(ringing, talk.dice.choice((486, 603)))
        await talk.client.ended.wait()
    else:
        await _in_vain(talk, target, ringing)


async def _in_vain(talk: Conversation, target: Target, ringing: Ringing) -> None:
    talk.say("nobody answers")
    if target.queue:
        await silence(ringing)
        _give_up(talk.client)
    await talk.client.ended.wait()


def _give_up(leg: Leg) -> None:
    leg.hang_up() if leg.answered else leg.cancel()


async def client_in_menu(talk: Conversation) -> None:
    dial_in(talk, plan.MENU)
    await talk.client.answered.wait()
    await talk.wait()
    await dial_in_menu(talk)


async def dial_in_menu(talk: Conversation) -> None:
    """The client dials an extension; it answers, or he hangs up."""
    target = a_phone(talk)
    talk.say(f"dials {target.number} in the menu")
    talk.client.press(target.number)
    ringing = await ring(talk, target)
    if talk.chance(0.15):
        talk.say("hangs up")
        talk.client.hang_up()
        await silence(ringing)
        return
    await talk.met(await somebody_answers(talk, target, ringing))


async def phone_redirects(talk: Conversation) -> None:
    """The phone sends callers on (302) to a colleague, who answers."""
    first = a_phone(talk)
    dial_in(talk, first.number)
    ringing = await ring(talk, first)
    second = phone(talk.dice.choice([name for name in talk.free_phones() if name != first.number]))
    talk.say(f"the phone sends him on to {second.number}")
    ringing[first.number].redirect(second.number)
    party = await somebody_answers(talk, second, await ring(talk, second))
    party.straight = False
    await talk.met(party)


# ---- an employee


async def employee_calls(talk: Conversation) -> None:
    name = talk.dice.choice(talk.free_phones())
    prefix = talk.dice.choice(("", "", "", "9"))
    provider = talk.stage.second_provider if prefix else talk.stage.provider
    talk.direction, talk.trunk, talk.dialled = "outgoing", provider.number, f"{prefix}{talk.number}"
    talk.say(f"{name} calls {talk.dialled}")
    talk.caller = talk.stage.dial(talk.phones[name], talk.dialled)
    talk.client = await talk.stage.rings(provider, talk.number)
    await talk.wait()
    if talk.chance(0.85):
        await _client_answers(talk, name, talk.caller)
    elif talk.chance(0.4):
        talk.say("and gives up")
        talk.outcome = "cancelled"
        talk.caller.cancel()
        await over(talk.client, talk.caller)
    else:
        code = talk.dice.choice(tuple(REFUSALS))
        talk.say(f"the client refuses ({code})")
        talk.outcome = REFUSALS[code]
        talk.client.reject(code)
        await over(talk.caller)


async def _client_answers(talk: Conversation, name: str, leg: Leg, straight: bool = True) -> None:
    talk.client.answer()
    talk.say("the client answers")
    await leg.answered.wait()
    await talk.met(Party(name, leg, talk.phones[name], straight=straight), at=talk.client.answered.time)


async def employee_clicks(talk: Conversation) -> None:
    name = talk.dice.choice(talk.free_phones())
    how = talk.dice.choice(("Local/{}@from-internal", "Local/{}@from-internal/n", f"{talk.technology}/{{}}"))
    talk.say(f"{name} clicks the number ({how})")
    talk.direction, talk.dialled = "outgoing", talk.number
    talk.started = await originate(talk.stage, how.format(name), talk.number, talk.number)
    leg = await talk.stage.answers(talk.phones[name])
    talk.rang.add(name)
    talk.caller = leg
    talk.client = await talk.stage.rings(talk.stage.provider, talk.number)
    await talk.wait()
    await _client_answers(talk, name, leg, straight=not how.startswith("Local"))


async def client_is_called_back(talk: Conversation) -> None:
    """The PBX calls the client first, then an employee or a group."""
    target = anywhere(talk, phone=3, group=1, queue=1)
    talk.say(f"the PBX calls a client back for {target.number}")
    talk.direction, talk.dialled, talk.called_back = "outgoing", talk.number, True
    talk.started = await originate(talk.stage, f"Local/{talk.number}@from-internal/n", target.number, talk.number)
    talk.client = await talk.stage.answers(talk.stage.provider, talk.number)
    party = await somebody_answers(talk, target, await ring(talk, target))
    party.straight = False
    await talk.met(party)


async def colleague_calls(talk: Conversation) -> None:
    caller = talk.dice.choice(talk.free_phones())
    called = phone(talk.dice.choice([name for name in talk.free_phones() if name != caller]))
    talk.direction, talk.number, talk.dialled = "internal", caller, called.number
    talk.say(f"{caller} calls {called.number}")
    talk.client = talk.stage.dial(talk.phones[caller], called.number)
    ringing = await ring(talk, called)
    if talk.chance(0.15):
        talk.say("and gives up")
        talk.client.cancel()
        await over(*ringing.values(), talk.client)
        return
    if talk.chance(0.15):
        await talk.met(await somebody_picks_up(talk, called, ringing))
        return
    await talk.met(await somebody_answers(talk, called, ringing))
