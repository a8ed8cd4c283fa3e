# SPDX-License-Identifier: GPL-3.0-or-later
"""What the portal's telephony methods return, as values (contract §8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from itgrix_module.bitrix24.shapes import flag, mapping, maps, number, text, whole


@dataclass(frozen=True)
class Registered:
    """A registered call. ``created``: (type, id) of what the portal created, in simple mode contact and deal.

    ``creation_error``: the call is registered, but its lead could not be created.
    """

    call_id: str
    entity_type: str = ""
    entity_id: int | None = None
    created_lead: int | None = None
    created: tuple[tuple[str, int], ...] = ()
    creation_error: str = ""

    @classmethod
    def read(cls, call_id: str, found: Mapping[str, Any]) -> Registered:
        return cls(
            call_id,
            text(found.get("CRM_ENTITY_TYPE")),
            whole(found.get("CRM_ENTITY_ID")) or None,
            whole(found.get("CRM_CREATED_LEAD")) or None,
            _entities(found.get("CRM_CREATED_ENTITIES")),
            text(found.get("LEAD_CREATION_ERROR")),
        )


@dataclass(frozen=True)
class Finished:
    """A finished call. ``activity_id``: None when the call belongs to no client."""

    call_id: str
    activity_id: int | None = None
    entity_type: str = ""
    entity_id: int | None = None
    user_id: int | None = None
    duration: int = 0
    status: str = ""
    errors: tuple[str, ...] = ()

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> Finished:
        return cls(
            text(found.get("CALL_ID")),
            whole(found.get("CRM_ACTIVITY_ID")) or None,
            text(found.get("CRM_ENTITY_TYPE")),
            whole(found.get("CRM_ENTITY_ID")) or None,
            whole(found.get("PORTAL_USER_ID")) or None,
            whole(found.get("CALL_DURATION")) or 0,
            text(found.get("CALL_FAILED_CODE")),
            tuple(_words(item) for item in mapping(found.get("ERRORS")).values()),
        )


@dataclass(frozen=True)
class UploadTarget:
    """Where to send a recording, valid once; the address holds a token."""

    url: str
    field: str = "file"

    def __repr__(self) -> str:
        return f"UploadTarget(field={self.field!r})"


@dataclass(frozen=True)
class Client:
    """A client with the number. ``timeman``: OPENED, PAUSED, CLOSED, EXPIRED, UNAVAILABLE, NOT_INSTALLED or empty."""

    entity_type: str
    entity_id: int
    name: str = ""
    responsible: int | None = None
    extension: str = ""
    timeman: str = ""
    mobile: str = ""

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Client:
        person = mapping(row.get("ASSIGNED_BY"))
        return cls(
            text(row.get("CRM_ENTITY_TYPE")).upper(),
            whole(row.get("CRM_ENTITY_ID")) or 0,
            text(row.get("NAME")),
            whole(row.get("ASSIGNED_BY_ID")) or whole(person.get("ID")) or None,
            text(person.get("USER_PHONE_INNER")),
            text(person.get("TIMEMAN_STATUS")).upper(),
            text(person.get("PERSONAL_MOBILE")),
        )


@dataclass(frozen=True)
class Line:
    """An external line of the application."""

    number: str
    name: str = ""
    create: bool = False

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Line:
        return cls(text(row.get("NUMBER")), text(row.get("NAME")), flag(row.get("CRM_AUTO_CREATE")))


@dataclass(frozen=True)
class StatisticRow:
    """A finished call in the portal's statistics. ``started``: as the portal wrote it, ISO 8601 or empty."""

    call_id: str
    external_id: str = ""
    user_id: int | None = None
    phone: str = ""
    kind: int | None = None
    duration: int = 0
    started: str = ""
    status: str = ""
    activity_id: int | None = None
    entity_type: str = ""
    entity_id: int | None = None
    record_file_id: int | None = None
    vote: float | None = None

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> StatisticRow:
        return cls(
            call_id=text(row.get("CALL_ID")),
            external_id=text(row.get("EXTERNAL_CALL_ID")),
            user_id=whole(row.get("PORTAL_USER_ID")) or None,
            phone=text(row.get("PHONE_NUMBER")),
            kind=whole(row.get("CALL_TYPE")),
            duration=whole(row.get("CALL_DURATION")) or 0,
            started=text(row.get("CALL_START_DATE")),
            status=text(row.get("CALL_FAILED_CODE")),
            activity_id=whole(row.get("CRM_ACTIVITY_ID")) or None,
            entity_type=text(row.get("CRM_ENTITY_TYPE")),
            entity_id=whole(row.get("CRM_ENTITY_ID")) or None,
            record_file_id=whole(row.get("RECORD_FILE_ID")) or None,
            vote=number(row.get("CALL_VOTE")),
        )

    def finished(self) -> Finished:
        """What finish would have answered."""
        return Finished(
            self.call_id,
            self.activity_id,
            self.entity_type,
            self.entity_id,
            self.user_id,
            self.duration,
            self.status,
        )


def _entities(value: Any) -> tuple[tuple[str, int], ...]:
    found = ((text(row.get("ENTITY_TYPE")).upper(), whole(row.get("ENTITY_ID"))) for row in maps(value))
    return tuple((kind, entity_id) for kind, entity_id in found if kind and entity_id)


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(text(item) for item in value.values()).strip()
    return text(value)
