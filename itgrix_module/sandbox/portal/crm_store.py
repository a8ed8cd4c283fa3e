# SPDX-License-Identifier: GPL-3.0-or-later
"""Leads, contacts, companies and deals, with an index of their numbers and addresses.

Scalars are kept as text as the classic methods return them; multiple values as lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from itgrix_module.sandbox.portal import crm_fields
from itgrix_module.sandbox.portal.params import as_bool, as_int, as_list, as_map, as_text
from itgrix_module.sandbox.portal.phones import normal
from itgrix_module.sandbox.portal.shelf import Shelf

Fields = dict[str, Any]
LOOKUP_ORDER = ("CONTACT", "COMPANY", "LEAD")


class CrmStore:
    """Objects by kind and id; at most ``keep`` of a kind. ``iso`` in its methods: text of the current moment."""

    def __init__(self, keep: int) -> None:
        self.objects: dict[str, Shelf[int, Fields]] = {
            kind: Shelf(keep, partial(self._forgotten, kind)) for kind in crm_fields.TYPE_IDS
        }
        self._last = dict.fromkeys(crm_fields.TYPE_IDS, 0)
        self._last_value = 0
        self._index: dict[tuple[str, str], dict[tuple[str, int], None]] = {}

    def add(self, kind: str, fields: Mapping[str, Any], author: int, iso: str) -> int:
        """A new object with the portal's defaults; returns its id."""
        self._last[kind] += 1
        number = self._last[kind]
        stored: Fields = dict.fromkeys(
            name for name, type_ in crm_fields.FIELDS[kind].items() if type_ not in ("crm_multifield", "multiple")
        )
        stored |= _defaults(kind, number, author, iso)
        self.objects[kind][number] = stored
        self._write(kind, stored, fields)
        return number

    def get(self, kind: str, number: int) -> Fields | None:
        return self.objects[kind].get(number)

    def update(self, kind: str, stored: Fields, fields: Mapping[str, Any], author: int, iso: str) -> None:
        self._unindex(kind, stored)
        stored |= {"DATE_MODIFY": iso, "MODIFY_BY_ID": str(author)}
        self._write(kind, stored, fields)

    def delete(self, kind: str, number: int) -> bool:
        stored = self.objects[kind].pop(number, None)
        if stored is not None:
            self._unindex(kind, stored)
        return stored is not None

    def find(self, type_: str, value: str) -> dict[str, list[int]]:
        """Ids by kind of the objects with this number (``PHONE``) or address (``EMAIL``), oldest first."""
        found: dict[str, list[int]] = {}
        for kind, number in self._index.get((type_, _key(type_, value)), ()):
            found.setdefault(kind, []).append(number)
        return found

    def client_of(self, phone: str) -> tuple[str, int]:
        """The object a call with this number belongs to, or ("", 0)."""
        found = self.find("PHONE", phone)
        for kind in LOOKUP_ORDER:
            if kind in found:
                return kind, found[kind][0]
        return "", 0

    def _write(self, kind: str, stored: Fields, fields: Mapping[str, Any]) -> None:
        for name, value in fields.items():
            upper = str(name).upper()
            if upper in crm_fields.MULTI and upper in crm_fields.FIELDS[kind]:
                self._write_multi(stored, upper, value)
            elif crm_fields.known(kind, upper) and upper not in crm_fields.READ_ONLY:
                stored[upper] = _scalar(crm_fields.FIELDS[kind].get(upper, "user"), value)
        _derive(kind, stored)
        self._reindex(kind, stored)

    def _write_multi(self, stored: Fields, name: str, value: Any) -> None:
        """Items without ID are appended; an ID with no value or with DELETE removes, else it changes."""
        items = {item["ID"]: item for item in stored.get(name, [])}
        for given in map(as_map, as_list(value)):
            key, text = as_text(given.get("ID")), as_text(given.get("VALUE")).strip()
            if key and (not text or as_bool(given.get("DELETE"))):
                items.pop(key, None)
            elif key in items:
                items[key] |= {"VALUE": text, "VALUE_TYPE": given.get("VALUE_TYPE", items[key]["VALUE_TYPE"])}
            elif text:
                self._last_value += 1
                type_ = as_text(given.get("VALUE_TYPE"), "WORK") or "WORK"
                items[str(self._last_value)] = {
                    "ID": str(self._last_value),
                    "VALUE_TYPE": type_,
                    "VALUE": text,
                    "TYPE_ID": name,
                }
        stored[name] = list(items.values())
        if not stored[name]:
            del stored[name]

    def _reindex(self, kind: str, stored: Fields) -> None:
        for name in ("PHONE", "EMAIL"):
            for item in stored.get(name, ()):
                self._index.setdefault((name, _key(name, item["VALUE"])), {})[(kind, int(stored["ID"]))] = None

    def _forgotten(self, kind: str, _number: int, stored: Fields) -> None:
        self._unindex(kind, stored)

    def _unindex(self, kind: str, stored: Fields) -> None:
        for name in ("PHONE", "EMAIL"):
            for item in stored.get(name, ()):
                key = (name, _key(name, item["VALUE"]))
                owners = self._index.get(key, {})
                owners.pop((kind, int(stored["ID"])), None)
                if not owners:
                    self._index.pop(key, None)


