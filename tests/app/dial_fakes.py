# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports of click-to-call with nothing behind them; tests replace what they are about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from typing import Any, ParamSpec, TypeVar

from itgrix_module.app.dial_ports import Callback, Dial, OpenDial, Originate
from itgrix_module.app.ports import CallRow, NewStep, PortalSide

Given = ParamSpec("Given")
Made = TypeVar("Made")


class AtOnce(Executor):
    """Everything in this thread."""

    def submit(self, fn: Callable[Given, Made], /, *args: Given.args, **kwargs: Given.kwargs) -> Future[Made]:
        fn(*args, **kwargs)
        return Future()


class EmptyStore:
    """Knows no orders and no forms."""

    def order(self, dial: Dial, call: CallRow, side: PortalSide, told: str) -> bool:
        return True

    def open(self, node: str) -> list[OpenDial]:
        return []

    def request(self, node: str, linkedid: str) -> Mapping[str, Any]:
        return {}

    def revise(self, node: str, linkedid: str, request: Mapping[str, Any]) -> None:
        """Nothing to revise."""

    def over(self, dial: int, code: str) -> None:
        """Nothing to end."""

    def keep(self, callback: Callback) -> bool:
        return True

    def callbacks(self, node: str, states: Sequence[str], limit: int = 100) -> list[Callback]:
        return []

    def put_off(self, callback: int, due: float, code: str, why: str) -> None:
        """Nothing to put off."""

    def close(self, callback: Callback, state: str, code: str, why: str, step: NewStep | None) -> None:
        """Nothing to close."""

    def last_failure(self, node: str, linkedid: str) -> str:
        return ""


class Quiet:
    """A PBX that takes every order."""

    def originate(self, order: Originate) -> None:
        """Taken."""

    def release(self, order: Originate) -> None:
        """Taken."""


class Nobody:
    """A portal without users."""

    are_known = True

    def phone_of(self, user: int, *, mobile: bool) -> str:
        return ""

    def is_employee(self, party: str) -> bool:
        return False

    def missed_user(self, line: str) -> int:
        return 0
