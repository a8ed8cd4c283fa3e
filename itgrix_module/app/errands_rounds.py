# SPDX-License-Identifier: GPL-3.0-or-later
"""The errands of one call, side by side: what all of them ask next goes in one request."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from itgrix_module.app.errand_ports import Asked, ErrandPortal
from itgrix_module.app.errands_matter import Done, Errand, Matter, Once
from itgrix_module.app.ports import Outbox
from itgrix_module.app.standing import Standing, of_database
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary

log = logging.getLogger("itgrix.errands")

MOST_ROUNDS = 50  # an errand that asks for more goes in a circle


class LeaseLost(Exception):
    """Another worker has the call: stop, it goes on from what is stored."""


class Run:
    """An errand on its way. ``result``: None until it came to its end."""

    def __init__(self, matter: Matter, errand: Errand) -> None:
        self.matter = matter
        self.result: Done | Failure | None = None
        self.wants: Asked | tuple[Asked, ...] | Once | None = None
        self._errand = errand

    def begin(self) -> None:
        """Run up to the first question."""
        self._step(lambda: next(self._errand))

    def answered(self, answers: Sequence[Any]) -> None:
        """Go on with the answers to what it wanted, up to the next question."""
        failure = next((answer for answer in answers if isinstance(answer, Failure)), None)
        if failure is not None:
            self._forget_unless_executed(failure)
            self._step(lambda: self._errand.throw(failure))
        else:
            found = tuple(answers) if isinstance(self.wants, tuple) else answers[0]
            self._step(lambda: self._errand.send(found))

    def failed(self, failure: Failure) -> None:
        """It ends here."""
        self.result, self.wants = failure, None
        self._errand.close()

    def _step(self, go: Callable[[], Any]) -> None:
        self.wants = None
        try:
            self.wants = go()
        except StopIteration as end:
            self.result = end.value
        except Failure as failure:
            self.result = failure
        except Exception:
            # What nobody foresaw in one errand must not stop the others of the call.
            log.exception("call %s: %s could not be done", self.matter.call.linkedid, self.matter.step.kind)
            self.result = Permanent("internal", "The module could not do it.", "Please send the diagnostics.")

    def _forget_unless_executed(self, failure: Failure) -> None:
        if isinstance(self.wants, Once) and not failure.executed:
            self.matter.progress.pop(self.wants.name, None)


class Rounds:
    """Takes errands to their ends."""

    def __init__(
        self,
        outbox: Outbox,
        portal: ErrandPortal,
        standing: Standing,
        clock: Callable[[], float],
        owner: str,
        lease: float,
    ) -> None:
        self._outbox, self._portal, self._standing = outbox, portal, standing
        self._clock, self._owner, self._lease = clock, owner, lease

    def finish(self, runs: Sequence[Run]) -> None:
        """All of them, to their results. Raises LeaseLost."""
        for run in runs:
            run.begin()
        for _ in range(MOST_ROUNDS):
            asking = self._remembered([run for run in runs if run.wants is not None])
            if not asking:
                return
            self._round(asking)
        for run in runs:
            if run.wants is not None:
                run.failed(Permanent("internal", "The errand goes in a circle.", "Please send the diagnostics."))

    def _round(self, runs: Sequence[Run]) -> None:
        wanted = [_items(run) for run in runs]
        answers = iter(self._asked([item for items in wanted for item in items]))
        for run, items in zip(runs, wanted, strict=True):
            run.answered([next(answers) for _ in items])

    def _asked(self, items: Sequence[Asked]) -> list[Any]:
        try:
            answers = self._portal.ask(items)
        except Failure as failure:
            self._heard(failure)
            if of_database(failure):
                # The budget's account lies in our database; whether the request went out before is not known.
                failure = Temporary(failure.code, failure.text, failure.hint, failure.method, executed=True)
            return [failure] * len(items)
        for answer in answers:
            if isinstance(answer, Failure):
                self._heard(answer)
        if any(not isinstance(answer, Temporary | NeedsOwner) for answer in answers):
            self._standing.answered(a_call=False)
        return answers

    def _heard(self, failure: Failure) -> None:
        """Only what concerns the portal as a whole: an extra that fails says nothing of calls."""
        if isinstance(failure, NeedsOwner) or (isinstance(failure, Temporary) and failure.scope == "portal"):
            self._standing.failed(failure)

    def _remembered(self, runs: Sequence[Run]) -> list[Run]:
        """Those that may send: what must not be done twice is stored first, and the lease is long enough."""
        if not runs:
            return []
        call, now = runs[0].matter.call, self._clock()
        if now - runs[0].matter.now > self._lease / 3:
            self._extend(call.node, call.linkedid, now)
        return [run for run in runs if not isinstance(run.wants, Once) or self._stored(run, run.wants, now)]

    def _extend(self, node: str, linkedid: str, now: float) -> None:
        if not self._outbox.extend(self._owner, node, linkedid, now + self._lease):
            raise LeaseLost

    def _stored(self, run: Run, once: Once, now: float) -> bool:
        matter = run.matter
        first = matter.progress.get(once.name, {}).get("at", now)
        progress = {**matter.progress, once.name: {"order": asdict(once.order), "at": first}}
        try:
            self._outbox.remember_sent(self._owner, matter.step.id, progress)
        except Failure as failure:
            if failure.code == "lease_lost":
                raise LeaseLost from failure
            run.failed(failure)
            return False
        matter.progress = progress
        return True


def _items(run: Run) -> tuple[Asked, ...]:
    wants = run.wants
    if isinstance(wants, Once):
        return (wants.order,)
    return wants if isinstance(wants, tuple) else (wants,)  # type: ignore[return-value]
