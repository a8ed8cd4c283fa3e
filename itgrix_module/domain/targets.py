# SPDX-License-Identifier: GPL-3.0-or-later
"""Who takes over in an attended transfer. The PBX names a leg, half of a Local pair, a bridge, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from itgrix_module.domain.call import Leg, Ring
from itgrix_module.domain.facts import Fact, LegJoined, LegParted, LegTransferred, Side
from itgrix_module.domain.network import Network
from itgrix_module.domain.numbers import is_dialled_number


@dataclass(frozen=True, slots=True)
class Switchboard:
    """What is needed of all calls. ``leg``: by unique id, None when unknown; ``rung_by``: whom a leg dials;
    ``is_client``: is it the client of its call.
    """

    network: Network
    leg: Callable[[str], Leg | None]
    rung_by: Callable[[str], list[Leg]]
    is_client: Callable[[str], bool]


def with_place(fact: Fact, network: Network) -> tuple[Fact, ...]:
    """The fact and what it brings about: a client who is joined with a conference sits where his employee sat."""
    if not isinstance(fact, LegTransferred) or not (fact.takes_place and fact.client and fact.second):
        return (fact,)
    bridge = network.bridge_of(fact.second)
    if not bridge:
        return (fact,)
    return fact, LegParted(fact.at, fact.second, bridge), LegJoined(fact.at, fact.client, bridge)


def with_target(fact: LegTransferred, board: Switchboard) -> LegTransferred:
    """The fact with ``client`` as the one who is given away and ``to`` as the party that takes over."""
    if not fact.attended:
        return fact
    if _is_other_way_round(fact, board):
        # The phone asked to replace its call with the client, not the one with the colleague.
        fact = replace(fact, client=fact.target, target=fact.client)
    return fact if fact.to else replace(fact, to=_party(fact, board))


def _is_other_way_round(fact: LegTransferred, board: Switchboard) -> bool:
    given, taking = (_leads_to_client(side, fact, board) for side in (fact.client, fact.target))
    if given or taking:
        return taking and not given
    first, second = board.leg(fact.leg), board.leg(fact.second)
    if not (fact.client and fact.target and first and second):
        return False
    return second.added < first.added  # inside the company: who was there before the question is given away


def _leads_to_client(side: str, fact: LegTransferred, board: Switchboard) -> bool:
    """Is he on this side of the transfer, himself or behind Local pairs (a queue's, a group's)?"""
    if not fact.client:
        return board.is_client(side)  # he is in the bridge of whoever takes over already
    others = frozenset((fact.leg, fact.second, fact.client, fact.target)) - {side}
    return any(board.is_client(leg) for leg in board.network.reach(side, without=others))


def _party(fact: LegTransferred, board: Switchboard) -> str:
    mine = frozenset((fact.leg, fact.second, fact.client))
    starts = {fact.target} if fact.target else board.network.members(fact.bridge) - mine
    heard = [leg for start in sorted(starts) for leg in _heard(start, mine, board)]
    return _talker(heard) or _ringing(heard, board) or _rung(fact.second, board)


def _heard(start: str, mine: frozenset[str], board: Switchboard) -> Iterable[Leg]:
    reached = board.network.reach(start, without=mine - {start})
    found = (board.leg(key) for key in [start, *sorted(reached - {start})])
    return [leg for leg in found if leg is not None and leg.id not in mine]


def _talker(legs: list[Leg]) -> str:
    """Somebody who is on the line already, an employee first."""
    parties = [leg for leg in legs if leg.employee] or [leg for leg in legs if leg.side is Side.OUTSIDE]
    return parties[0].who if parties else ""


def _ringing(legs: list[Leg], board: Switchboard) -> str:
    """Who rings behind a Local pair: one phone by its name, several by the number that was dialled."""
    for leg in legs:
        for half in sorted(board.network.mates(leg.id) | {leg.id}):
            to = _rung(half, board)
            if to:
                return to
    return ""


def _rung(by: str, board: Switchboard) -> str:
    ringing = [leg for leg in board.rung_by(by) if leg.ring is not Ring.LOST]
    if len(ringing) == 1 and ringing[0].side is not Side.LOCAL:
        return ringing[0].who
    dialler = board.leg(by)
    return dialler.dialled if dialler is not None and is_dialled_number(dialler.dialled) else ""
