# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole conversation from a seed, as a situation for the rig."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.play_more_help import over
from itgrix_module.sandbox.rig.rig import Situation
from itgrix_module.sandbox.rig.stage import Stage
from itgrix_module.sandbox.rig.truth import Truth
from tests.live.made_up.aside import colleague_rings, colleagues_talk, hold, second_client
from tests.live.made_up.asking import ask_by_phone
from tests.live.made_up.beginnings import begin
from tests.live.made_up.codes import ask_by_code
from tests.live.made_up.conversation import Conversation
from tests.live.made_up.handing import can_send, park, send
from tests.live.made_up.mailbox import ask_mailbox_by_code, ask_mailbox_by_phone, send_to_mailbox
from tests.live.made_up.meetings import (
    ask_dead_phone,
    join_clients,
    join_machine,
    listen,
    meet_in_conference,
    send_nowhere,
    send_to_dead_phone,
)

Move = Callable[[Conversation], Awaitable[None]]
MOST_MOVES = 4
ALONE = 0.75


def situation(seed: int) -> Situation:
    """What the dice of this seed make up. Its story is its docstring when it has been played."""

    dice = random.Random(seed)

    async def play(stage: Stage) -> list[Truth]:
        talks = [Conversation(stage, dice)] if dice.random() < ALONE else side_by_side(stage, dice)
        try:
            return [truth for told in await asyncio.gather(*map(converse, talks)) for truth in told]
        finally:
            play.__doc__ = " || ".join("; ".join(talk.story) for talk in talks)

    play.__name__ = f"made_up_{seed}"
    return Situation(play, tuple(plan.EMPLOYEES))


def side_by_side(stage: Stage, dice: random.Random) -> list[Conversation]:
    """Two at once, each with phones of its own."""
    halves = plan.ORDINARY[:4], plan.ORDINARY[4:]
    one, other = (Conversation(stage, random.Random(dice.random()), half) for half in halves)
    other.parking = one.parking
    return [one, other]


async def converse(talk: Conversation) -> list[Truth]:
    """Beginning, moves, end."""
    await begin(talk)
    await play_on(talk, talk.dice.randint(0, MOST_MOVES))
    return [talk.truth(), *talk.others]


async def play_on(talk: Conversation, moves: int) -> None:
    """So many moves, and the end."""
    talk.play_on = play_on
    while moves and talk.holder and not talk.over:
        await talk.wait(0.9, 2.0)
        move = choose_move(talk)
        if move is None:
            break
        await move(talk)
        moves -= 1
    if not talk.over and talk.holder:
        await end(talk)
    await over(talk.client)
    await talk.finished()


def choose_move(talk: Conversation) -> Move | None:
    """Something that whoever holds the client can do."""
    holder = talk.held_by
    phone, outside_call = float(holder.phone is not None), float(not talk.inside)
    weights: dict[Move, float] = {
        send: 4.0 * can_send(talk),
        ask_by_phone: 4 * phone,
        ask_by_code: 3 * float(talk.may_press_codes(holder)),
        park: 1.5 * phone * outside_call,
        hold: 1 * phone,
        second_client: 1 * phone * outside_call,
        colleague_rings: 1 * phone * outside_call,
        colleagues_talk: 0.7 * float(len(talk.free_phones()) > 1),
        join_clients: 0.4 * phone * float(talk.direction == "incoming"),
        meet_in_conference: 0.5 * phone * outside_call * talk.alone,
        listen: 0.5 * phone,
        join_machine: 0.8 * phone * outside_call,
        send_to_mailbox: 0.4 * phone * outside_call * talk.alone,
        ask_mailbox_by_phone: 0.5 * phone * outside_call * talk.alone,
        ask_mailbox_by_code: 0.5 * phone * outside_call * talk.alone * float(talk.may_press_codes(holder)),
        send_nowhere: 0.4 * phone,
        send_to_dead_phone: 0.3 * phone,
        ask_dead_phone: 0.4 * phone * outside_call,
    }
    possible = {move: weight for move, weight in weights.items() if weight}
    return talk.dice.choices(list(possible), list(possible.values()))[0] if holder.employee else None


async def end(talk: Conversation) -> None:
    """They talk on, one of the two hangs up."""
    await talk.wait()
    holder = talk.held_by
    if talk.chance(0.5):
        talk.say("the client hangs up")
        talk.client.hang_up()
        await over(holder.leg)
    else:
        talk.say(f"{holder.number} hangs up")
        holder.leg.hang_up()
