# SPDX-License-Identifier: GPL-3.0-or-later
"""Employees, CRM dictionaries, tasks and messages of the portal, as far as calls need them (contract §9 to §13)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from itgrix_module.app.rest_ports import Command, Rest
from itgrix_module.bitrix24.limits import BACKGROUND, NORMAL
from itgrix_module.bitrix24.shapes import flag, mapping, maps, text, whole

CLASSIC, SIMPLE = 1, 2  # CRM modes: with leads, without
MAX_NUMBERS = 20  # that one search for duplicates takes

_PHONES = ("WORK_PHONE", "PERSONAL_MOBILE", "PERSONAL_PHONE")
_SELECT = ("ID", "ACTIVE", "NAME", "LAST_NAME", "SECOND_NAME", "EMAIL", "UF_PHONE_INNER", "UF_DEPARTMENT", *_PHONES)


class Portal(Rest, Protocol):
    """A client that can also list."""

    def list(
        self, method: str, params: Mapping[str, Any] | None = None, *, priority: int = BACKGROUND
    ) -> Iterator[dict[str, Any]]: ...


@dataclass(frozen=True)
class PortalUser:
    """An employee. ``phones``: work, mobile and private ones that are filled in; what the scope hides is empty."""

    id: int
    name: str = ""
    active: bool = True
    extension: str = ""
    phones: tuple[str, ...] = ()
    email: str = ""
    departments: tuple[int, ...] = ()

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> PortalUser:
        names = (text(row.get("NAME")).strip(), text(row.get("LAST_NAME")).strip())
        departments = mapping(row.get("UF_DEPARTMENT")).values()
        return cls(
            whole(row.get("ID")) or 0,
            " ".join(name for name in names if name),
            "ACTIVE" not in row or flag(row["ACTIVE"]),
            text(row.get("UF_PHONE_INNER")).strip(),
            tuple(phone for phone in (text(row.get(name)).strip() for name in _PHONES) if phone),
            text(row.get("EMAIL")),
            tuple(found for found in map(whole, departments) if found is not None),
        )


@dataclass(frozen=True)
class Department:
    """A department; ``parent`` and ``head`` (user id) are None when there is none."""

    id: int
    name: str = ""
    parent: int | None = None
    head: int | None = None


@dataclass(frozen=True)
class Source:
    """An advertising source: its code for CRM_SOURCE and its name."""

    code: str
    name: str


@dataclass(frozen=True)
class Duplicates:
    """Ids of clients who have one of the numbers."""

    leads: tuple[int, ...] = ()
    contacts: tuple[int, ...] = ()
    companies: tuple[int, ...] = ()


@dataclass(frozen=True)
class Profile:
    """Whose authorisation it is."""

    user_id: int
    name: str = ""
    is_admin: bool = False


def employees(portal: Portal, *, active_only: bool = True, priority: int = BACKGROUND) -> list[PortalUser]:
    """All employees, every page. Raises Failure."""
    wanted: dict[str, Any] = {"USER_TYPE": "employee"}
    if active_only:
        wanted["ACTIVE"] = True
    rows = portal.list("user.get", {"FILTER": wanted, "select": list(_SELECT)}, priority=priority)
    users = {user.id: user for user in map(PortalUser.read, rows) if user.id}
    return list(users.values())


def departments(portal: Portal, *, priority: int = BACKGROUND) -> list[Department]:
    """All departments. Raises Failure."""
    rows = portal.list("department.get", priority=priority)
    return [
        Department(found, text(row.get("NAME")), whole(row.get("PARENT")), whole(row.get("UF_HEAD")))
        for row in rows
        if (found := whole(row.get("ID")))
    ]


def crm_mode(rest: Rest, *, priority: int = NORMAL) -> int:
    """CLASSIC or SIMPLE; an answer that is neither counts as classic. Raises Failure."""
    return SIMPLE if whole(rest.call("crm.settings.mode.get", priority=priority)) == SIMPLE else CLASSIC


def sources(rest: Rest, *, priority: int = BACKGROUND) -> list[Source]:
    """Advertising sources of the CRM, in their order. Raises Failure."""
    params = {"order": {"SORT": "ASC"}, "filter": {"ENTITY_ID": "SOURCE"}}
    rows = maps(rest.call("crm.status.list", params, priority=priority))
    return [Source(code, text(row.get("NAME")) or code) for row in rows if (code := text(row.get("STATUS_ID")))]


def duplicates(rest: Rest, numbers: Sequence[str], *, priority: int = NORMAL) -> Duplicates:
    """Clients with one of the spellings of a number (up to 20). Raises Failure."""
    if not numbers:
        return Duplicates()
    command = find_duplicates("d", numbers)
    return read_duplicates(rest.call(command.method, command.params, priority=priority))


def find_duplicates(key: str, numbers: Sequence[str]) -> Command:
    """Looks up to 20 spellings of a number up."""
    return Command(key, "crm.duplicate.findbycomm", {"type": "PHONE", "values": list(numbers)[:MAX_NUMBERS]})


def read_duplicates(result: Any) -> Duplicates:
    """Answer to find_duplicates; the portal sends ``[]`` when there is nobody."""
    found = mapping(result)
    return Duplicates(_ids(found.get("LEAD")), _ids(found.get("CONTACT")), _ids(found.get("COMPANY")))


def profile(rest: Rest, *, priority: int = NORMAL) -> Profile | None:
    """Whose authorisation it is; None when the portal does not say. Raises Failure."""
    return read_profile(rest.call("profile", priority=priority))


def read_profile(result: Any) -> Profile | None:
    """Answer to ``profile`` or ``user.current``."""
    found = mapping(result)
    user_id = whole(found.get("ID"))
    if user_id is None:
        return None
    names = (text(found.get("NAME")).strip(), text(found.get("LAST_NAME")).strip())
    return Profile(user_id, " ".join(name for name in names if name), flag(found.get("ADMIN")))


def notify(key: str, user_id: int, message: str, *, tag: str = "", client_id: str = "") -> Command:
    """A notification to one user; the next one with the same ``tag`` replaces it.

    ``client_id``: any word of ours, which a webhook has to give with a tag.
    """
    params: dict[str, Any] = {"USER_ID": user_id, "MESSAGE": message, "TYPE": "SYSTEM"}
    if tag:
        params["TAG"] = tag
    if client_id:
        params["CLIENT_ID"] = client_id
    return Command(key, "im.notify", params)


def message(key: str, dialog: str, words: str) -> Command:
    """A message to a chat (``chat5``), a group (``sg5``) or a user (``5``); the authorised user must be a member."""
    return Command(key, "im.message.add", {"DIALOG_ID": dialog, "MESSAGE": words, "URL_PREVIEW": "N"})


def task_add(
    key: str,
    *,
    title: str,
    responsible: int,
    description: str = "",
    creator: int | None = None,
    deadline: str = "",
    auditors: Sequence[int] = (),
    group: int | None = None,
    bindings: Sequence[str] = (),
) -> Command:
    """A task. ``deadline``: ISO 8601 with offset. ``bindings``: its clients, as ``L_4``, ``C_7``, ``CO_5``."""
    optional = {
        "DESCRIPTION": description,
        "CREATED_BY": creator,
        "DEADLINE": deadline,
        "AUDITORS": list(auditors),
        "GROUP_ID": group,
        "UF_CRM_TASK": list(bindings),
    }
    fields = {"TITLE": title, "RESPONSIBLE_ID": responsible}
    fields |= {name: value for name, value in optional.items() if value}
    return Command(key, "tasks.task.add", {"fields": fields})


def task_complete(key: str, task_id: int) -> Command:
    """Closes a task."""
    return Command(key, "tasks.task.complete", {"taskId": task_id})


def task_id(result: Any) -> int | None:
    """Answer to task_add: id of the task; None when it does not say."""
    return whole(mapping(mapping(result).get("task")).get("id"))


def _ids(value: Any) -> tuple[int, ...]:
    return tuple(found for found in map(whole, mapping(value).values()) if found)
