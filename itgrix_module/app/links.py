# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed links to recordings: what a link says, who may open it, and what it leads to. Pure.

A link is ``<public address>/recordings/<token>``. The token names one recording, for whom it is and until when; nobody
can make one or change it without the key of this installation, and nothing about it is stored.

Token: URL-safe base64 without padding of ``head, expiry, length of the node, node, linked id, signature``. ``head`` is
the version and the audience in one byte, ``expiry`` the minutes since the epoch in four, the signature the first 16
bytes of HMAC-SHA256.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from itgrix_module.app.ports import CallRow

DAY = 86_400.0  # seconds
PORTAL_LIFE = DAY  # seconds that a link for the portal itself lives: it fetches the file at once
FOLDER = "recordings"
_VERSION = 1
_SIGNATURE = 16  # bytes
_HEAD = struct.Struct(">BIB")
_LONGEST = 1000  # characters of a token
_MINUTE = 60
_LATEST = 2**32 - 1  # minutes
_PURPOSE = b"itgrix links to recordings 1"
_PUBLIC = re.compile(r"[A-Za-z0-9._~:/\[\]%-]+")
# A relay on this machine makes everybody look local; these headers tell that it is one.
RELAY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Audience(IntEnum):
    """For whom a link is: the portal's servers, or people."""

    PORTAL = 1
    PEOPLE = 2


class BadLink(StrEnum):
    """Why a token opens nothing. What is answered to the outside tells less."""

    TAMPERED = "tampered"  # not made here, or changed
    EXPIRED = "expired"


@dataclass(frozen=True)
class Link:
    """What a token says. ``expires``: epoch seconds, stored as a whole minute."""

    node: str
    linkedid: str
    audience: Audience
    expires: float


