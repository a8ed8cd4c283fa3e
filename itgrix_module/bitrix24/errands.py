# SPDX-License-Identifier: GPL-3.0-or-later
"""Errands in the portal: looks and orders into REST commands, several in one request (contract §9, §12, §13)."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from itgrix_module.app import errand_ports as ports
from itgrix_module.app.errand_ports import Asked
from itgrix_module.app.rest_ports import Answer, Command
from itgrix_module.bitrix24 import crm, dialling, telephony
from itgrix_module.bitrix24.client import PortalClient
from itgrix_module.bitrix24.errors import fault
from itgrix_module.bitrix24.limits import NORMAL
from itgrix_module.bitrix24.shapes import mapping, maps, text, whole
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from itgrix_module.domain.responsible import Record

TYPE_IDS = {"LEAD": 1, "DEAL": 2, "CONTACT": 3, "COMPANY": 4}
STAGES_FRESH = 900.0  # seconds that the first stage of a funnel is remembered
_MESSAGES = 50
_FINISHED = frozenset((4, 5, 7))  # awaits control, completed, declined
_BB = re.compile(r"\[/?[A-Za-z*][^\[\]]*\]")

Reader = Callable[[Any, Any], Any]  # (what was asked, the portal's result) → answer


class _Way(NamedTuple):
    command: Callable[[str, Any], Command]
    read: Reader


class BitrixErrands:
    """Fulfils ``app.errand_ports.ErrandPortal``. ``client``: called for each request. ``clock``: seconds."""

    def __init__(self, client: Callable[[], PortalClient], clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._clock = client, clock
        self._stages: dict[int, tuple[str, float]] = {}

    def ask(self, asked: Sequence[Asked]) -> list[Any]:
        """See the port."""
        found: dict[int, Any] = {}
        for place, item in enumerate(asked):
            if isinstance(item, ports.TaskByMark):
                found[place] = self._settled(lambda item=item: self._by_mark(item))  # type: ignore[misc]
            elif isinstance(item, ports.FirstStage) and (stage := self._known_stage(item.category)):
                found[place] = stage
        rest = {place: item for place, item in enumerate(asked) if place not in found}
        found.update(self._sent(rest))
        return [found[place] for place in range(len(asked))]

    def _sent(self, asked: Mapping[int, Asked]) -> dict[int, Any]:
        commands = [_WAYS[type(item)].command(f"e{place}", item) for place, item in asked.items()]
        answers = self._answers(commands)
        return {place: self._read(item, answers.get(f"e{place}")) for place, item in asked.items()}

    def _answers(self, commands: Sequence[Command]) -> dict[str, Answer]:
        if len(commands) != 1:
            return {answer.key: answer for answer in self._client().batch(commands, priority=NORMAL)}
        alone = commands[0]
        result = self._settled(lambda: self._client().call(alone.method, alone.params, priority=NORMAL))
        is_failure = isinstance(result, Failure)
        return {alone.key: Answer(alone.key, None if is_failure else result, result if is_failure else None)}

    def _settled(self, ask: Callable[[], Any]) -> Any:
        """The result, or the failure of this alone; what concerns the portal as a whole is raised."""
        try:
            return ask()
        except Failure as failure:
            if isinstance(failure, NeedsOwner) or (isinstance(failure, Temporary) and failure.scope == "portal"):
                raise
            return failure

    def _read(self, item: Asked, answer: Answer | None) -> Any:
        if answer is None:
            return fault("no_answer", "batch")
        if answer.failure is not None:
            return self._refused(item, answer.failure)
        try:
            found = _WAYS[type(item)].read(item, answer.result)
        except Failure as failure:
            return failure
        if isinstance(item, ports.FirstStage):
            self._stages[item.category] = (found, self._clock())
        return found

    def _refused(self, item: Asked, failure: Exception) -> Any:
        """What the portal's refusal means where it is an answer; its words are localised and are not read."""
        if not isinstance(failure, Permanent):
            return failure
        if isinstance(item, ports.FirstStage):
            return ""
        if isinstance(item, ports.TaskState):
            return ports.TASK_GONE if failure.code in ("task_denied", "not_found", "0", "100") else failure
        if isinstance(item, ports.BindDeal):
            return self._settled(lambda: self._is_bound(item.activity_id, "DEAL", item.deal_id) or failure)
        if isinstance(item, ports.BindClient):
            return self._settled(lambda: self._is_bound(item.activity_id, item.kind, item.id) or failure)
        if isinstance(item, ports.UnbindClient):
            return self._settled(lambda: not self._is_bound(item.activity_id, item.kind, item.id) or failure)
        return failure

    def _is_bound(self, activity_id: str, kind: str, number: str) -> bool:
        params = {"activityId": whole(activity_id)}
        rows = maps(self._client().call("crm.activity.binding.list", params, priority=NORMAL))
        wanted = TYPE_IDS[kind], whole(number)
        return any((whole(row.get("entityTypeId")), whole(row.get("entityId"))) == wanted for row in rows)

    def _known_stage(self, category: int) -> str:
        stage, at = self._stages.get(category, ("", 0.0))
        return stage if stage and self._clock() - at < STAGES_FRESH else ""

    def _by_mark(self, item: ports.TaskByMark) -> str:
        """The portal does not filter by description, so the tasks of that time are looked through."""
        wanted = {">=CREATED_DATE": _iso(item.since), "<=CREATED_DATE": _iso(item.until)}
        params = {"filter": wanted, "select": ["ID", "DESCRIPTION"], "order": {"ID": "desc"}}
        for row in self._client().list("tasks.task.list", params, priority=NORMAL):
            if _last_line(text(row.get("description") or row.get("DESCRIPTION"))) == item.mark:
                return _id(row.get("id") or row.get("ID"), "tasks.task.list")
        return ""


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _last_line(description: str) -> str:
    lines = [line.strip() for line in re.split(r"<br\s*/?>|\n", html.unescape(description))]
    return next((line for line in reversed(lines) if line), "")


