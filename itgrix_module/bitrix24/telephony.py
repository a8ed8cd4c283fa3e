# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal's telephony methods: commands to send, singly or in a batch, and readers for their answers (contract §8).

Commands for a call that is registered in the same batch take ``call_id_of(key)`` as its id. Readers raise Temporary
``bad_answer`` when the one thing that matters is missing and are tolerant to everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from itgrix_module.app.rest_ports import Command
from itgrix_module.bitrix24.encoding import reference
from itgrix_module.bitrix24.errors import fault
from itgrix_module.bitrix24.shapes import flag, mapping, maps, text, whole
from itgrix_module.bitrix24.telephony_answers import (
    Client,
    Finished,
    Line,
    Registered,
    StatisticRow,
    UploadTarget,
)

OUTGOING, INCOMING, INCOMING_REDIRECTED, CALLBACK, INFO = 1, 2, 3, 4, 5  # TYPE of a call

REGISTER = "telephony.externalCall.register"
SHOW = "telephony.externalCall.show"
HIDE = "telephony.externalCall.hide"
FINISH = "telephony.externalCall.finish"
ATTACH = "telephony.externalCall.attachRecord"
SEARCH = "telephony.externalCall.searchCrmEntities"
LINE_ADD = "telephony.externalLine.add"
LINE_UPDATE = "telephony.externalLine.update"
LINE_DELETE = "telephony.externalLine.delete"
LINE_GET = "telephony.externalLine.get"
STATISTIC = "voximplant.statistic.get"


def moment(at: datetime) -> str:
    """ISO 8601 with offset, to the second. Raises ValueError for a time without zone."""
    if at.utcoffset() is None:
        raise ValueError("the portal needs the time zone of a moment")
    return at.isoformat(timespec="seconds")


def call_id_of(key: str) -> str:
    """The id of the call that the command ``key`` of the same batch registers."""
    return reference(key, "CALL_ID")


def register(
    key: str,
    *,
    phone: str,
    kind: int,
    external_id: str,
    started: datetime,
    user_id: int | None = None,
    extension: str = "",
    line: str = "",
    create: bool = False,
    source: str = "",
    entity: tuple[str, int] | None = None,
    show: bool = False,
    add_to_chat: bool = True,
    call_list_id: int | None = None,
) -> Command:
    """Registers a call for one employee, by portal user id or by internal number.

    ``external_id`` must be unique for the call: the portal returns the same call to a repeat and joins calls without
    it. ``entity``: ("LEAD" | "CONTACT" | "COMPANY", id). Raises ValueError when the employee or the id is missing.
    """
    if user_id is None and not extension:
        raise ValueError("a call is registered for a user or an extension")
    if not external_id:
        raise ValueError("without an id of its own a call may be taken for another one")
    params = {
        **_user(user_id, extension),
        "PHONE_NUMBER": phone,
        "TYPE": kind,
        "CALL_START_DATE": moment(started),
        "CRM_CREATE": int(create),
        "SHOW": int(show),
        "ADD_TO_CHAT": int(add_to_chat),
        "EXTERNAL_CALL_ID": external_id,
    }
    optional = {"LINE_NUMBER": line, "CRM_SOURCE": source, "CALL_LIST_ID": call_list_id}
    if entity:
        optional |= {"CRM_ENTITY_TYPE": entity[0], "CRM_ENTITY_ID": entity[1]}
    return Command(key, REGISTER, {**params, **{name: value for name, value in optional.items() if value}})


def show(key: str, call_id: str, users: Sequence[int]) -> Command:
    """Opens the card for these users."""
    return Command(key, SHOW, {"CALL_ID": call_id, "USER_ID": list(users)})


def hide(key: str, call_id: str, users: Sequence[int]) -> Command:
    """Closes the card for these users."""
    return Command(key, HIDE, {"CALL_ID": call_id, "USER_ID": list(users)})


