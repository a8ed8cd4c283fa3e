# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one method for one caller: the portal's checks from the method's name on, in the portal's order."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from itgrix_module.sandbox.portal import access, batch
from itgrix_module.sandbox.portal.errors import RestError, unknown_method
from itgrix_module.sandbox.portal.exchange import Caller, Exchange, Method
from itgrix_module.sandbox.portal.faults import INSTEAD, ODD, Fault, Faults
from itgrix_module.sandbox.portal.log import RequestView, masked
from itgrix_module.sandbox.portal.params import Params
from itgrix_module.sandbox.portal.query import Page
from itgrix_module.sandbox.portal.state import State

Methods = Mapping[str, Method]
_SAID = {
    "http_500": (500, "INTERNAL_SERVER_ERROR", "Internal server error"),
    "empty_error": (400, "", ""),
    "error_200": (200, "ERROR_CORE", "Unexpected database error"),
}


@dataclass(frozen=True)
class Visit:
    """One HTTP request on its way. ``hold``: waits on the wire for so many seconds."""

    http: int
    caller: Caller
    hold: Callable[[float], None]
    in_batch: bool = False


class Dispatcher:
    """The table of methods at work."""

    def __init__(self, state: State, faults: Faults, methods: Methods) -> None:
        self._state = state
        self._faults = faults
        self._methods = methods

    def run(self, visit: Visit, name: str, params: Params) -> tuple[Any, dict[str, Any]]:
        """Result and ``time`` of one call. Raises RestError."""
        started, clock = self._state.now(), time.perf_counter()
        try:
            method = self._admitted(visit, name)
            result = self._executed(visit, method, params)
        except RestError as error:
            self._logged(visit, name, params, error, clock)
            raise
        seconds = time.perf_counter() - clock
        self._logged(visit, name, params, None, clock)
        return result, self._time(visit.caller, method.name, started, seconds)

    def _admitted(self, visit: Visit, name: str) -> Method:
        """Order: method known, scope, operating time, context."""
        method = self._methods.get(name)
        if method is None or self._faults.strike([name], frozenset({"missing"})):
            raise unknown_method()
        state = self._state
        access.check_scope(method, visit.caller)
        with state.lock:
            if state.operating.exhausted(method.name, visit.caller.client, state.now()):
                raise RestError(429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.")
        access.check_context(state, method, visit.caller)
        return method

    def _executed(self, visit: Visit, method: Method, params: Params) -> Any:
        name = method.name.casefold()
        if visit.in_batch:
            visit.hold(self._faults.latency_of(name, exactly=True))
        if fault := self._faults.strike([name], INSTEAD - {"missing"}):
            raise RestError(*_SAID[fault.kind])
        result = self._batch(visit, params) if name == "batch" else self._called(visit, method, params)
        return _odd(result, self._faults.strike([name], ODD))

    def _batch(self, visit: Visit, params: Params) -> dict[str, Any]:
        inner = replace(visit, in_batch=True)
        return batch.run(params, lambda name, values: self.run(inner, name, values))

    def _called(self, visit: Visit, method: Method, params: Params) -> Any:
        exchange = Exchange(self._state, visit.caller, visit.in_batch, params.text("auth_connector"))
        if not method.locked:
            return method.run(exchange, params)
        with self._state.lock:
            return method.run(exchange, params)

    def _time(self, caller: Caller, method: str, started: float, seconds: float) -> dict[str, Any]:
        state = self._state
        finish = max(state.now(), started + seconds)
        told = {
            "start": started,
            "finish": finish,
            "duration": finish - started,
            "processing": seconds,
            "date_start": state.iso(started),
            "date_finish": state.iso(finish),
        }
        return told if method == "batch" else told | self._operating(caller, method, started, seconds)

    def _operating(self, caller: Caller, method: str, at: float, seconds: float) -> dict[str, Any]:
        """Batch itself uses no operating time, its commands do."""
        state = self._state
        with state.lock:
            state.operating.add(method, caller.client, at, seconds)
            if state.config.omit_operating:
                return {}
            return {
                "operating_reset_at": state.operating.reset_at(method, caller.client, at),
                "operating": state.operating.used(method, caller.client, at),
            }

    def _logged(self, visit: Visit, name: str, params: Params, error: RestError | None, clock: float) -> None:
        if not visit.in_batch:
            return
        entry = RequestView(
            http=visit.http,
            at=self._state.now(),
            kind="rest",
            method=name,
            params=masked(params.values),
            client=visit.caller.client,
            status=error.status if error else 200,
            error=error.code if error else None,
            seconds=time.perf_counter() - clock,
            via_batch=True,
        )
        self._state.log.add(entry)


def _odd(result: Any, fault: Fault | None) -> Any:
    if fault is None:
        return result
    if fault.kind == "list_for_map":
        return []
    if isinstance(result, Page):
        return replace(result, rows=_dateless(result.rows))
    return _dateless(result)


def _dateless(value: Any, name: str = "") -> Any:
    """Dates as empty maps, the way PHP writes an empty date object."""
    if isinstance(value, dict):
        return {key: _dateless(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_dateless(item, name) for item in value]
    return {} if isinstance(value, str) and ("DATE" in name or "TIME" in name) else value