def _id(value: Any, method: str) -> str:
    number = whole(value)
    if not number:
        # It may well have been made; a repeat would make a second one.
        raise fault("bad_answer", method, said="no number of what was made")
    return str(number)


# -- how each is asked and read


def _record(key: str, item: ports.Record) -> Command:
    return Command(key, f"crm.{item.kind.lower()}.get", {"id": whole(item.id)})


def _fields_of(item: ports.Record, result: Any) -> dict[str, Any]:
    found = mapping(result)
    if not found:
        raise fault("bad_answer", f"crm.{item.kind.lower()}.get", said="no fields")
    return found


def _open_deals(key: str, item: ports.NewestOpenDeal) -> Command:
    wanted = {f"{item.kind}_ID": whole(item.id), "CATEGORY_ID": item.category, "CLOSED": "N"}
    return _deals(key, wanted)


def _deals(key: str, wanted: Mapping[str, Any]) -> Command:
    params = {"filter": wanted, "select": ["ID"], "order": {"ID": "DESC"}, "start": -1}
    return Command(key, "crm.deal.list", params)


def _first_deal(_: Asked, result: Any) -> str:
    return next((str(whole(row.get("ID"))) for row in maps(result) if whole(row.get("ID"))), "")


def _stages(key: str, item: ports.FirstStage) -> Command:
    entity = f"DEAL_STAGE_{item.category}" if item.category else "DEAL_STAGE"
    return Command(key, "crm.status.list", {"filter": {"ENTITY_ID": entity}, "order": {"SORT": "ASC"}})


def _first_stage(_: Asked, result: Any) -> str:
    """The first one in which a deal is in progress."""
    going = (row for row in maps(result) if text(row.get("SEMANTICS")).upper() not in ("S", "F"))
    return next((stage for row in going if (stage := text(row.get("STATUS_ID")))), "")


def _task_state(_: Asked, result: Any) -> str:
    task = mapping(mapping(result).get("task"))
    if not task:
        return ports.TASK_GONE
    status = whole(task.get("status") or task.get("STATUS"))
    return ports.TASK_CLOSED if status in _FINISHED else ports.TASK_OPEN


