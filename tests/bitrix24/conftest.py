# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from itgrix_module.app.rest_ports import Tokens
from itgrix_module.bitrix24.auth import Auth, WebhookAuth
from itgrix_module.bitrix24.client import PortalClient
from itgrix_module.bitrix24.limiter import Limiter
from itgrix_module.bitrix24.memory import MemoryLimits
from tests.bitrix24.wires import Script, Server, serving


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


Serve = Callable[[Script], Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server with a script; stopped at the end."""
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(serving(script))


Connect = Callable[..., PortalClient]


@pytest.fixture
def connect(clock: Clock) -> Iterator[Connect]:
    """A client for a webhook address or another authorisation; closed at the end."""
    with ExitStack() as stack:

        def opened(auth: Auth | str, *, limits: Limiter | None = None, **options: Any) -> PortalClient:
            limits = limits or Limiter(MemoryLimits(), clock, clock.wait)
            known = WebhookAuth(auth) if isinstance(auth, str) else auth
            return stack.enter_context(PortalClient(known, limits=limits, **options))

        yield opened


def pair(
    url: str,
    access: str = "A1",
    refresh: str = "R1",
    *,
    server_endpoint: str = "http://localhost:1/rest/",
    member_id: str = "m1",
) -> Tokens:
    """Tokens of an application of the portal at ``url``."""
    return Tokens(
        access_token=access,
        refresh_token=refresh,
        expires_at=0.0,
        member_id=member_id,
        domain=url.partition("://")[2],
        client_endpoint=f"{url}/rest/",
        server_endpoint=server_endpoint,
    )
