# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses: what may be sent where, and where a redirect leads.

Everything goes by https; plain http is possible to this machine only (sandbox, tests).
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from itgrix_module.bitrix24.errors import fault

_HOST = re.compile(r"^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$")
_FORBIDDEN = re.compile(r"[\s\x00-\x1f\x7f\\]")


def split_checked(url: str, method: str = "") -> SplitResult:
    """Parts of an address that we may send to. Raises NeedsOwner with what is wrong with it."""
    parts = _in_ascii(_parts(url, method))
    if parts.scheme not in ("http", "https"):
        raise fault("bad_address", method, said="it does not begin with https://")
    if parts.username or parts.password:
        raise fault("bad_address", method, said="it holds a user name")
    if not parts.hostname or not _is_host(parts.hostname):
        raise fault("bad_address", method, said="it has no valid host name")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise fault("plain_http", method, host=parts.netloc)
    return parts


def _parts(url: str, method: str) -> SplitResult:
    if _FORBIDDEN.search(url):
        raise fault("bad_address", method, said="it holds spaces or control characters")
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for a port that is no number
    except ValueError:
        raise fault("bad_address", method, said="it cannot be read") from None
    return parts._replace(scheme=parts.scheme.lower())


def _in_ascii(parts: SplitResult) -> SplitResult:
    """A name in national letters (crm.пример.рф) as the wire has it."""
    host = parts.hostname or ""
    if host.isascii() or parts.username:
        return parts
    try:
        encoded = host.encode("idna").decode()
    except UnicodeError:
        return parts
    return parts._replace(netloc=f"{encoded}:{parts.port}" if parts.port else encoded)


def _is_host(host: str) -> bool:
    if ":" not in host:
        return bool(_HOST.match(host))
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(url: str) -> str:
    """Host and, if it is given, port; empty for something that is no address."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def on_host(url: str, host: str) -> str:
    """The same address on another host."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=host))


def redirected(url: str, location: str, method: str = "") -> str:
    """Where a request to ``url`` goes after a 30x with this ``Location``: the same path on the new host.

    A renamed portal answers so (contract §1.1). A redirect to another path is a login page or a site that is no
    portal. Raises NeedsOwner for those and for an address that is not encrypted.
    """
    here = urlsplit(url)
    try:
        target = urljoin(url, location or "/")
    except ValueError:
        raise fault("bad_address", method, said="its redirect cannot be read") from None
    there = split_checked(target, method)
    if (here.scheme, there.scheme) == ("https", "http"):
        raise fault("plain_http", method, host=there.netloc)
    same_path = there.path.rstrip("/") in ("", here.path.rstrip("/"))
    if not location or not same_path or (there.scheme, there.netloc) == (here.scheme, here.netloc):
        raise fault("redirect_elsewhere", method, host=here.netloc, said=host_of(there.geturl()) + there.path)
    return urlunsplit(here._replace(scheme=there.scheme, netloc=there.netloc))
