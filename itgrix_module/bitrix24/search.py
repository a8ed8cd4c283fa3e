# SPDX-License-Identifier: GPL-3.0-or-later
"""Who in the CRM has a number (contract §8.6, §9.1, §9.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from itgrix_module.app.clients import Question
from itgrix_module.app.rest_ports import Answer, Command, Rest
from itgrix_module.bitrix24 import crm, telephony
from itgrix_module.bitrix24.shapes import maps, text, whole
from itgrix_module.domain.failures import Failure, Permanent
from itgrix_module.domain.responsible import COMPANY, CONTACT, LEAD, Deal, Record

_MOST = 50  # commands in one batch
_LISTS = {CONTACT: "crm.contact.list", COMPANY: "crm.company.list", LEAD: "crm.lead.list"}
_SELECT = {
    CONTACT: ("ID", "NAME", "LAST_NAME", "ASSIGNED_BY_ID", "DATE_CREATE"),
    COMPANY: ("ID", "TITLE", "ASSIGNED_BY_ID", "DATE_CREATE"),
    LEAD: ("ID", "TITLE", "ASSIGNED_BY_ID", "DATE_CREATE", "STATUS_ID", "STATUS_SEMANTIC_ID"),
}
_OWNERS = {CONTACT: "CONTACT_ID", COMPANY: "COMPANY_ID"}
_DEAL = ("ID", "TITLE", "ASSIGNED_BY_ID", "DATE_CREATE", "CATEGORY_ID", "STAGE_ID", "CONTACT_ID", "COMPANY_ID")
Ids = dict[str, list[int]]
Key = tuple[str, int]


class BitrixSearch:
    """Fulfils ``app.clients.ClientSource``."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def search(self, questions: Sequence[Question], priority: int) -> list[tuple[Record, ...]]:
        """One request for all numbers; a second one where more than their records' ids is wanted."""
        asked = [command for place, question in enumerate(questions) for command in _asks(place, question)]
        answers = self._ask(asked, priority)
        found = [_found(place, answers) for place in range(len(questions))]
        open_ = [_open(records, spelt, question) for (records, spelt), question in zip(found, questions, strict=True)]
        if not any(open_):
            return [records for records, _ in found]
        more = self._more(open_, any(question.with_deals for question in questions), priority)
        return [_filled(records, ids, more) for (records, _), ids in zip(found, open_, strict=True)]

    def _more(self, open_: Sequence[Ids], with_deals: bool, priority: int) -> Mapping[Key, Record]:
        wanted: Ids = {}
        for ids in open_:
            for kind, numbers in ids.items():
                wanted.setdefault(kind, []).extend(numbers)
        commands = [_list(kind, numbers) for kind, numbers in wanted.items()]
        if with_deals:
            commands += [_deals(kind, numbers) for kind, numbers in wanted.items() if kind in _OWNERS]
        answers = self._ask(commands, priority)
        records = {
            (kind, number): _record(kind, row)
            for kind in wanted
            for row in maps(_result(answers, kind))
            if (number := whole(row.get("ID")))
        }
        deals = _deals_by_owner(answers) if with_deals else {}
        return {key: replace(record, deals=tuple(deals.get(key, ()))) for key, record in records.items()}

    def _ask(self, commands: Sequence[Command], priority: int) -> dict[str, Answer]:
        if len(commands) == 1:
            only = commands[0]
            return {only.key: Answer(only.key, self._rest.call(only.method, only.params, priority=priority))}
        answers: dict[str, Answer] = {}
        for first in range(0, len(commands), _MOST):
            part = self._rest.batch(commands[first : first + _MOST], priority=priority)
            answers |= {answer.key: answer for answer in part}
        return answers


def _list(kind: str, numbers: Sequence[int]) -> Command:
    return Command(kind, _LISTS[kind], {"filter": {"@ID": sorted(set(numbers))}, "select": list(_SELECT[kind])})


