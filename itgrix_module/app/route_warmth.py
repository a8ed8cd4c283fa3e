# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the memory of smart routing warm: what the portal says has changed is asked anew before the client calls."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from typing import Any

from itgrix_module.app.clients import Clients, Question
from itgrix_module.app.route_memory import Client, RouteMemory
from itgrix_module.domain.failures import Failure
from itgrix_module.domain.responsible import COMPANY, CONTACT, LEAD

log = logging.getLogger("itgrix.routing")

EVENT = re.compile(r"ONCRM(LEAD|CONTACT|COMPANY|DEAL)(ADD|UPDATE|DELETE)")
_KINDS = {"LEAD": LEAD, "CONTACT": CONTACT, "COMPANY": COMPANY}
PRIORITY = 7  # of requests to the portal for which nobody waits
AT_ONCE = 10  # numbers in one request
MOST = 200  # numbers that wait: an import into the CRM must not become our own import


class Warmth:
    """``question``: how a number is asked for now. Thread-safe."""

    def __init__(self, memory: RouteMemory, clients: Clients, question: Callable[[str], Question]) -> None:
        self._memory, self._clients, self._question = memory, clients, question
        self._waiting: dict[str, None] = {}
        self._lock = threading.Lock()

    def heard(self, event: str, record: Any) -> bool:
        """An event of the portal: its name in capitals, ``FIELDS[ID]`` of its data. False when it is none of ours."""
        found = EVENT.fullmatch(event)
        if not found:
            return False
        self.changed(found[1], str(record or ""), is_new=found[2] == "ADD")
        return True

    def changed(self, kind: str, number: str, *, is_new: bool = False) -> None:
        """A record has changed: answers with it are outdated; of a new one nobody knows whose it is."""
        if kind == "DEAL":
            outdated = self._memory.clients.outdate(lambda client: _may_have_deal(client, number, is_new))
        elif is_new:
            outdated = self._memory.clients.outdate(lambda client: not client.records)
        else:
            outdated = self._memory.clients.outdate(lambda client: _has_record(client, _KINDS[kind], number))
        for caller in outdated:
            self._clients.forget(caller)
        if not is_new:  # who may be meant by a new one are too many to ask for
            self._add(outdated)

    def _add(self, numbers: list[str]) -> None:
        with self._lock:
            for number in numbers[: MOST - len(self._waiting)]:
                self._waiting[number] = None

    def refresh(self) -> int:
        """Ask anew for some of what is outdated, in one request; returns for how many.

        What the portal does not answer now it is asked the next time: nobody waits for it.
        """
        with self._lock:
            numbers = list(self._waiting)[:AT_ONCE]
        if not numbers:
            return 0
        try:
            self._clients.find([self._question(number) for number in numbers], PRIORITY)
        except Failure as failure:
            log.debug("clients of smart routing are not refreshed now: %s", failure)
            return 0
        with self._lock:
            for number in numbers:
                self._waiting.pop(number, None)
        return len(numbers)


def _has_record(client: Client, kind: str, number: str) -> bool:
    return any(record.kind == kind and record.id == number for record in client.records)


def _may_have_deal(client: Client, number: str, is_new: bool) -> bool:
    if not client.with_deals:
        return False
    return bool(client.records) if is_new else any(d.id == number for record in client.records for d in record.deals)
