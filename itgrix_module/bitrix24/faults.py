# SPDX-License-Identifier: GPL-3.0-or-later
"""Which fault of the way an exception of the HTTP library is. Only this file knows its classes."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
from collections.abc import Callable, Iterator

import requests
from urllib3 import exceptions as wire

from itgrix_module.bitrix24.errors import fault
from itgrix_module.domain.failures import Failure

_CUT = (http.client.IncompleteRead, wire.IncompleteRead, wire.DecodeError, requests.exceptions.ChunkedEncodingError)
_BAD = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    wire.LocationValueError,
    UnicodeError,
)


def fault_of(error: BaseException, method: str = "", host: str = "") -> Failure:
    """Failure for what went wrong on the way; its text holds no address but the host."""
    causes = list(_causes(error))
    verify = next((c for c in causes if isinstance(c, ssl.SSLCertVerificationError)), None)
    if verify is not None:
        return fault("tls_untrusted", method, host=host, said=_reason(verify))
    return fault(_code(causes), method, host=host, said=_words(causes))


def _code(causes: list[BaseException]) -> str:
    """The order matters: an inner cause says more than the class around it."""

    def any_is(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if any_is(wire.ProxyError, requests.exceptions.ProxyError):
        return "proxy"
    if any_is(wire.NameResolutionError, socket.gaierror):
        return "dns"
    if any_is(ConnectionRefusedError):
        return "refused"
    if any_is(wire.ConnectTimeoutError, requests.exceptions.ConnectTimeout) and not any_is(wire.NewConnectionError):
        return "connect_timeout"
    if any_is(wire.NewConnectionError):
        return "unreachable"
    if any(isinstance(cause, TimeoutError) and "handshake" in str(cause) for cause in causes):
        return "connect_timeout"  # before the request: nothing was sent yet
    if any_is(wire.ReadTimeoutError, requests.exceptions.ReadTimeout, TimeoutError):
        return "read_timeout"
    return _code_of_connection(any_is)


def _code_of_connection(any_is: Callable[..., bool]) -> str:
    if any_is(*_CUT):
        return "truncated"
    if any_is(wire.SSLError, requests.exceptions.SSLError, ssl.SSLError):
        return "tls"
    if any_is(*_BAD):
        return "bad_address"
    return "reset"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and all it carries: causes, contexts, ``reason`` of urllib3, exceptions among the arguments."""
    waiting, seen = [error], set()
    while waiting:
        here = waiting.pop(0)
        if id(here) in seen:
            continue
        seen.add(id(here))
        yield here
        inner = (here.__cause__, here.__context__, getattr(here, "reason", None), *here.args)
        waiting.extend(cause for cause in inner if isinstance(cause, BaseException))


def _reason(error: ssl.SSLCertVerificationError) -> str:
    return getattr(error, "verify_message", "") or error.reason or "not trusted"


def _words(causes: list[BaseException]) -> str:
    for cause in causes:
        if isinstance(cause, ssl.SSLError) and cause.reason:
            return cause.reason.replace("_", " ").lower()
        if isinstance(cause, OSError) and cause.errno in errno.errorcode and cause.strerror:
            return cause.strerror
    return type(causes[-1]).__name__
