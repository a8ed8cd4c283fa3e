# SPDX-License-Identifier: GPL-3.0-or-later
"""What several of the rarer situations do: talk first, ask the PBX over AMI, and tell what came of it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any, Literal

from itgrix_module.sandbox.rig.leg import Leg
from itgrix_module.sandbox.rig.manager import Manager
from itgrix_module.sandbox.rig.phone import Phone
from itgrix_module.sandbox.rig.plan import did
from itgrix_module.sandbox.rig.play_transfers import let_go
from itgrix_module.sandbox.rig.stage import Stage
from itgrix_module.sandbox.rig.truth import Transfer, Truth, incoming

Kind = Literal["blind", "attended"]


async def talk_in(stage: Stage, phone: Phone, client: str = "") -> tuple[Leg, Leg]:
    """A client calls the phone and they talk: his leg and the employee's."""
    call = stage.dial_in(did(phone.number), client)
    leg = await stage.answers(phone)
    await stage.joined(client or stage.client, phone.number)
    await stage.pass_time()
    return call, leg


async def talk_out(stage: Stage, phone: Phone, client: str = "") -> tuple[Leg, Leg]:
    """The employee calls a client and they talk: his leg and the client's."""
    call = stage.dial(phone, client or stage.client)
    theirs = await stage.answers(stage.provider, client or stage.client)
    await call.answered.wait()
    await stage.pass_time()
    return call, theirs


async def over(*legs: Leg) -> None:
    """Wait until all have ended."""
    for leg in legs:
        await leg.ended.wait()


async def end(stage: Stage, who: Leg, *others: Leg) -> None:
    """They talk on, ``who`` hangs up, and so it ends for the others."""
    await stage.pass_time()
    who.hang_up()
    await over(*others)


async def answers_first(stage: Stage, phone: Phone, *others: Phone) -> Leg:
    """All ring, one answers, the others fall silent."""
    silent = [await stage.rings(other) for other in others]
    leg = await stage.answers(phone)
    await over(*silent)
    return leg


async def press(stage: Stage, leg: Leg, code: str, number: str) -> None:
    """A feature code of a transfer and, when the PBX asks for it, the number."""
    leg.press(code)
    await stage.pass_time()
    leg.press(number)


async def ask_by_phone(stage: Stage, leg: Leg, who: Phone, colleague: Phone) -> tuple[Leg, Leg]:
    """The client is on hold, the two talk on the phone's second line: its leg and the colleague's."""
    leg.hold()
    question = stage.dial(who, colleague.number)
    theirs = await stage.answers(colleague)
    await question.answered.wait()
    await stage.pass_time()
    return question, theirs


async def join_by_phone(stage: Stage, leg: Leg, other: Leg, number: str) -> None:
    """The phone joins the far ends of its two legs (REFER with Replaces); then the client talks with ``number``."""
    leg.refer_to(other)
    await let_go(leg)
    await stage.joined(stage.client, number)


def handed(kind: Kind, source: Phone | str, target: Phone | str) -> Transfer:
    """A transfer between phones or numbers."""
    return Transfer(kind, number_of(source), number_of(target))


def number_of(party: Phone | str) -> str:
    return party if isinstance(party, str) else party.number


def told(call: Leg, leg: Leg | None, rang: tuple[Phone | str, ...] = (), **more: Any) -> Truth:
    """An incoming call; ``rang`` in any order; the length of its recordings is not foretold."""
    parties = tuple(sorted(map(number_of, rang)))
    last = {"last_talker": number_of(more.pop("last"))} if "last" in more else {}
    return replace(incoming(call, leg), **{"rang": parties, "sound": None, **last, **more})


# ---- what the PBX is asked over AMI


async def ask(stage: Stage, name: str, **headers: str) -> dict[str, str]:
    """An action with all rights, as an operator's panel would send it."""

    def do() -> dict[str, str]:
        with Manager(stage.pbx.ami_everything) as link:
            return link.ask(name, **headers)

    return await asyncio.to_thread(do)


async def channel(stage: Stage, prefix: str, number: str = "") -> str:
    """Name of the newest live channel that begins so and, if given, shows that number."""
    lines = (await asyncio.to_thread(stage.pbx.command, "core show channels concise")).splitlines()
    rows = [line.split("!") for line in lines if line.startswith(prefix) and number in line]
    if not rows:
        raise LookupError(f"no channel {prefix} {number} in {lines}")
    return max(rows, key=lambda row: row[0])[0]


async def originate(stage: Stage, first: str, then: str, caller: str, timeout: int = 15000, **more: str) -> float:
    """Let the PBX call ``first`` and then ``then``; returns the time of the click (epoch seconds)."""
    at = time.time()
    await ask(
        stage,
        "Originate",
        Channel=first,
        Context="from-internal",
        Exten=then,
        Priority="1",
        CallerID=caller,
        Timeout=str(timeout),
        Async="true",
        **more,
    )
    return at