class Signer:
    """Makes and reads tokens. ``secrets``: the installation's keys, the newest first; asked each time."""

    def __init__(self, secrets: Callable[[], Sequence[bytes]]) -> None:
        self._secrets = secrets

    def sign(self, link: Link) -> str:
        """The token. Raises ValueError for a call whose name is too long for one."""
        node = link.node.encode()
        minutes = -(-int(link.expires) // _MINUTE)
        if len(node) > 255 or not 0 <= minutes <= _LATEST:
            raise ValueError("no link can be made for this call")
        said = _HEAD.pack(_VERSION << 4 | link.audience, minutes, len(node)) + node + link.linkedid.encode()
        token = _text(said + _signature(self._secrets()[0], said))
        if len(token) > _LONGEST:
            raise ValueError("no link can be made for this call")
        return token

    def read(self, token: str, now: float) -> Link | BadLink:
        """What a token says, if it was made here and has not expired. ``now``: epoch seconds."""
        raw = _bytes(token)
        if raw is None or len(raw) < _HEAD.size + _SIGNATURE:
            return BadLink.TAMPERED
        said, signature = raw[:-_SIGNATURE], raw[-_SIGNATURE:]
        # every key is compared, so that the time says nothing
        genuine = [hmac.compare_digest(signature, _signature(secret, said)) for secret in self._secrets()]
        link = _said(said) if any(genuine) else None
        if link is None:
            return BadLink.TAMPERED
        return link if now < link.expires else BadLink.EXPIRED


def _signature(secret: bytes, said: bytes) -> bytes:
    key = hmac.digest(secret, _PURPOSE, hashlib.sha256)
    return hmac.digest(key, said, hashlib.sha256)[:_SIGNATURE]


def _said(said: bytes) -> Link | None:
    head, minutes, length = _HEAD.unpack_from(said)
    rest = said[_HEAD.size :]
    try:
        if head >> 4 != _VERSION or len(rest) < length:
            return None
        return Link(rest[:length].decode(), rest[length:].decode(), Audience(head & 15), float(minutes * _MINUTE))
    except ValueError:
        return None


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _bytes(token: str) -> bytes | None:
    """None for what is no base64, and for another spelling of the same bytes: one link has one address."""
    if len(token) > _LONGEST or not token.isascii():
        return None
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    return raw if _text(raw) == token else None


def address_of(public_url: str) -> str:
    """Where links begin, without a slash at the end. Raises ValueError with what is wrong with the address."""
    url = public_url.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError("it is no address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_right:
        raise ValueError("it must begin with https:// and name a host")
    if not _PUBLIC.fullmatch(url):
        raise ValueError("it may hold a host, a port and a path only")
    return url


def link_address(public_url: str, token: str) -> str:
    """The whole address of a link. Raises ValueError, see ``address_of``."""
    return f"{address_of(public_url)}/{FOLDER}/{token}"


# -- a link in a text


_HTML = "3"  # DESCRIPTION_TYPE of the portal


def with_link(text: str, url: str, label: str, is_same: Callable[[str], bool], kind: str = "") -> str:
    """The text with the link in it once, whatever stood there. ``is_same``: is this the token of the same recording?

    A link that is there already is replaced, so that the newest one counts. ``kind``: DESCRIPTION_TYPE of the text.
    """
    found = re.compile(rf"https?://[^\s\"'<>\[\]]+/{FOLDER}/([A-Za-z0-9_-]+)")
    mine = [match for match in found.finditer(text) if is_same(match[1])]
    if mine:
        for match in reversed(mine):
            text = text[: match.start()] + url + text[match.end() :]
        return text
    line = f"{label}: {url}" if kind != _HTML else f'{label}: <a href="{url}">{url}</a>'
    between = "" if not text.strip() else "<br>" if kind == _HTML else "\n"
    return f"{text.rstrip()}{between}{line}"


# -- who may open a link


@dataclass(frozen=True)
class Access:
    """Who may open people's links.

    ``anyone``: whoever has one; else only computers in ``networks``. ``relay_names_callers``: requests come through a
    web server on this machine that says truly (last in X-Forwarded-For) who asks. ``is_local``: the public address is
    this very machine, as in a trial.
    """

    anyone: bool = False
    networks: tuple[Network, ...] = ()
    relay_names_callers: bool = False
    is_local: bool = False

    @classmethod
    def of(cls, settings: Mapping[str, object]) -> Access:
        """From the settings."""
        networks = settings["recordings.link_networks"]
        assert isinstance(networks, list)
        return cls(
            anyone=settings["recordings.link_access"] == "anyone",
            networks=tuple(ip_network(item) for item in networks),
            relay_names_callers=bool(settings.get("recordings.link_relay", False)),
            is_local=_is_local(str(settings["portal.public_url"])),
        )

    def admits(self, remote: str, headers: Mapping[str, str]) -> bool:
        """May a computer open links? ``remote``: the other end of the connection; ``headers``: of its request."""
        if self.anyone:
            return True
        caller = self.caller(remote, headers)
        return caller is not None and any(caller in network for network in self.networks)

    def caller(self, remote: str, headers: Mapping[str, str]) -> Address | None:
        """Who asks; None when that cannot be known.

        Headers are the word of whoever sends them, so they count only from a web server on this machine, and only
        when the settings say that it tells the truth. Without that, what comes from this machine is believed to be
        this machine only where nobody else can be behind it: the public address is local and no relay shows itself.
        """
        peer = _address(remote)
        if peer is None or not peer.is_loopback:
            return peer
        if self.relay_names_callers:
            return _address(headers.get("X-Forwarded-For", "").rpartition(",")[2])
        relayed = any(name in headers for name in RELAY_HEADERS)
        return peer if self.is_local and not relayed else None


def _address(text: str) -> Address | None:
    try:
        found = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _is_local(public_url: str) -> bool:
    """Without a public address there are no links for anybody elsewhere."""
    try:
        host = urlsplit(public_url).hostname or ""
    except ValueError:
        return False
    found = _address(host)
    return host in ("", "localhost") or (found is not None and found.is_loopback)


# -- what a link leads to


@dataclass(frozen=True)
class Ready:
    """The mp3."""

    path: Path


@dataclass(frozen=True)
class Preparing:
    """It is made just now. ``seconds``: when to ask again; ``why``: what keeps it from being ready, if anything."""

    seconds: int
    why: str = ""


@dataclass(frozen=True)
class Gone:
    """Neither our copy nor the PBX's file is there."""


class LinkedRecordings(Protocol):
    """Recordings behind links, for the pages that show them. Nothing here waits for a conversion."""

    def read(self, token: str) -> Link | BadLink:
        """What a token says."""

    def file(self, call: CallRow) -> Ready | Preparing | Gone:
        """The mp3 of a call; one that has to be made again is begun with. Raises Failure of the database."""

    def access(self) -> Access:
        """Who may open links, as the settings say now."""