def _deals(kind: str, numbers: Sequence[int]) -> Command:
    wanted = {f"@{_OWNERS[kind]}": sorted(set(numbers)), "CLOSED": "N"}
    return Command(f"{kind}_deals", "crm.deal.list", {"filter": wanted, "select": list(_DEAL)})


def _deals_by_owner(answers: Mapping[str, Answer]) -> dict[Key, list[Deal]]:
    """By whom the list was asked for: a deal may belong to a contact and to his company."""
    found: dict[Key, list[Deal]] = {}
    for kind, field in _OWNERS.items():
        for row in maps(_result(answers, f"{kind}_deals")):
            owner = whole(row.get(field))
            if owner:
                found.setdefault((kind, owner), []).append(_deal(row))
    return found


def _deal(row: Mapping[str, Any]) -> Deal:
    return Deal(
        str(whole(row.get("ID")) or ""),
        text(row.get("TITLE")),
        whole(row.get("ASSIGNED_BY_ID")),
        _moment(row.get("DATE_CREATE")),
        whole(row.get("CATEGORY_ID")) or 0,
        text(row.get("STAGE_ID")),
    )


def _asks(place: int, asked: Question) -> Iterator[Command]:
    yield telephony.search(f"s{place}", asked.number)
    if asked.spellings:
        yield crm.find_duplicates(f"d{place}", asked.spellings)


def _result(answers: Mapping[str, Answer], key: str) -> Any:
    """The result of one command; what the portal does not let us ask is empty. Raises other Failures."""
    answer = answers.get(key)
    if answer is None:
        return None
    if isinstance(answer.failure, Failure) and not isinstance(answer.failure, Permanent):
        raise answer.failure
    return answer.result


def _found(place: int, answers: Mapping[str, Answer]) -> tuple[tuple[Record, ...], Ids]:
    clients = telephony.clients(_result(answers, f"s{place}"))
    records = tuple(Record(one.entity_type, str(one.entity_id), one.name, one.responsible) for one in clients)
    spelt = crm.read_duplicates(_result(answers, f"d{place}"))
    return records, {CONTACT: list(spelt.contacts), COMPANY: list(spelt.companies), LEAD: list(spelt.leads)}


def _open(records: Sequence[Record], spelt: Ids, asked: Question) -> Ids:
    """Records about which more has to be asked."""
    known = {(record.kind, int(record.id)) for record in records}
    ids = {kind: [number for number in numbers if (kind, number) not in known] for kind, numbers in spelt.items()}
    if asked.with_deals or (asked.with_dates and len(known) + sum(map(len, ids.values())) > 1):
        for kind, number in sorted(known):
            ids.setdefault(kind, []).append(number)
    return {kind: numbers for kind, numbers in ids.items() if numbers and kind in _LISTS}


def _filled(records: Sequence[Record], ids: Ids, details: Mapping[Key, Record]) -> tuple[Record, ...]:
    """Records with what was learned, then those that only another spelling found."""
    known = {(record.kind, int(record.id)) for record in records}
    first = [details.get((record.kind, int(record.id)), record) for record in records]
    more = [
        details[(kind, number)]
        for kind, numbers in ids.items()
        for number in numbers
        if (kind, number) not in known and (kind, number) in details
    ]
    return (*first, *more)


def _record(kind: str, row: Mapping[str, Any]) -> Record:
    names = (text(row.get("NAME")).strip(), text(row.get("LAST_NAME")).strip())
    return Record(
        kind,
        str(whole(row.get("ID")) or ""),
        text(row.get("TITLE")) or " ".join(name for name in names if name),
        whole(row.get("ASSIGNED_BY_ID")),
        _moment(row.get("DATE_CREATE")),
        text(row.get("STATUS_ID")),
        text(row.get("STATUS_SEMANTIC_ID")).upper(),
    )


def _moment(value: Any) -> float:
    try:
        return datetime.fromisoformat(text(value)).timestamp()
    except ValueError:
        return 0.0
