# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of templates: which variables there are, what they hold of a call, and the built-in templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from itgrix_module.app.people_ports import Employee
from itgrix_module.app.ports import CallRow, PortalSide

People = Callable[[str], Employee | None]  # who has an extension or a mobile
Links = Callable[[str, str], str]  # kind and id of a CRM object to its address, empty when there is none

_PATHS = {"LEAD": "lead", "DEAL": "deal", "CONTACT": "contact", "COMPANY": "company"}
_CLIENTS = ("CONTACT", "COMPANY", "LEAD")

_CLIENT = {"type": "LEAD, CONTACT or COMPANY", "id": "number of the record", "link": "address of the record"}
_EMPLOYEE = {"extension": "extension", "name": "name in the portal", "user": "number of the portal user"}
KNOWN: Mapping[str, str | Mapping[str, str]] = {
    "number": "client's number in the portal's form",
    "client_name": "client's name as the PBX shows it",
    "client": _CLIENT,
    "line": "trunk or DID of the call",
    "line_name": "name of the line in the settings, else the line",
    "source": "lead source of the line",
    "direction": "incoming or outgoing",
    "outcome": "answered, missed, busy, cancelled, declined, failed or no_answer",
    "status": "code for the portal, such as 200 or 304",
    "wait": "seconds until the first answer, or until the end",
    "talk": "seconds of talk",
    "started": "moment of the beginning",
    "answered": "moment of the first answer",
    "ended": "moment of the end",
    "employee": _EMPLOYEE,
    "answered_by": _EMPLOYEE,
    "last_talker": _EMPLOYEE,
    "rang": "extensions whose phones rang, a list",
    "queue": "queue of the call",
    "transfers": "transfers, a list of maps with kind, from and to",
    "is_new": "whether the call made its client in the CRM",
    "vote": "the caller's rating, 1 to 5",
    "task": "number of the task",
    "deal": "number of the deal",
    "lead": "number of the lead",
    "linkedid": "the PBX's id of the call",
    "node": "name of the PBX",
}

FORMATS = {"ru": "%d.%m.%Y %H:%M", "en": "%Y-%m-%d %H:%M"}

DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "ru": {
        "missed.task.title": "Перезвонить: {{ client_name or number }}",
        "missed.task.description": (
            "Пропущенный звонок {{ started|datetime }}\n"
            "Номер: {{ number }}{% if client_name %} ({{ client_name }}){% endif %}\n"
            "{% if line_name %}Линия: {{ line_name }}\n{% endif %}"
            "{% if queue %}Очередь: {{ queue }}\n{% endif %}"
            "Ожидание: {{ wait|duration }}"
            "{% if rang %}\nЗвонили: {{ rang|join }}{% endif %}"
        ),
        "leads.message": (
            "Новый {% if client.type == 'LEAD' %}лид{% else %}клиент{% endif %}: "
            "{% if client.link %}[URL={{ client.link }}]{{ client_name or number }}[/URL]"
            "{% else %}{{ client_name or number }}{% endif %}\n"
            "{% if outcome == 'answered' %}Разговор {{ talk|duration }}"
            "{% if last_talker.name %}, {{ last_talker.name }}{% endif %}{% else %}Без ответа{% endif %}"
            "{% if line_name %}, линия {{ line_name }}{% endif %}"
        ),
        "deal.title": "{{ client_name or number }}{% if line_name %}, {{ line_name }}{% endif %}",
    },
    "en": {
        "missed.task.title": "Call back: {{ client_name or number }}",
        "missed.task.description": (
            "Missed call {{ started|datetime }}\n"
            "Number: {{ number }}{% if client_name %} ({{ client_name }}){% endif %}\n"
            "{% if line_name %}Line: {{ line_name }}\n{% endif %}"
            "{% if queue %}Queue: {{ queue }}\n{% endif %}"
            "Waited: {{ wait|duration }}"
            "{% if rang %}\nRang: {{ rang|join }}{% endif %}"
        ),
        "leads.message": (
            "New {% if client.type == 'LEAD' %}lead{% else %}client{% endif %}: "
            "{% if client.link %}[URL={{ client.link }}]{{ client_name or number }}[/URL]"
            "{% else %}{{ client_name or number }}{% endif %}\n"
            "{% if outcome == 'answered' %}Talked {{ talk|duration }}"
            "{% if last_talker.name %}, {{ last_talker.name }}{% endif %}{% else %}No answer{% endif %}"
            "{% if line_name %}, line {{ line_name }}{% endif %}"
        ),
        "deal.title": "{{ client_name or number }}{% if line_name %}, {{ line_name }}{% endif %}",
    },
}


