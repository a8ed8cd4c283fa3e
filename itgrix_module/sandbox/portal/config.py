# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sandbox portal is made of: people, clients, keys, limits. Plain values; the state copies them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

ALL_SCOPES = (
    "telephony", "crm", "user", "user_basic", "department", "im", "task", "disk", "placement", "timeman",
    "calendar", "call",
)  # fmt: skip
MINUTE = 60
DAY = 86400


@dataclass(frozen=True)
class UserSeed:
    """An employee. ``extension`` is the internal number, empty when there is none."""

    id: int
    name: str
    last_name: str
    extension: str = ""
    mobile: str = ""
    work_phone: str = ""
    email: str = ""
    position: str = ""
    departments: tuple[int, ...] = (1,)
    active: bool = True
    admin: bool = False
    timeman: str = "OPENED"


@dataclass(frozen=True)
class DepartmentSeed:
    id: int
    name: str
    parent: int | None = None
    head: int | None = None


@dataclass(frozen=True)
class ClientSeed:
    """A CRM object. ``kind``: LEAD, CONTACT, COMPANY or DEAL; ``fields`` as in ``crm.*.add``."""

    kind: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class WebhookSeed:
    """An incoming webhook: rights of ``user_id`` within ``scopes``. ``expires``: epoch seconds or None."""

    user_id: int = 1
    code: str = "sandboxcode12345"
    scopes: tuple[str, ...] = ALL_SCOPES
    expires: float | None = None


@dataclass(frozen=True)
class AppSeed:
    """A local application of the portal. ``install_url`` gets ONAPPINSTALL.

    ``installed`` False: an application with pages of its own that has not finished its installation; it may call and
    bind, but hears nothing yet.
    """

    client_id: str = "local.5f3c2a1b7d9e40.10203040"
    client_secret: str = "sandboxsecret0123456789abcdef0123456789abcdef01234567"  # noqa: S105
    title: str = "Itgrix"
    scopes: tuple[str, ...] = ALL_SCOPES
    install_url: str = ""
    redirect_uri: str = ""
    application_token: str = ""
    installed: bool = True


@dataclass(frozen=True)
class LineSeed:
    """An external line. It belongs to the first application; webhooks see every line."""

    number: str
    name: str = ""
    crm_auto_create: bool = True


@dataclass(frozen=True)
class OutgoingWebhookSeed:
    """A sender of events without tokens."""

    url: str
    events: tuple[str, ...]
    token: str = ""


@dataclass(frozen=True)
class PortalConfig:
    """Everything a portal starts with. Times in seconds.

    ``webhook_telephony``: ``strict`` refuses register and finish to webhooks as the documentation says, ``lenient``
    allows them as portals in the field do. ``bucket_burst``/``bucket_drain``: None takes the plan's. ``event_delay``:
    least and most delay of an event. ``keep_*`` bound the memory of long runs.
    """

    users: Sequence[UserSeed] = (UserSeed(1, "Анна", "Смирнова", "101", admin=True),)
    departments: Sequence[DepartmentSeed] = (DepartmentSeed(1, "Компания", head=1),)
    clients: Sequence[ClientSeed] = ()
    webhooks: Sequence[WebhookSeed] = (WebhookSeed(),)
    apps: Sequence[AppSeed] = (AppSeed(),)
    lines: Sequence[LineSeed] = ()
    outgoing_webhooks: Sequence[OutgoingWebhookSeed] = ()
    crm_mode: int = 1
    plan: str = "std"
    language: str = "ru"
    utc_offset_hours: int = 3
    webhook_telephony: str = "strict"
    strict_https: bool = False
    separate_oauth: bool = True
    open_control: bool = False
    bucket_burst: float | None = None
    bucket_drain: float | None = None
    count_uploads: bool = False
    operating_limit: float = 480.0
    operating_cost: Mapping[str, float] = field(default_factory=dict)
    omit_operating: bool = False
    access_ttl: float = 3600.0
    refresh_ttl: float = 180.0 * DAY
    code_ttl: float = 30.0
    grace_old_refresh: float = 0.0
    oauth_latency: float = 0.0
    dedup_window: float = 30.0 * MINUTE
    dedup_repeats_created: bool = True
    click_timeout: float = 5.0 * MINUTE
    lead_creation_error: bool = False
    event_delay: tuple[float, float] = (0.2, 1.0)
    event_timeout: float = 5.0
    event_slow_after: float = 1.0
    event_drop_rate: float = 0.0
    event_duplicate_rate: float = 0.0
    event_reorder: bool = False
    event_refresh_tokens: bool = False
    seed: int = 1
    keep_calls: int = 10_000
    keep_requests: int = 5_000
    keep_entities: int = 10_000
    keep_messages: int = 5_000
    keep_record_bytes: int = 64 * 1024 * 1024

    @property
    def burst(self) -> float:
        return self.bucket_burst if self.bucket_burst is not None else (250.0 if self.plan == "ent" else 50.0)

    @property
    def drain(self) -> float:
        return self.bucket_drain if self.bucket_drain is not None else (5.0 if self.plan == "ent" else 2.0)

    @classmethod
    def demo(cls, *, users: int = 0, **changes: Any) -> PortalConfig:
        """A small company. ``users``: pad to so many employees (paging needs over 50); ``changes``: other fields."""
        from itgrix_module.sandbox.portal.demo import demo_config

        return replace(demo_config(cls, users), **changes)
