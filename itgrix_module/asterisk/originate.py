# SPDX-License-Identifier: GPL-3.0-or-later
"""Originate: the PBX rings an employee and then dials for him. Nothing goes out that could mean more than it says."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from itgrix_module.app.dial_orders import problem
from itgrix_module.app.dial_ports import NO_ROUTE, Originate
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.translate import ORDER_ACTION
from itgrix_module.asterisk.wire import Headers
from itgrix_module.domain.failures import Failure, Permanent

log = logging.getLogger("itgrix.dialling")

_TIMEOUT = 5.0  # seconds for the PBX to take the order
_CONNECTING = "down"  # code of a link that has no reason yet for not being up; nothing was sent then
_LOOKS, _PAUSE = 30, 0.1  # seconds


class Actions(Protocol):
    """Part of the link."""

    def action(self, name: str, headers: Headers = (), timeout: float = 5.0) -> Message:
        """See Link.action."""


class Originator:
    """Fulfils ``app.dial_ports.Pbx``. ``link``: called for each order. ``sleep``: waits so many seconds."""

    def __init__(self, link: Callable[[], Actions], sleep: Callable[[float], object] = time.sleep) -> None:
        self._link, self._sleep = link, sleep

    def originate(self, order: Originate) -> None:
        """See the port. A number without a route is refused at once: then it goes out in the next spelling."""
        *others, last = order.exten, *order.otherwise
        for exten in others:
            try:
                return self._send(replace(order, exten=exten))
            except Permanent as failure:
                if failure.code != NO_ROUTE:
                    raise
                log.info("call %s: the PBX has no route for %s", order.id, exten)
        return self._send(replace(order, exten=last))

    def _send(self, order: Originate) -> None:
        """A link that is being made just now (other settings, other rights) is waited for a little."""
        wanted = headers(order)
        for _ in range(_LOOKS):
            try:
                self._link().action("Originate", wanted, _TIMEOUT)
            except Failure as failure:
                if failure.code != _CONNECTING:
                    raise
                self._sleep(_PAUSE)
            else:
                return
        self._link().action("Originate", wanted, _TIMEOUT)

    def release(self, order: Originate) -> None:
        """See the port. The PBX finds the channel by its unique id as well as by its name."""
        _checked(order)
        self._link().action("Redirect", [("Channel", order.id), *_target(order)], _TIMEOUT)


def headers(order: Originate) -> list[tuple[str, str]]:
    """Headers of the action. Raises Permanent ``bad_order``."""
    _checked(order)
    wanted = [
        ("ActionID", ORDER_ACTION + order.id),
        ("Channel", order.channel),
        *(_waiting(order) if order.held else _target(order)),
        ("Timeout", str(round(order.timeout * 1000))),
        ("Async", "true"),
        ("ChannelId", order.id),
    ]
    if order.channel.startswith("Local/"):
        wanted.append(("OtherChannelId", f"{order.id}-2"))
    if order.caller_id:
        wanted.append(("CallerID", order.caller_id))
    return wanted + [("Variable", f"{name}={value}") for name, value in order.variables]


def _checked(order: Originate) -> None:
    wrong = problem(order)
    if wrong:
        raise Permanent("bad_order", f"the PBX is not asked to call: {wrong}", method="Originate")


def _target(order: Originate) -> list[tuple[str, str]]:
    return [("Context", order.context), ("Exten", order.exten), ("Priority", str(order.priority))]


def _waiting(order: Originate) -> list[tuple[str, str]]:
    """Then he is let go: the PBX's own limit for the ringing ends with the first answer, also with a queue's."""
    return [("Application", "Wait"), ("Data", str(round(order.timeout)))]


__all__ = ["Originator", "headers"]
