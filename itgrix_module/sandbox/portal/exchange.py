# SPDX-License-Identifier: GPL-3.0-or-later
"""One call of one method: who calls, what the portal knows, and the table of methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from itgrix_module.sandbox.portal.model import App, Call, User
from itgrix_module.sandbox.portal.params import Params
from itgrix_module.sandbox.portal.state import State

ANY_CONTEXT = "any"
APP = "app"
TELEPHONY = "telephony"
PLACEMENT = "placement"
APP_INFO = "app_info"
USER_SCOPES = ("user", "user_basic", "user_brief")


@dataclass(frozen=True)
class Caller:
    """Who calls. ``client``: key of the application or webhook, for limits, lines and equal calls.

    ``auth``: the value that addresses of uploads carry; ``path``: webhook part of the address, ``/1/code``.
    """

    client: str
    user: User
    scopes: frozenset[str]
    app: App | None = None
    auth: str = ""
    path: str = ""


@dataclass(frozen=True)
class Exchange:
    """What a method works with. ``in_batch``: the call is a command of a batch."""

    state: State
    caller: Caller
    in_batch: bool = False
    connector: str = ""

    @property
    def now(self) -> float:
        return self.state.now()

    @property
    def user(self) -> User:
        return self.caller.user

    @property
    def russian(self) -> bool:
        return self.state.config.language == "ru"

    def publish(self, event: str, data: dict[str, Any]) -> None:
        """Tell the subscribers; the caller's user is the one who did it."""
        self.state.publish(event, data, self.user.id, self.connector)

    def call_of(self, params: Params) -> Call | None:
        return self.state.calls.get(params.text("CALL_ID"))


Run = Callable[[Exchange, Params], Any]


@dataclass(frozen=True)
class Method:
    """A REST method. ``scopes``: any of them will do, none means basic. ``locked``: runs under the state's lock."""

    name: str
    run: Run
    scopes: tuple[str, ...] = ()
    context: str = ANY_CONTEXT
    locked: bool = True
