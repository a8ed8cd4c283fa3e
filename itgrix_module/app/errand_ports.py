# SPDX-License-Identifier: GPL-3.0-or-later
"""What errands ask of the portal after a call, each a small value; the adapter turns them into requests.

Looks read, orders change something. Ids are text, as stored. A record is named by its kind: LEAD, CONTACT, COMPANY,
DEAL or ACTIVITY.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

TASK_OPEN, TASK_CLOSED, TASK_GONE = "open", "closed", "gone"


@dataclass(frozen=True)
class TaskByMark:
    """→ id of the task whose description ends with the line ``mark``, empty when there is none.

    ``since``, ``until``: between which it was made, epoch seconds.
    """

    mark: str
    since: float
    until: float


@dataclass(frozen=True)
class TaskState:
    """→ ``open``, ``closed`` or ``gone``."""

    task_id: str


@dataclass(frozen=True)
class DealOfCall:
    """→ id of the deal that we made for a call, empty when there is none. ``origin``: ``<node>-<linkedid>``."""

    origin: str


@dataclass(frozen=True)
class NewestOpenDeal:
    """→ id of the newest open deal of a contact or company in a funnel, empty when there is none."""

    kind: str
    id: str
    category: int


@dataclass(frozen=True)
class FirstStage:
    """→ code of the first stage of a funnel, empty when the portal does not tell."""

    category: int


@dataclass(frozen=True)
class Record:
    """→ the raw fields of a record, a map."""

    kind: str
    id: str


@dataclass(frozen=True)
class ClientsOf:
    """→ CRM records with a number, as domain.responsible.Record, in the portal's order."""

    number: str


@dataclass(frozen=True)
class WasSaid:
    """→ whether a message with this text stands among the last ones of a chat, not older than ``since``."""

    dialog: str
    text: str
    since: float


@dataclass(frozen=True)
class MakeTask:
    """→ id. ``fields``: as in ``tasks.task.add``."""

    fields: Mapping[str, Any]


@dataclass(frozen=True)
class CompleteTask:
    """→ True."""

    task_id: str


@dataclass(frozen=True)
class Say:
    """→ id. A message to a chat (``chat5``), a group (``sg5``) or a user (``5``)."""

    dialog: str
    text: str


@dataclass(frozen=True)
class Notify:
    """→ True. A notice to a user; one with the same ``tag`` replaces it, so that it may be repeated."""

    user: int
    text: str
    tag: str


@dataclass(frozen=True)
class SetFields:
    """→ True."""

    kind: str
    id: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class MakeDeal:
    """→ id."""

    fields: Mapping[str, Any]


@dataclass(frozen=True)
class MoveDeal:
    """→ True. ``stage``: empty when the portal is to choose."""

    deal_id: str
    category: int
    stage: str


@dataclass(frozen=True)
class BindDeal:
    """→ True, also when it was bound before. The call's activity shows in the deal."""

    activity_id: str
    deal_id: str


@dataclass(frozen=True)
class BindClient:
    """→ True, also when it was bound before. The call's activity shows in the record."""

    activity_id: str
    kind: str
    id: str


@dataclass(frozen=True)
class UnbindClient:
    """→ True, also when it was not bound. The call's activity shows in the record no more."""

    activity_id: str
    kind: str
    id: str


Look = TaskByMark | TaskState | DealOfCall | NewestOpenDeal | FirstStage | Record | ClientsOf | WasSaid
Order = MakeTask | CompleteTask | Say | Notify | SetFields | MakeDeal | MoveDeal | BindDeal | BindClient | UnbindClient
Asked = Look | Order


class ErrandPortal(Protocol):
    """The portal, as far as errands need it."""

    def ask(self, asked: Sequence[Asked]) -> list[Any]:
        """Results or failures in the same order, in one request where possible. Raises Failure of the whole."""
