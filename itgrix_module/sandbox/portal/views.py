# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests, the demo and the page see of the portal: frozen copies, safe to keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from itgrix_module.sandbox.portal.closing import client_name
from itgrix_module.sandbox.portal.model import Call, CardEvent, Finish, Record
from itgrix_module.sandbox.portal.params import as_int
from itgrix_module.sandbox.portal.state import State


@dataclass(frozen=True)
class CallView:
    """One call of the portal.

    ``user_id``: for whom it was registered. ``registers``: how often a register meant this call.
    ``refused_finishes``: finishes after the first. ``cards``: every opening and closing in order;
    ``open_cards``: users whose card is open now. ``records``: recordings that arrived, ``record`` the last.
    ``crm``: (type, id) of the bound client or ("", 0); ``created``: objects that this call made.
    Times in epoch seconds.
    """

    call_id: str
    external_call_id: str
    type: int
    phone: str
    line: str
    user_id: int
    client: str
    registered_at: float
    started: float
    registers: int
    refused_finishes: int
    click_to_call: bool
    cards: tuple[CardEvent, ...]
    open_cards: frozenset[int]
    finish: Finish | None
    record: Record | None
    records: int
    crm: tuple[str, int]
    client_name: str
    created: tuple[tuple[str, int], ...]
    transcript: tuple[Mapping[str, Any], ...]

    @property
    def finished(self) -> bool:
        return self.finish is not None

    @property
    def shown_to(self) -> tuple[int, ...]:
        """Users who ever had the card, in the order it opened."""
        return tuple(dict.fromkeys(event.user_id for event in self.cards if event.opened))


@dataclass(frozen=True)
class EntityView:
    """A lead, contact, company or deal. ``fields`` as ``crm.*.get`` returns them."""

    kind: str
    id: int
    name: str
    phones: tuple[str, ...]
    responsible: int
    source: str
    stage: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class ActivityView:
    id: int
    owner: tuple[int, int]
    bindings: tuple[tuple[int, int], ...]
    subject: str
    responsible: int
    completed: bool
    incoming: bool
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class TaskView:
    """``crm``: what it is bound to, like ``L_4``. ``status``: 2 pending, 5 completed."""

    id: int
    title: str
    description: str
    responsible: int
    status: str
    deadline: str | None
    crm: tuple[str, ...]
    fields: Mapping[str, Any]

    @property
    def completed(self) -> bool:
        return self.status == "5"


def call_view(state: State, call: Call) -> CallView:
    """A frozen copy of a call."""
    return CallView(
        call_id=call.call_id,
        external_call_id=call.external_call_id,
        type=call.type,
        phone=call.phone,
        line=call.line,
        user_id=call.user_id,
        client=call.client,
        registered_at=call.registered_at,
        started=call.started,
        registers=call.registers,
        refused_finishes=call.refused_finishes,
        click_to_call=call.click_to_call,
        cards=tuple(call.cards),
        open_cards=frozenset(call.open_cards),
        finish=call.finish,
        record=call.record,
        records=call.records,
        crm=call.crm,
        client_name=client_name(state, call.crm),
        created=tuple(call.created),
        transcript=tuple(call.transcript),
    )


def entity_view(state: State, kind: str, fields: Mapping[str, Any]) -> EntityView:
    """A frozen copy of a CRM object."""
    number = int(fields["ID"])
    return EntityView(
        kind=kind,
        id=number,
        name=client_name(state, (kind, number)),
        phones=tuple(item["VALUE"] for item in fields.get("PHONE", ())),
        responsible=int(fields["ASSIGNED_BY_ID"] or 0),
        source=str(fields.get("SOURCE_ID") or ""),
        stage=str(fields.get("STATUS_ID") or fields.get("STAGE_ID") or ""),
        fields=dict(fields),
    )


def activity_view(state: State, fields: Mapping[str, Any]) -> ActivityView:
    """A frozen copy of an activity."""
    return ActivityView(
        id=int(fields["ID"]),
        owner=(int(fields["OWNER_TYPE_ID"]), int(fields["OWNER_ID"])),
        bindings=tuple(state.bindings.get(int(fields["ID"]), ())),
        subject=str(fields["SUBJECT"]),
        responsible=as_int(fields["RESPONSIBLE_ID"]) or 0,
        completed=fields["COMPLETED"] == "Y",
        incoming=fields["DIRECTION"] == "1",
        fields=dict(fields),
    )


def task_view(fields: Mapping[str, Any]) -> TaskView:
    """A frozen copy of a task."""
    return TaskView(
        id=int(fields["ID"]),
        title=str(fields["TITLE"]),
        description=str(fields["DESCRIPTION"] or ""),
        responsible=as_int(fields.get("RESPONSIBLE_ID")) or 0,
        status=str(fields["STATUS"]),
        deadline=fields["DEADLINE"],
        crm=tuple(str(item) for item in fields["UF_CRM_TASK"]),
        fields=dict(fields),
    )
