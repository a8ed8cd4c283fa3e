# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of the call in the client's record and in the call's activity, and a message about a new client."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from itgrix_module.app import hook_inputs
from itgrix_module.app.crm_records import STATUS_GROUPS, CrmRecord
from itgrix_module.app.errand_ports import Record, Say, SetFields, WasSaid
from itgrix_module.app.errands_matter import Done, Errand, Matter, Once
from itgrix_module.domain.failures import Permanent

CLOCKS = 120.0  # seconds that a message may seem older than it is
_MARKUP = frozenset(("COMMENTS", "DESCRIPTION"))  # fields that the portal reads as BB code


def entity(matter: Matter) -> Errand:
    """The client's record, and a deal that the portal made for the call."""
    told = []
    for kind, number in matter.step.payload["records"]:
        hook = "customize_entity" if kind != "DEAL" else ""
        told.append((yield from _written(matter, kind, number, hook)))
    return Done("; ".join(told))


def activity(matter: Matter) -> Errand:
    """The call's activity."""
    return Done((yield from _written(matter, "ACTIVITY", matter.portal.activity_id, "customize_activity")))


def message(matter: Matter) -> Errand:
    """One message about a client that the call made. Never a second one: rather none, when nobody can tell."""
    before = matter.before("message")
    said = (
        Say(**before["order"]) if before else Say(_dialog(matter), matter.worded(matter.rules.message, "leads.message"))
    )
    if before is not None:
        try:
            arrived = yield WasSaid(said.dialog, said.text, before["at"] - CLOCKS)
        except Permanent as failure:
            return Done(f"not repeated: whether the message has arrived is not known ({failure.text})")
        if arrived:
            return Done(f"message in {said.dialog} had arrived although its answer was lost")
    number = yield Once("message", said)
    return Done(f"message in {said.dialog}", {"message_id": number})


def _dialog(matter: Matter) -> str:
    if not matter.rules.chat:
        raise Permanent("no_chat", "No chat is named any more.", "Set leads.chat, or drop this delivery.")
    return matter.rules.chat


# -- fields


def _written(matter: Matter, kind: str, number: str, hook: str) -> Generator[Any, Any, str]:
    name = f"{kind.lower()} {number}"
    before = matter.before(f"fields {name}")
    fields = before["order"]["fields"] if before else (yield from _wanted(matter, kind, number, hook))
    yield from set_fields(matter, kind, number, fields)
    return f"{name}: {', '.join(fields)} set" if fields else f"{name}: nothing to change"


def set_fields(matter: Matter, kind: str, number: str, fields: Mapping[str, Any]) -> Generator[Any, Any, None]:
    """Set them, the same ones again after a lost answer; without any, nothing is sent."""
    name = f"fields {kind.lower()} {number}"
    before = matter.before(name)
    wanted = before["order"]["fields"] if before else fields
    if wanted:
        yield Once(name, SetFields(kind, number, wanted))


def templated(matter: Matter, kind: str) -> dict[str, str]:
    """Fields from the administrator's templates. One that comes out empty is left as it is in the portal."""
    found = {}
    for name, template in matter.rules.extra.get(kind.lower(), {}).items():
        text = matter.worded(template, markup=name in _MARKUP)
        if text.strip():
            found[name] = text
    return found


def _wanted(matter: Matter, kind: str, number: str, hook: str) -> Generator[Any, Any, dict[str, Any]]:
    fields: dict[str, Any] = dict(templated(matter, kind))
    if not hook or not matter.aids.hooks.is_on(hook):
        return fields
    raw: Mapping[str, Any] = yield Record(kind, number)
    record = _record(matter, kind, number, raw)
    decision = matter.customized(hook, lambda at: _INPUTS[hook](at, record), {})
    wanted = {} if decision.cancelled else fields | decision.value
    return {name: value for name, value in wanted.items() if not _same(value, raw.get(name))}


_INPUTS = {
    "customize_entity": hook_inputs.customize_entity,
    "customize_activity": hook_inputs.customize_activity,
}


def _record(matter: Matter, kind: str, number: str, raw: Mapping[str, Any]) -> CrmRecord:
    person = " ".join(str(raw[part]) for part in ("NAME", "LAST_NAME") if raw.get(part))
    phones = [str(item.get("VALUE", "")) for item in raw.get("PHONE") or () if isinstance(item, Mapping)]
    return CrmRecord(
        type=kind.lower(),
        id=int(number),
        name=str(raw.get("SUBJECT") or person or raw.get("TITLE") or ""),
        responsible_id=_whole(raw.get("RESPONSIBLE_ID") or raw.get("ASSIGNED_BY_ID")),
        is_new=(kind, number) in matter.portal.created,
        phones=tuple(phones),
        raw=raw,
        status=str(raw.get("STATUS_ID") or ""),
        status_group=STATUS_GROUPS.get(str(raw.get("STATUS_SEMANTIC_ID") or ""), ""),
    )


def _same(wanted: Any, known: Any) -> bool:
    """The portal writes numbers as text and nothing as null."""
    if isinstance(wanted, list | dict) or isinstance(known, list | dict):
        return bool(wanted == known) or not (wanted or known)
    return _plain(wanted) == _plain(known)


def _plain(value: Any) -> str:
    return (
        ""
        if value is None
        else {True: "Y", False: "N"}.get(value, str(value))
        if isinstance(value, bool)
        else str(value)
    )


def _whole(value: Any) -> int | None:
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() else None
