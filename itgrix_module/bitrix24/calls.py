# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls in the portal: orders into REST commands, as few requests as the portal allows, answers back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from itgrix_module.app.rest_ports import Answer, Command
from itgrix_module.app.settling import Known
from itgrix_module.app.telephony_ports import CallOrder, CallReply, Finished, FinishOrder, Registered, RegisterOrder
from itgrix_module.bitrix24 import telephony, telephony_answers
from itgrix_module.bitrix24.client import PortalClient
from itgrix_module.bitrix24.errors import fault
from itgrix_module.domain.failures import Failure, NeedsOwner, Temporary

_T = TypeVar("_T")


class BitrixCalls:
    """Fulfils ``app.lost_answers.Portal`` and ``app.recording_ports.RecordingPortal``."""

    def __init__(self, client: PortalClient) -> None:
        self._client = client

    def send(self, orders: Sequence[CallOrder], priority: int) -> list[CallReply]:
        """One command goes alone, several share a batch. Keys of a batch are ours: a call's own may hold anything."""
        named = [(f"c{number}", order) for number, order in enumerate(orders)]
        commands = [command for name, order in named for command in _commands(name, order)]
        answers = self._answers(commands, priority)
        return [_reply(name, order, answers) for name, order in named]

    def _answers(self, commands: Sequence[Command], priority: int) -> Mapping[str, Answer]:
        if len(commands) == 1:
            return {commands[0].key: self._alone(commands[0], priority)}
        return {answer.key: answer for answer in self._client.batch(commands, priority=priority)}

    def _alone(self, command: Command, priority: int) -> Answer:
        try:
            return Answer(command.key, self._client.call(command.method, command.params, priority=priority))
        except Failure as failure:
            if isinstance(failure, NeedsOwner) or (isinstance(failure, Temporary) and failure.scope == "portal"):
                raise
            return Answer(command.key, failure=failure)

    def finished_call(self, call_id: str) -> Finished | None:
        """The portal's own record of a call that it has closed."""
        row = next((row for row in self._closed(call_id=call_id) if row.call_id == call_id), None)
        return _finished(row.finished()) if row else None

    def finished_as(self, external_id: str) -> Known | None:
        """The same by our own id, which the portal keeps as EXTERNAL_CALL_ID."""
        row = next((row for row in self._closed(external_id=external_id) if row.external_id == external_id), None)
        return Known(row.call_id, _finished(row.finished())) if row else None

    def record_of(self, call_id: str) -> str:
        """Id of the recording that a closed call has."""
        rows = (row for row in self._closed(call_id=call_id) if row.call_id == call_id)
        return next((str(row.record_file_id) for row in rows if row.record_file_id), "")

    def _closed(self, call_id: str = "", external_id: str = "") -> list[telephony_answers.StatisticRow]:
        asked = telephony.statistic("s", call_id=call_id, external_id=external_id)
        return telephony.statistics(self._client.call(asked.method, asked.params))

    def attach(self, call_id: str, file: str, filename: str) -> str:
        """Ask where to send the recording, then send it."""
        asked = telephony.attach_upload("a", call_id, filename)
        target = telephony.upload_target(self._client.call(asked.method, asked.params, priority=7))
        found = self._client.upload(target.url, target.field, file, filename)
        return str(telephony.file_id(found) or "")

    def pressure(self) -> float:
        """How full the request budget is, 0..1."""
        return self._client.limits.pressure()

    def ready_in(self, priority: int = 0) -> float:
        """Seconds until a request of this priority may go."""
        return self._client.limits.ready_in(priority)


def _commands(name: str, order: CallOrder) -> Iterator[Command]:
    call_id = order.call_id or telephony.call_id_of(f"{name}_register")
    if order.register is not None:
        yield _register(f"{name}_register", order.register)
    if order.show:
        yield telephony.show(f"{name}_show", call_id, order.show)
    if order.hide:
        yield telephony.hide(f"{name}_hide", call_id, order.hide)
    if order.finish is not None:
        yield _finish(f"{name}_finish", call_id, order.finish)


def _register(key: str, asked: RegisterOrder) -> Command:
    if asked.params is not None:
        return Command(key, telephony.REGISTER, dict(asked.params))
    return telephony.register(
        key,
        phone=asked.phone,
        kind=_kind(asked),
        external_id=asked.external_id,
        started=datetime.fromtimestamp(asked.started, UTC),
        user_id=asked.user_id,
        line=asked.line,
        create=asked.create,
        source=asked.source,
        entity=(asked.entity[0], int(asked.entity[1])) if asked.entity else None,
    )


def _kind(asked: RegisterOrder) -> int:
    if asked.callback:
        return telephony.CALLBACK
    return telephony.INCOMING if asked.incoming else telephony.OUTGOING


def _finish(key: str, call_id: str, end: FinishOrder) -> Command:
    if end.params is not None:
        return Command(key, telephony.FINISH, {**end.params, "CALL_ID": call_id})
    return telephony.finish(
        key,
        call_id,
        duration=end.seconds,
        status=end.status,
        user_id=end.user_id,
        vote=end.vote,
        reason=end.reason,
    )


def _reply(name: str, order: CallOrder, answers: Mapping[str, Answer]) -> CallReply:
    registered = _read(name, order, "register", answers, _registered)
    lost = registered if isinstance(registered, Failure) else None
    return CallReply(
        key=order.key,
        registered=registered,
        shown=_after(lost, _read(name, order, "show", answers, telephony.shown)),
        hidden=_after(lost, _read(name, order, "hide", answers, telephony.shown)),
        finished=_after(
            lost, _read(name, order, "finish", answers, lambda result: _finished(telephony.finished(result)))
        ),
    )


def _after(lost: Failure | None, result: _T | Exception | None) -> _T | Exception | None:
    """What refers to a registration in the same batch fails with it, and for its reason."""
    return lost if lost is not None and result is not None else result


def _read(
    name: str, order: CallOrder, part: str, answers: Mapping[str, Answer], read: Callable[[Any], _T]
) -> _T | Exception | None:
    answer = answers.get(f"{name}_{part}")
    if answer is None:
        return fault("bad_answer", "batch", said=f"no answer to {part}") if _asked(order, part) else None
    if answer.failure is not None:
        return answer.failure
    try:
        return read(answer.result)
    except Failure as failure:
        return failure


def _asked(order: CallOrder, part: str) -> bool:
    return bool(getattr(order, part))


def _registered(result: Any) -> Registered:
    found = telephony.registered(result)
    return Registered(
        call_id=found.call_id,
        entity_type=found.entity_type,
        entity_id=str(found.entity_id or ""),
        created=tuple((kind, str(number)) for kind, number in found.created),
        warning=found.creation_error,
    )


def _finished(found: telephony_answers.Finished) -> Finished:
    return Finished(
        activity_id=str(found.activity_id or ""),
        entity_type=found.entity_type,
        entity_id=str(found.entity_id or ""),
        warning="; ".join(found.errors),
    )