def _messages(key: str, item: ports.WasSaid) -> Command:
    return Command(key, "im.dialog.messages.get", {"DIALOG_ID": item.dialog, "LIMIT": _MESSAGES})


def _was_said(item: ports.WasSaid, result: Any) -> bool:
    rows = maps(mapping(result).get("messages"))
    wanted = _spoken(item.text)
    return any(_spoken(text(row.get("text"))) == wanted and _date(row.get("date")) >= item.since for row in rows)


def _spoken(message: str) -> str:
    """As people read it: portals give texts back with or without markup."""
    return " ".join(_BB.sub(" ", html.unescape(message)).split())


def _date(value: Any) -> float:
    """Epoch seconds; a moment that cannot be read counts as now: rather no message than a second one."""
    try:
        return datetime.fromisoformat(text(value)).timestamp()
    except ValueError:
        return time.time()


def _set(key: str, item: ports.SetFields) -> Command:
    return Command(key, f"crm.{item.kind.lower()}.update", {"id": whole(item.id), "fields": dict(item.fields)})


def _move(key: str, item: ports.MoveDeal) -> Command:
    fields = {"categoryId": item.category} | ({"stageId": item.stage} if item.stage else {})
    return Command(
        key, "crm.item.update", {"entityTypeId": TYPE_IDS["DEAL"], "id": whole(item.deal_id), "fields": fields}
    )


def _bind(key: str, item: ports.BindDeal) -> Command:
    params = {"activityId": whole(item.activity_id), "entityTypeId": TYPE_IDS["DEAL"], "entityId": whole(item.deal_id)}
    return Command(key, "crm.activity.binding.add", params)


def _binding(method: str) -> Callable[[str, Any], Command]:
    def command(key: str, item: ports.BindClient | ports.UnbindClient) -> Command:
        params = {
            "activityId": whole(item.activity_id),
            "entityTypeId": TYPE_IDS[item.kind],
            "entityId": whole(item.id),
        }
        return Command(key, f"crm.activity.binding.{method}", params)

    return command


def _clients(_: Asked, result: Any) -> tuple[Record, ...]:
    found = telephony.clients(result)
    return tuple(Record(one.entity_type, str(one.entity_id), one.name, one.responsible) for one in found)


def _done(_: Asked, _result: Any) -> bool:
    return True


_WAYS: Mapping[type, _Way] = {
    ports.Record: _Way(_record, _fields_of),
    ports.DealOfCall: _Way(
        lambda key, item: _deals(key, {"ORIGINATOR_ID": "itgrix", "ORIGIN_ID": item.origin}), _first_deal
    ),
    ports.NewestOpenDeal: _Way(_open_deals, _first_deal),
    ports.FirstStage: _Way(_stages, _first_stage),
    ports.TaskState: _Way(
        lambda key, item: Command(key, "tasks.task.get", {"taskId": whole(item.task_id), "select": ["ID", "STATUS"]}),
        _task_state,
    ),
    ports.WasSaid: _Way(_messages, _was_said),
    ports.MakeTask: _Way(
        lambda key, item: Command(key, "tasks.task.add", {"fields": dict(item.fields)}),
        lambda _, result: _id(crm.task_id(result), "tasks.task.add"),
    ),
    ports.CompleteTask: _Way(lambda key, item: crm.task_complete(key, whole(item.task_id) or 0), _done),
    ports.Say: _Way(
        lambda key, item: crm.message(key, item.dialog, item.text), lambda _, result: _id(result, "im.message.add")
    ),
    ports.Notify: _Way(dialling.notify, _done),
    ports.SetFields: _Way(_set, _done),
    ports.MakeDeal: _Way(
        lambda key, item: Command(key, "crm.deal.add", {"fields": dict(item.fields)}),
        lambda _, result: _id(result, "crm.deal.add"),
    ),
    ports.MoveDeal: _Way(_move, _done),
    ports.BindDeal: _Way(_bind, _done),
    ports.BindClient: _Way(_binding("add"), _done),
    ports.UnbindClient: _Way(_binding("delete"), _done),
    ports.ClientsOf: _Way(lambda key, item: telephony.search(key, item.number), _clients),
}