def _key(type_: str, value: str) -> str:
    return normal(value) if type_ == "PHONE" else value.strip().casefold()


def _scalar(type_: str, value: Any) -> Any:
    if type_ == "multiple":
        return [str(number) for number in map(as_int, as_list(value)) if number is not None]
    if type_ == "user" and isinstance(value, (list, dict)):
        return [as_text(item) for item in as_list(value)]
    if type_ == "char":
        return "Y" if as_bool(value) else "N"
    if type_ == "integer":
        number = as_int(value)
        return None if number is None else str(number)
    return None if value is None else as_text(value)


def _defaults(kind: str, number: int, author: int, iso: str) -> Fields:
    common = {
        "ID": str(number),
        "ASSIGNED_BY_ID": str(author),
        "CREATED_BY_ID": str(author),
        "MODIFY_BY_ID": str(author),
        "DATE_CREATE": iso,
        "DATE_MODIFY": iso,
        "OPENED": "N",
    }
    own: dict[str, Fields] = {
        "LEAD": {"TITLE": f"Лид #{number}", "STATUS_ID": "NEW", "OPPORTUNITY": "0.00", "CURRENCY_ID": "RUB"},
        "DEAL": {
            "TITLE": f"Сделка #{number}",
            "STAGE_ID": "NEW",
            "CATEGORY_ID": "0",
            "OPPORTUNITY": "0.00",
            "CURRENCY_ID": "RUB",
        },
        "CONTACT": {"TYPE_ID": "CLIENT"},
        "COMPANY": {"COMPANY_TYPE": "CUSTOMER"},
    }
    return common | own[kind]


def _derive(kind: str, stored: Fields) -> None:
    if kind == "LEAD":
        stored["STATUS_SEMANTIC_ID"] = crm_fields.semantics(stored["STATUS_ID"])
    elif kind == "DEAL":
        _derive_contact(stored)
        if stored["CATEGORY_ID"] not in (None, "0") and stored["STAGE_ID"] == "NEW":
            stored["STAGE_ID"] = f"C{stored['CATEGORY_ID']}:NEW"
        stored["STAGE_SEMANTIC_ID"] = crm_fields.semantics(stored["STAGE_ID"])
        stored["CLOSED"] = "N" if stored["STAGE_SEMANTIC_ID"] == "P" else "Y"
    if kind != "DEAL":
        stored["HAS_PHONE"] = "Y" if stored.get("PHONE") else "N"
        stored["HAS_EMAIL"] = "Y" if stored.get("EMAIL") else "N"
        stored["HAS_IMOL"] = "N"


def _derive_contact(stored: Fields) -> None:
    """The first of a deal's contacts is its contact; one that is given alone is the only one."""
    contacts = stored.get("CONTACT_IDS") or []
    if contacts and stored["CONTACT_ID"] not in contacts:
        stored["CONTACT_ID"] = contacts[0]
    elif not contacts and stored["CONTACT_ID"]:
        stored["CONTACT_IDS"] = [stored["CONTACT_ID"]]