def finish(
    key: str,
    call_id: str,
    *,
    duration: int,
    status: str,
    user_id: int | None = None,
    extension: str = "",
    reason: str = "",
    vote: int | None = None,
    cost: float | None = None,
    currency: str = "",
    add_to_chat: bool = True,
) -> Command:
    """Closes a call. ``duration``: seconds of talk. ``status``: 200, 304, 603-S ... ``vote``: 1 to 5.

    The user becomes responsible for what the call created. Raises ValueError when there is none.
    """
    if user_id is None and not extension:
        raise ValueError("a call is finished by a user or an extension")
    params = {
        "CALL_ID": call_id,
        **_user(user_id, extension),
        "DURATION": max(0, int(duration)),
        "STATUS_CODE": status,
        "ADD_TO_CHAT": int(add_to_chat),
    }
    optional = {"FAILED_REASON": reason, "VOTE": vote, "COST": cost, "COST_CURRENCY": currency}
    return Command(key, FINISH, {**params, **{name: value for name, value in optional.items() if value}})


def attach_upload(key: str, call_id: str, filename: str) -> Command:
    """Asks where to send the recording; not for a batch. Only after finish; repeating it replaces the recording."""
    return Command(key, ATTACH, {"CALL_ID": call_id, "FILENAME": filename})


def search(key: str, phone: str) -> Command:
    """Clients with this number, their responsible and whether he is at work."""
    return Command(key, SEARCH, {"PHONE_NUMBER": phone})


def statistic(key: str, *, call_id: str = "", external_id: str = "") -> Command:
    """The portal's record of finished calls, by its id or by ours."""
    wanted = {"CALL_ID": call_id, "EXTERNAL_CALL_ID": external_id}
    found = {name: value for name, value in wanted.items() if value}
    if not found:
        raise ValueError("without an id the portal would list every call")
    return Command(key, STATISTIC, {"FILTER": found})


def line_list(key: str) -> Command:
    """The application's external lines."""
    return Command(key, LINE_GET, {})


def line_add(key: str, number: str, name: str, *, create: bool = False) -> Command:
    """Creates an external line. ``create``: new clients from outgoing calls."""
    return Command(key, LINE_ADD, {"NUMBER": number, "NAME": name, "CRM_AUTO_CREATE": _yes_no(create)})


def line_update(key: str, number: str, name: str, *, create: bool = False) -> Command:
    """Renames an external line."""
    return Command(key, LINE_UPDATE, {"NUMBER": number, "NAME": name, "CRM_AUTO_CREATE": _yes_no(create)})


def line_delete(key: str, number: str) -> Command:
    """Removes an external line."""
    return Command(key, LINE_DELETE, {"NUMBER": number})


def registered(result: Any) -> Registered:
    """Answer to register."""
    found = mapping(result)
    call_id = text(found.get("CALL_ID"))
    if not call_id:
        raise fault("bad_answer", REGISTER, said="no CALL_ID")
    return Registered.read(call_id, found)


def shown(result: Any) -> bool:
    """Answer to show or hide: whether the portal knew the call."""
    return flag(result)


def finished(result: Any) -> Finished:
    """Answer to finish."""
    found = mapping(result)
    if not text(found.get("CALL_ID")) and not text(found.get("CALL_FAILED_CODE")):
        raise fault("bad_answer", FINISH, said="nothing about the call")
    return Finished.read(found)


def upload_target(result: Any) -> UploadTarget:
    """Answer to attachRecord with a file name: where to send the file."""
    found = mapping(result)
    url = text(found.get("uploadUrl"))
    if not url:
        raise fault("bad_answer", ATTACH, said="no uploadUrl")
    return UploadTarget(url, text(found.get("fieldName")) or "file")


def file_id(result: Any) -> int | None:
    """Answer to attachRecord with an address, or to the upload: id of the file; None when it does not say."""
    found = mapping(result)
    return whole(found.get("FILE_ID")) or whole(found.get("ID"))


def clients(result: Any) -> list[Client]:
    """Answer to searchCrmEntities, in the portal's order."""
    return [Client.read(row) for row in maps(result) if whole(row.get("CRM_ENTITY_ID"))]


def lines(result: Any) -> list[Line]:
    """Answer to externalLine.get."""
    return [Line.read(row) for row in maps(result) if text(row.get("NUMBER"))]


def statistics(result: Any) -> list[StatisticRow]:
    """Answer to voximplant.statistic.get."""
    return [StatisticRow.read(row) for row in maps(result) if text(row.get("CALL_ID"))]


def _user(user_id: int | None, extension: str) -> dict[str, Any]:
    return {"USER_ID": user_id} if user_id is not None else {"USER_PHONE_INNER": extension}


def _yes_no(value: bool) -> str:
    return "Y" if value else "N"
