# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of a call means for the CRM: (before, after, rules) -> steps. Pure; the reasons go with the steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from itgrix_module.domain import summary
from itgrix_module.domain.call import Call, Direction, Ring
from itgrix_module.domain.facts import Side
from itgrix_module.domain.steps import Attach, Finish, Hide, Note, Register, Show, Step


def _nothing(*_: str) -> bool:
    return False


@dataclass(frozen=True)
class Rules:
    """What the administrator decided.

    ``ignores_line``: of DID and trunk; ``ignores_number``: of a client's number as the PBX shows it.
    """

    ignores_line: Callable[[str, str], bool] = _nothing
    ignores_number: Callable[[str], bool] = _nothing
    extensions_black: frozenset[str] = frozenset()
    extensions_white: frozenset[str] = frozenset()
    recordings: bool = True

    def counts(self, party: str) -> bool:
        """Does this employee take part in the CRM?"""
        if self.extensions_white and party not in self.extensions_white:
            return False
        return party not in self.extensions_black


def steps(before: Call | None, after: Call, rules: Rules) -> list[Step]:
    """The steps that lead the CRM from one state of a call to the next, in order."""
    if not after.has_client or (before is not None and before.ended is not None):
        return []
    ignored = _ignored(after, rules)
    if ignored:
        return [Note(after.ended, f"the portal is not told: {ignored}")] if after.ended is not None else []
    return list(_steps(before, after, rules))


def _steps(before: Call | None, after: Call, rules: Rules) -> Iterator[Step]:
    registered = before is not None and is_registered(before, rules) and not _ignored(before, rules)
    old = cards(before, rules) if registered and before is not None else ()
    if after.ended is not None:
        if after.quiet and not after.dials:
            yield Note(after.ended, "nobody picked up, so the client was not dialled; he is tried again")
            return
        if not registered:
            why = "the call ended before any phone rang"
            yield Register(after.ended, why, _parties(after, rules), after.order, after.order_line)
        yield from _end(after, rules)
        return
    if not is_registered(after, rules):
        return
    new = cards(after, rules)
    if not registered:
        yield Register(after.changed, _reason(after), new, after.order, after.order_line)
        return
    shown = tuple(party for party in new if party not in old)
    hidden = tuple(party for party in old if party not in new)
    if shown:
        yield Show(after.changed, f"{', '.join(shown)} {'talks' if after.talks else 'rings'}", shown)
    if hidden:
        yield Hide(after.changed, f"{', '.join(hidden)} no longer takes part", hidden)


def _ignored(call: Call, rules: Rules) -> str:
    """Why the portal hears nothing of the call; empty when it does. It waits for the end of what it ordered.

    A call that it hears of stays one, whatever is dialled next: else its end would never be told.
    """
    if call.order:
        return ""
    if all(rules.ignores_line(line, trunk) for line, trunk, _ in _ways(call)):
        return f"the line {call.line or call.trunk} is ignored"
    if all(number and rules.ignores_number(number) for _, _, number in _ways(call)):
        return f"the number {call.number} is ignored"
    everybody = _everybody(call)
    if everybody and not any(map(rules.counts, everybody)):
        return f"it does not see the calls of {', '.join(everybody)}"
    return ""


def _ways(call: Call) -> list[tuple[str, str, str]]:
    """Line, trunk and number by which the client came, or was looked for one after the other."""
    if call.direction is Direction.INCOMING or not call.dials:
        return [(call.line, call.trunk, call.number)]
    return [(dial.trunk, dial.trunk, dial.number or call.number) for dial in call.dials]


def _everybody(call: Call) -> tuple[str, ...]:
    """Every employee who had a part in the call."""
    caller = (call.root_party,) if call.root_side is Side.EMPLOYEE else ()
    talkers = (talk.party for talk in call.talks if talk.employee)
    return tuple(dict.fromkeys((*caller, *call.rang, *talkers)))


def is_registered(call: Call, rules: Rules) -> bool:
    """Has the call come so far that the portal must know it?"""
    if call.direction is Direction.INCOMING:
        return any(rules.counts(party) for party in call.rang) or any(
            talk.employee and rules.counts(talk.party) for talk in call.talks
        )
    return bool(call.dials)


def cards(call: Call, rules: Rules) -> tuple[str, ...]:
    """Whose card is open: everybody who rings or takes part, in the order in which their legs appeared."""
    if call.ended is not None:
        return ()
    parties: dict[str, None] = {}
    for leg in call.legs.values():
        if leg.side is Side.OUTSIDE and (leg.id == call.client or leg.number not in call.rang):
            continue
        if leg.side not in (Side.EMPLOYEE, Side.OUTSIDE) or leg.ring is Ring.LOST:
            continue
        party = leg.party if leg.side is Side.EMPLOYEE else leg.number
        if (leg.ring is not Ring.NONE or leg.met_client or leg.id == call.root) and rules.counts(party):
            parties[party] = None
    return tuple(parties)


def _parties(call: Call, rules: Rules) -> tuple[str, ...]:
    caller = (call.root_party,) if call.root_side is Side.EMPLOYEE else ()
    caller = (call.employee,) if call.employee else caller
    return tuple(party for party in (call.rang or caller) if rules.counts(party))


def _reason(call: Call) -> str:
    if call.direction is Direction.INCOMING:
        return f"{', '.join(call.rang) or summary.last_talker(call)} rings"
    return f"the line {call.trunk} is dialled"


def _end(call: Call, rules: Rules) -> Iterator[Step]:
    assert call.ended is not None
    who = finished_for(call, rules)
    result = summary.outcome(call).value
    yield Finish(
        call.ended,
        f"{result}, for {who or 'the default user'}",
        employee=who,
        talk=summary.talk_seconds(call, call.ended),
        status=summary.status(call),
        order=call.order,
        failure=summary.failure(call),
    )
    paths = tuple(recording.path for recording in summary.recordings(call))
    if not paths or not summary.first_talk(call):
        return
    if rules.recordings:
        yield Attach(call.ended, "the call was recorded", paths)
    else:
        yield Note(call.ended, "recordings are switched off")


def finished_for(call: Call, rules: Rules) -> str:
    """The last employee who talked, else the one who dialled, else the one whose phone rang last."""
    talkers = [party for party in (summary.last_talker(call), summary.answered_by(call)) if rules.counts(party)]
    if talkers and talkers[0]:
        return talkers[0]
    if call.employee:
        return call.employee
    if call.direction is Direction.OUTGOING and call.root_side is Side.EMPLOYEE:
        return call.root_party
    rang = [party for party in call.rang if rules.counts(party)]
    return rang[-1] if rang else ""
