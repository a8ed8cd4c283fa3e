# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTTP exchange with the portal or the authorisation server: kept-alive connections, time limits, size limits.

Nothing is followed, interpreted or repeated here, except a connection that surely did not come about. Every fault
comes out as a Failure of the error table; exceptions of the HTTP library do not leave, because they hold addresses
with secrets.
"""

from __future__ import annotations

import http.cookiejar
import logging
import math
import ssl
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import certifi
import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.util import Retry

from itgrix_module.bitrix24.address import is_loopback, split_checked
from itgrix_module.bitrix24.errors import fault
from itgrix_module.bitrix24.faults import fault_of
from itgrix_module.bitrix24.masking import mask_text
from itgrix_module.bitrix24.multipart import FileBody
from itgrix_module.domain.failures import Failure

CONNECT = 3.0  # seconds
MAX_ANSWER = 16 * 1024 * 1024  # bytes
MAX_WAIT = 3600.0  # seconds that a Retry-After header may ask for
_BLOCK = 64 * 1024


@dataclass(frozen=True)
class Reply:
    """Answer of a web server. ``wait``: seconds of its Retry-After header."""

    status: int
    body: bytes
    content_type: str = ""
    location: str = ""
    wait: float | None = None


class Wire:
    """Connections to one portal or authorisation server; safe for several threads.

    ``verify``: True, False, or the path of a PEM file with authorities that count besides the public ones and those
    of the operating system. ``max_answer``: bytes. Proxies come from the environment, except to this machine.
    """

    def __init__(
        self,
        *,
        verify: bool | str | Path = True,
        connect: float = CONNECT,
        max_answer: int = MAX_ANSWER,
        pool: int = 16,
        user_agent: str = "itgrix-freepbx",
    ) -> None:
        _mask_library_log()
        self._connect = connect
        self._max_answer = max_answer
        self._verify = verify is not False
        self._session = _session(verify, pool, user_agent)

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def post(self, url: str, body: bytes | FileBody, content_type: str, *, read: float, method: str = "") -> Reply:
        """Send a POST and read the answer within ``read`` seconds. ``method``: for failures. Raises Failure."""
        return self._send("POST", url, body, {"Content-Type": content_type}, read, method)

    def get(self, url: str, *, read: float, method: str = "") -> Reply:
        """Send a GET and read the answer within ``read`` seconds. Raises Failure."""
        return self._send("GET", url, None, {}, read, method)

    def _send(
        self, verb: str, url: str, body: bytes | FileBody | None, headers: dict[str, str], read: float, method: str
    ) -> Reply:
        host = split_checked(url, method).netloc
        try:
            return self._exchange(verb, url, body, headers, read)
        except Failure as failure:
            failure.method = method
            raise
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            lost = fault_of(error, method, host)
        raise lost  # outside, so that the library's exception with its address is not carried along

    def _exchange(
        self, verb: str, url: str, body: bytes | FileBody | None, headers: dict[str, str], read: float
    ) -> Reply:
        deadline = time.monotonic() + self._connect + read
        with self._session.request(
            verb,
            url,
            data=body,
            headers=headers,
            timeout=(self._connect, read),
            verify=self._verify,
            proxies=_proxies(url),
            allow_redirects=False,
            stream=True,
        ) as response:
            content = self._read(response.raw, deadline)
            found = response.headers
            return Reply(
                response.status_code,
                content,
                found.get("Content-Type", ""),
                found.get("Location", ""),
                _seconds(found.get("Retry-After", "")),
            )

    def _read(self, raw: Any, deadline: float) -> bytes:
        # read1 gives what has come, so a peer that drips bytes meets the deadline
        content = bytearray()
        while block := raw.read1(_BLOCK, decode_content=True):
            content += block
            if len(content) > self._max_answer:
                raise fault("answer_too_large", said=f"over {self._max_answer} bytes")
            if time.monotonic() > deadline:
                raise fault("read_timeout")
        return bytes(content)


def _session(verify: bool | str | Path, pool: int, user_agent: str) -> requests.Session:
    session = _Session()
    # .netrc, REQUESTS_CA_BUNDLE and the like do not decide who gets our secrets
    session.trust_env = False
    # a session cookie would make the portal work our parallel requests off one by one
    session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"Accept": "application/json", "User-Agent": user_agent})
    adapter = _Adapter(verify, pool)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        """None: even when told not to follow, requests reads the whole body of a redirect and parses its target."""
        return None


class _Adapter(HTTPAdapter):
    """requests' adapter with our own TLS context; repeats a connection once that surely was not made."""

    def __init__(self, verify: bool | str | Path, pool: int) -> None:
        self._trusted = verify
        again = Retry(total=None, connect=1, read=0, redirect=0, status=0, other=0)
        super().__init__(pool_connections=4, pool_maxsize=pool, max_retries=again)

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] == "https":
            pool["ssl_context"] = self._context
        return host, pool

    @cached_property
    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        if self._trusted is False:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        elif self._trusted is not True:
            _trust(context, Path(self._trusted))
        return context


def _trust(context: ssl.SSLContext, bundle: Path) -> None:
    try:
        context.load_verify_locations(bundle)
    except ssl.SSLError:
        raise fault("ca_bundle", said=f"{bundle}: no certificate in PEM form") from None
    except OSError as error:
        raise fault("ca_bundle", said=f"{bundle}: {error.strerror}") from None


class _MaskFilter(logging.Filter):
    """urllib3 logs addresses, which hold webhook codes and tokens, also in warnings."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = mask_text(record.getMessage()), ()
        record.exc_info = record.exc_text = None
        return True


def _mask_library_log() -> None:
    for name in ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry"):
        library = logging.getLogger(name)
        if not any(isinstance(known, _MaskFilter) for known in library.filters):
            library.addFilter(_MaskFilter())


def _proxies(url: str) -> dict[str, str]:
    if is_loopback(split_checked(url).hostname or ""):
        return {}
    return dict(get_environ_proxies(url, no_proxy=None))


def _seconds(value: str) -> float | None:
    try:
        found = float(value)
    except ValueError:
        return None
    return min(max(found, 0.0), MAX_WAIT) if math.isfinite(found) else None