def default(key: str, language: str) -> str:
    """The built-in template of a setting."""
    return DEFAULTS.get(language, DEFAULTS["en"])[key]


def crm_link(base: str, kind: str, number: str) -> str:
    """Address of a CRM object in the portal at ``base`` (https://portal); empty when it has none."""
    path = _PATHS.get(kind.upper())
    return f"{base.rstrip('/')}/crm/{path}/details/{number}/" if base and path and number.isdigit() else ""


def client_of(portal: PortalSide) -> tuple[str, str]:
    """Type and id of the call's client in the CRM; empty when it has none."""
    if portal.entity_type in _CLIENTS and portal.entity_id:
        return portal.entity_type, portal.entity_id
    made = dict(portal.created)
    return next(((kind, made[kind]) for kind in _CLIENTS if made.get(kind)), ("", ""))


def is_new(portal: PortalSide) -> bool:
    """Did the call make its client?"""
    return any(kind in _CLIENTS for kind, _ in portal.created)


def variables(
    call: CallRow,
    portal: PortalSide,
    people: People,
    line_name: str,
    zone: tzinfo | None,
    links: Links,
    *,
    transfers: Sequence[Mapping[str, str]] = (),
    task: str = "",
    deal: str = "",
) -> dict[str, Any]:
    """What templates know of a call (KNOWN). ``zone``: of its moments, None for the server's."""
    kind, number = client_of(portal)
    made = dict(portal.created)
    answered_by, last = _employee(call.answered_by, people), _employee(call.last_talker, people)
    nobody = call.caller or (call.rang[-1] if call.rang else "")
    return {
        "number": call.number or call.client,
        "client_name": call.client_name,
        "client": {"type": kind, "id": number, "link": links(kind, number) if kind else ""},
        "line": call.line,
        "line_name": line_name or call.line,
        "source": call.source,
        "direction": call.direction,
        "outcome": call.outcome,
        "status": call.status,
        "wait": call.wait or 0.0,
        "talk": call.talk,
        "started": _moment(call.started, zone),
        "answered": _moment(call.answered, zone),
        "ended": _moment(call.ended, zone),
        "employee": last if last["extension"] else _employee(nobody, people),
        "answered_by": answered_by,
        "last_talker": last,
        "rang": list(call.rang),
        "queue": call.queue,
        "transfers": [dict(item) for item in transfers],
        "is_new": is_new(portal),
        "vote": call.vote or "",
        "task": task,
        "deal": deal or made.get("DEAL", ""),
        "lead": number if kind == "LEAD" else made.get("LEAD", ""),
        "linkedid": call.linkedid,
        "node": call.node,
    }


def _employee(party: str, people: People) -> dict[str, Any]:
    found = people(party) if party else None
    return {"extension": party, "name": found.name if found else "", "user": found.user_id if found else ""}


def _moment(at: float | None, zone: tzinfo | None) -> datetime | str:
    return datetime.fromtimestamp(at, UTC).astimezone(zone) if at else ""


SAMPLE: Mapping[str, Any] = variables(
    CallRow(
        "pbx", "1700000000.1", "incoming", "ended", "79161234567", "+79161234567", "Client", "74950000001", "CALL",
        queue="600", started=1.7e9, answered=1.7e9 + 9, ended=1.7e9 + 70, outcome="answered", status="200", wait=9.0,
        talk=61.0, answered_by="101", last_talker="102", rang=("101", "102"), vote=5,
    ),
    PortalSide(entity_type="LEAD", entity_id="7", created=(("LEAD", "7"),)),
    lambda party: Employee(party, 1, "Employee"),
    "Line",
    UTC,
    lambda kind, number: crm_link("https://portal.example", kind, number),
    transfers=({"kind": "blind", "from": "101", "to": "102"},),
    task="3711",
    deal="5",
)  # fmt: skip
