# SPDX-License-Identifier: GPL-3.0-or-later
"""Who in the CRM has a number: asked from the portal only when a rule needs it, and remembered for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from itgrix_module.domain.failures import Permanent
from itgrix_module.domain.responsible import Record

FRESH = 300.0  # seconds that an answer counts
MOST = 5000  # numbers that are remembered


@dataclass(frozen=True)
class Question:
    """A number to look for. ``spellings``: more ways to write it; ``with_dates``: when each record was made.

    ``with_deals``: also the state of leads and the open deals of contacts and companies.
    """

    number: str
    spellings: tuple[str, ...] = ()
    with_dates: bool = False
    with_deals: bool = False


class ClientSource(Protocol):
    """The portal's CRM."""

    def search(self, questions: Sequence[Question], priority: int) -> list[tuple[Record, ...]]:
        """Records with each number, in the portal's order; as few requests as possible. Raises Failure."""


@dataclass(frozen=True)
class _Known:
    at: float
    question: Question
    records: tuple[Record, ...]

    def answers(self, question: Question) -> bool:
        """Was everything asked that is asked now?"""
        asked = self.question
        return asked.with_dates >= question.with_dates and asked.with_deals >= question.with_deals


class Clients:
    """Answers from memory while it is fresh. Thread-safe; ``clock``: epoch seconds."""

    def __init__(self, source: ClientSource, clock: Callable[[], float]) -> None:
        self._source, self._clock = source, clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, question: Question) -> tuple[Record, ...] | None:
        """What is remembered; None when the portal has to be asked."""
        with self._lock:
            found = self._known.get(question.number)
        if found is None or self._clock() - found.at > FRESH or not found.answers(question):
            return None
        return found.records

    def find(self, questions: Iterable[Question], priority: int) -> Mapping[str, tuple[Record, ...]]:
        """Records by number. A portal that does not let us search knows nobody.

        Raises Failure when the portal cannot answer now.
        """
        wanted = {question.number: question for question in questions}
        found = {number: self.known(question) for number, question in wanted.items()}
        open_ = [wanted[number] for number, records in found.items() if records is None]
        if open_:
            found |= self._asked(open_, priority)
        return {number: records or () for number, records in found.items()}

    def _asked(self, questions: Sequence[Question], priority: int) -> dict[str, tuple[Record, ...]]:
        try:
            answers = self._source.search(questions, priority)
        except Permanent:
            answers = [()] * len(questions)
        found = {question.number: records for question, records in zip(questions, answers, strict=True)}
        now = self._clock()
        with self._lock:
            for question in questions:
                self._known[question.number] = _Known(now, question, found[question.number])
                self._known.move_to_end(question.number)
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return found

    def forget(self, number: str) -> None:
        """The CRM has a new record with this number, or another responsible."""
        with self._lock:
            self._known.pop(number, None)

    def forget_all(self) -> None:
        """It is another portal."""
        with self._lock:
            self._known.clear()
