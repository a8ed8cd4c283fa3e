# SPDX-License-Identifier: GPL-3.0-or-later
"""What the portal keeps about people, keys, calls and what came of them. Mutable, guarded by the state's lock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class User:
    id: int
    name: str
    last_name: str
    extension: str = ""
    mobile: str = ""
    work_phone: str = ""
    email: str = ""
    position: str = ""
    departments: list[int] = field(default_factory=lambda: [1])
    active: bool = True
    admin: bool = False
    timeman: str = "OPENED"
    app_access: bool = True

    @property
    def full_name(self) -> str:
        return f"{self.name} {self.last_name}".strip()


@dataclass
class Webhook:
    user_id: int
    code: str
    scopes: frozenset[str]
    expires: float | None = None


@dataclass
class Binding:
    """A subscription of an application. ``handler`` is empty for the offline queue."""

    id: int
    event: str
    handler: str
    auth_type: int = 0
    offline: bool = False
    connector: str = ""
    min_timeout: float = 1.0


@dataclass
class Placement:
    placement: str
    handler: str
    title: str = ""
    description: str = ""
    user_id: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    lang_all: dict[str, Any] = field(default_factory=dict)


@dataclass
class App:
    """A local application. ``number``: REST_APP_ID of telephony; ``removed``: uninstalled, its tokens are dead."""

    number: int
    client_id: str
    client_secret: str
    title: str
    scopes: frozenset[str]
    install_url: str
    redirect_uri: str
    application_token: str
    installed: bool = True
    removed: bool = False
    version: int = 1
    bindings: list[Binding] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)
    lines: dict[str, Line] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class Line:
    id: int
    number: str
    name: str
    crm_auto_create: bool = True


@dataclass
class OutgoingWebhook:
    id: int
    url: str
    events: frozenset[str]
    token: str


@dataclass
class Token:
    """A pair of OAuth. ``revoked``: epoch seconds when the pair was replaced or taken away."""

    access: str
    refresh: str
    client_id: str
    user_id: int
    issued: float
    expires: float
    refresh_expires: float
    revoked: float | None = None


@dataclass(frozen=True)
class CardEvent:
    """A card opened or closed for an employee. ``by``: register, show, hide, finish, timeout or click."""

    at: float
    user_id: int
    opened: bool
    by: str


@dataclass(frozen=True)
class Finish:
    """How a call was closed. ``duration``: seconds of talk. ``activity_id``: None when no client was bound."""

    at: float
    user_id: int
    duration: int
    status: str
    failed_reason: str
    vote: int
    statistic_id: int
    activity_id: int | None


@dataclass(frozen=True)
class Record:
    """A call's recording as it arrived. ``seconds`` is None when the bytes are not playable.

    ``content`` is empty once newer records pushed it out of the memory budget; ``size`` and ``sha256`` stay.
    """

    file_id: int
    filename: str
    mime: str
    content: bytes = field(repr=False)
    size: int
    sha256: str
    seconds: float | None
    at: float
    way: str

    @property
    def playable(self) -> bool:
        return self.seconds is not None


@dataclass
class Call:
    """A call of the portal. ``key``: what makes a repeated register the same call; ``crm``: (type, id) or ("", 0)."""

    call_id: str
    key: tuple[Any, ...]
    type: int
    phone: str
    line: str
    external_call_id: str
    user_id: int
    client: str
    app_number: int | None
    app_title: str
    registered_at: float
    started: float
    crm: tuple[str, int] = ("", 0)
    created: list[tuple[str, int]] = field(default_factory=list)
    creation_error: str = ""
    click_to_call: bool = False
    registers: int = 1
    refused_finishes: int = 0
    open_cards: set[int] = field(default_factory=set)
    cards: list[CardEvent] = field(default_factory=list)
    finish: Finish | None = None
    record: Record | None = None
    records: int = 0
    statistic: dict[str, Any] = field(default_factory=dict)
    transcript: list[dict[str, Any]] = field(default_factory=list)

    def card(self, at: float, user_id: int, opened: bool, by: str) -> None:
        """Open or close one card; a card that is so already leaves no trace."""
        if (user_id in self.open_cards) == opened:
            return
        (self.open_cards.add if opened else self.open_cards.discard)(user_id)
        self.cards.append(CardEvent(at, user_id, opened, by))

    def close_cards(self, at: float, by: str) -> None:
        for user_id in sorted(self.open_cards):
            self.card(at, user_id, False, by)


@dataclass
class Message:
    """A message of a chat. ``dialog``: ``chatN`` or a user's id as text; ``author`` 0 is the system."""

    id: int
    dialog: str
    author: int
    text: str
    at: float


@dataclass
class Notification:
    id: int
    user_id: int
    text: str
    at: float
    kind: str
    tag: str = ""


@dataclass
class Chat:
    id: int
    title: str
    users: set[int]
    entity_type: str = ""
    entity_id: str = ""


@dataclass
class Comment:
    id: int
    entity_type: str
    entity_id: int
    text: str
    author: int
    at: float
