# SPDX-License-Identifier: GPL-3.0-or-later
"""REST client of one portal: authorisation, budget and error table applied to every request (app.rest_ports.Rest)."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from itgrix_module.app.rest_ports import Answer, Command
from itgrix_module.bitrix24 import batches, paging
from itgrix_module.bitrix24.address import host_of, redirected, split_checked
from itgrix_module.bitrix24.auth import Auth, Grant
from itgrix_module.bitrix24.envelope import Envelope, opened
from itgrix_module.bitrix24.errors import RENEWABLE, UPLOAD, fault
from itgrix_module.bitrix24.exchange import Exchange
from itgrix_module.bitrix24.limiter import Limiter
from itgrix_module.bitrix24.limits import BACKGROUND, NORMAL
from itgrix_module.bitrix24.masking import mask_text
from itgrix_module.bitrix24.multipart import FileBody
from itgrix_module.bitrix24.shapes import mapping
from itgrix_module.bitrix24.wire import Reply, Wire
from itgrix_module.domain.failures import Failure

log = logging.getLogger(__name__)

CALL_READ = 15.0  # seconds for what moves a call
READ = 60.0  # seconds for everything else; the cloud cuts a request off there
UPLOAD_READ = 120.0
ATTEMPTS = 3  # of a request that the portal refused because of the request rate, so that it was not executed
MAX_HOPS = 3
Answers = list[Answer]  # inside the class, ``list`` is the method
_CALL_CONTROL = ("telephony.externalcall.", "telephony.call.")


class PortalClient:
    """One portal. Safe for several threads; close it, or use it as a context manager.

    ``on_exchange`` hears of each HTTP attempt, ``on_renamed`` of the portal's new host name once it has answered
    there. Both are called in the thread of the request and must be quick; what they raise is logged.
    ``verify``, ``connect``, ``max_answer``, ``pool``, ``user_agent``: see Wire.
    """

    def __init__(
        self,
        auth: Auth,
        *,
        limits: Limiter,
        on_exchange: Callable[[Exchange], None] | None = None,
        on_renamed: Callable[[str], None] | None = None,
        **session: Any,
    ) -> None:
        self.auth = auth
        self.limits = limits
        self._on_exchange = on_exchange
        self._on_renamed = on_renamed
        self._wire = Wire(**session)

    def __enter__(self) -> PortalClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections, those of the authorisation too."""
        self._wire.close()
        self.auth.close()

    def call(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        priority: int = NORMAL,
        timeout: float | None = None,
    ) -> Any:
        """Result of one method. ``timeout``: seconds for the answer instead of the usual ones. Raises Failure."""
        return self.ask(method, params or {}, priority=priority, timeout=timeout).result

    def batch(
        self,
        commands: Sequence[Command],
        *,
        priority: int = NORMAL,
        halt: bool = False,
        timeout: float | None = None,
    ) -> Answers:
        """Up to 50 commands in one request, answers in the same order, each settled by itself.

        ``halt``: the portal stops at the first command that fails. Raises Failure when the request as a whole failed,
        ValueError when there are too many commands or keys that cannot be used.
        """
        if not batches.checked(commands):
            return []
        methods = {command.method for command in commands}
        held = self.limits.admit(methods, priority).held
        going, waiting = batches.without_held(commands, held)
        if going:
            answers = self._batch(going, priority, halt, timeout)
            waiting.update({answer.key: answer for answer in answers})
        return [waiting[command.key] for command in commands]

    def list(
        self, method: str, params: Mapping[str, Any] | None = None, *, priority: int = BACKGROUND
    ) -> Iterator[dict[str, Any]]:
        """Rows of all pages, fetched as they are used. Raises Failure in between."""
        return paging.rows(self, method, params or {}, priority)

    def upload(
        self,
        url: str,
        field: str,
        path_or_file: str | Path | BinaryIO,
        filename: str,
        *,
        priority: int = BACKGROUND,
    ) -> dict[str, Any]:
        """Send a file to the address that attachRecord gave; the file is never held whole. Returns the result.

        Raises Failure; ``upload_expired`` asks for a new address.
        """
        target = self._upload_target(url)
        shown = {"file": filename}
        with FileBody(field, path_or_file, filename) as body:

            def send(_: Grant) -> Envelope:
                body.rewind()
                return self._attempt(UPLOAD, target, body, shown, UPLOAD_READ)[0]

            return mapping(self._within_budget(UPLOAD, priority, send).result)

    def ask(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        priority: int = NORMAL,
        timeout: float | None = None,
        admitted: bool = False,
        size: int = 0,
    ) -> Envelope:
        """The whole answer to one method. ``admitted``: the budget has let the first attempt in already."""
        read = timeout or read_timeout(method)

        def send(grant: Grant) -> Envelope:
            return self._sent(method, params, grant, read, size)

        return self._within_budget(method, priority, send, admitted=admitted)

    def _batch(self, commands: Sequence[Command], priority: int, halt: bool, timeout: float | None) -> Answers:
        read = timeout or min(READ, max(read_timeout(command.method) for command in commands) + len(commands))
        params = batches.body(commands, halt)
        envelope = self.ask("batch", params, priority=priority, timeout=read, admitted=True, size=len(commands))
        answers = batches.settle(commands, envelope.result, halt)
        times = mapping(mapping(envelope.result).get("result_time"))
        for command, answer in zip(commands, answers, strict=True):
            self.limits.failed(command.method, answer.failure)
            if answer.failure is None:
                self.limits.answered(command.method, times.get(command.key))
        return answers

    def _within_budget(
        self, method: str, priority: int, send: Callable[[Grant], Envelope], *, admitted: bool = False
    ) -> Envelope:
        """Send, again after a refusal for the request rate, and once more with renewed authorisation."""
        grant, refused, renewed = self.auth.grant(), 0, False
        while True:
            if not admitted:
                self.limits.acquire(method, priority)
            admitted = False
            try:
                envelope = send(grant)
            except Failure as failure:
                self.limits.failed(method, failure)
                if failure.code == "QUERY_LIMIT_EXCEEDED" and refused < ATTEMPTS - 1:
                    refused += 1
                elif failure.code in RENEWABLE and not renewed:
                    grant, renewed = self._renewed(method, grant, failure), True
                else:
                    raise
            else:
                # a batch has no operating time of its own, its commands have
                self.limits.answered(method, None if method == "batch" else envelope.time)
                return envelope

    def _renewed(self, method: str, grant: Grant, refused: Failure) -> Grant:
        try:
            renewed = self.auth.renew(grant, refused.code)
        except Failure as failure:
            # the method itself was refused before, whatever became of the refresh
            failure.method, failure.executed = method, False
            raise
        if renewed is None:
            raise refused
        return renewed

    def _sent(self, method: str, params: Mapping[str, Any], grant: Grant, read: float, size: int) -> Envelope:
        if not batches.METHOD.match(method):
            raise fault("bad_request", method, said="not the name of a method")
        content = {**params, "auth": grant.token} if grant.token else dict(params)
        url = grant.base + method
        envelope, host = self._attempt(method, url, _json(content, method), params, read, size)
        if host != host_of(url) and host != host_of(self.auth.grant().base):
            self._renamed(host)
        return envelope

    def _attempt(
        self,
        method: str,
        url: str,
        body: bytes | FileBody,
        params: Mapping[str, Any],
        read: float,
        size: int = 0,
    ) -> tuple[Envelope, str]:
        """The answer and the host that gave it."""
        started = time.monotonic()
        status, code = 0, ""
        try:
            reply, final = self._followed(url, body, read, method)
            status = reply.status
            return opened(reply, method, host_of(final)), host_of(final)
        except Failure as failure:
            failure.text = mask_text(failure.text, self.auth.secrets())
            code = failure.code
            raise
        finally:
            elapsed = (time.monotonic() - started) * 1000
            self._report(Exchange(method, params, status, code, elapsed, size))

    def _followed(self, url: str, body: bytes | FileBody, read: float, method: str) -> tuple[Reply, str]:
        """The reply, and the address that gave it: a renamed portal answers with a redirect to its new name."""
        for _ in range(MAX_HOPS + 1):
            content_type = body.content_type if isinstance(body, FileBody) else "application/json"
            reply = self._wire.post(url, body, content_type, read=read, method=method)
            if not 300 <= reply.status < 400:
                return reply, url
            url = redirected(url, reply.location, method)
            if isinstance(body, FileBody):
                body.rewind()
        raise fault("redirect_loop", method, host=host_of(url))

    def _renamed(self, host: str) -> None:
        """The request is done: if the new name cannot be kept now, the next redirect brings it again."""
        log.warning("the portal has moved to %s", host)
        _guarded(self.auth.moved, host)
        if self._on_renamed:
            _guarded(self._on_renamed, host)

    def _report(self, exchange: Exchange) -> None:
        if self._on_exchange is None and not log.isEnabledFor(logging.DEBUG):
            return
        shown = exchange.masked(self.auth.secrets())
        log.debug("%s", shown)
        if self._on_exchange:
            _guarded(self._on_exchange, shown)

    def _upload_target(self, url: str) -> str:
        """The portal's own address may be given as http by a portal that does not know of the proxy before it."""
        base = self.auth.grant().base
        if url.startswith("http://") and base.startswith("https://") and host_of(url) == host_of(base):
            url = "https" + url[4:]
        return split_checked(url, UPLOAD).geturl()


def read_timeout(method: str) -> float:
    """Seconds to wait for the answer to a method."""
    return CALL_READ if method.lower().startswith(_CALL_CONTROL) else READ


def _json(content: Mapping[str, Any], method: str) -> bytes:
    try:
        return json.dumps(_clean(content), ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise fault("bad_request", method, said=str(error)) from None


def _clean(value: Any) -> Any:
    """Without halves of surrogate pairs, which PHP refuses together with the whole request."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_clean(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def _guarded(listener: Callable[[Any], None], what: Any) -> None:
    try:
        listener(what)
    except Exception:
        log.exception("a listener of the REST client failed")
