# SPDX-License-Identifier: GPL-3.0-or-later
"""What the list of releases says, and what that means for the version that is installed.

The list is one JSON object (docs/releases.md); whoever calls ``feed_of`` has checked its signature before. It is read
strictly all the same: what is shown and downloaded comes out of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from itgrix_module.domain.failures import Permanent
from itgrix_module.domain.versions import is_final, is_newer, line_of, rank

FORMAT = 1
SUPPORTED_LINES = 3  # releases (1.4, 1.5, 1.6) that are supported at the same time
MOST_RELEASES = 500
MOST_NOTES = 20_000  # characters of the notes of one release in one language
MOST_BYTES = 1_000_000_000  # of an archive
LANGUAGES = ("en", "ru")
SMALL, FULL = KINDS = ("small", "full")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SUM = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{86}==")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,120}\.tgz")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Archive:
    """``size``: bytes; ``sha256``: hexadecimal; ``signature``: base64, over name and sum."""

    url: str
    name: str
    size: int
    sha256: str
    signature: str


@dataclass(frozen=True)
class Release:
    """A version that was published. ``supported_until``: None while that is not settled; ``notes``: by language."""

    version: str
    released: date
    supported_until: date | None
    freepbx: str
    python: str
    is_security: bool
    notes: Mapping[str, str]
    archives: Mapping[str, Archive]

    def notes_in(self, language: str) -> str:
        """In the reader's language, else in the one that there is."""
        return self.notes.get(language) or self.notes.get("en") or next(iter(self.notes.values()), "")

    @property
    def archive(self) -> Archive:
        """The one that an update takes: with the packages, so that no other site has to be reached."""
        return self.archives.get(FULL) or self.archives[SMALL]


@dataclass(frozen=True)
class Feed:
    """``issued``: epoch seconds; an older list than one that was seen before is not believed."""

    issued: int
    releases: Sequence[Release]

    def find(self, version: str) -> Release | None:
        """The release of that version."""
        return next((each for each in self.releases if each.version == version), None)


@dataclass(frozen=True)
class Outlook:
    """``newer``: what could be installed, the newest first. ``until``: of the installed version's support."""

    installed: str
    newer: Sequence[Release] = ()
    is_supported: bool = True
    until: date | None = None

    @property
    def newest(self) -> Release | None:
        """What an update would install."""
        return self.newer[0] if self.newer else None

    @property
    def is_urgent(self) -> bool:
        """Does one of the newer versions mend a hole?"""
        return any(each.is_security for each in self.newer)


@dataclass(frozen=True)
class Checked:
    """The last look at the list. Times in epoch seconds, 0 for never. ``code``: of what failed, empty when nothing."""

    at: float = 0.0
    good_at: float = 0.0
    next_at: float = 0.0
    code: str = ""
    text: str = ""
    hint: str = ""

    @property
    def is_suspicious(self) -> bool:
        """Somebody may have tampered with the list."""
        return self.code in ("updates_forged", "updates_replayed")


@dataclass(frozen=True)
class UpdateState:
    """All that the panel and the command show. ``outlook``: None while no list was ever read."""

    installed: str
    is_on: bool
    url: str
    checked: Checked
    outlook: Outlook | None
    run: Mapping[str, Any] = field(default_factory=dict)
    is_running: bool = False
    obstacle: str = ""


def bad(what: str) -> Permanent:
    """The list was signed, but it says something that no list of ours says."""
    return Permanent(
        "updates_bad", f"the list of releases cannot be read: {what}", "Tell those who publish the releases."
    )


def feed_of(data: object) -> Feed:
    """Raises Permanent ``updates_bad``."""
    try:
        return _feed(_mapping(data))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise bad(f"{type(error).__name__}: {error}"[:200]) from None


def _feed(data: Mapping[str, Any]) -> Feed:
    if data.get("rawname") != "itgrix":
        raise bad("it is of another product")
    if not _is_number(data.get("format")) or data["format"] > FORMAT:
        raise bad("it has a form that this version does not know")
    listed = data["releases"]
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_RELEASES:
        raise bad("it holds no releases, or too many")
    releases = sorted((_release(_mapping(each)) for each in listed), key=lambda each: rank(each.version), reverse=True)
    if len({rank(each.version) for each in releases}) < len(releases):
        raise bad("a version is in it twice")
    return Feed(_number(data["issued"], 2**40), tuple(releases))


def _mapping(data: object) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise TypeError("not an object")
    return data


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any, most: int) -> int:
    if not _is_number(value) or not 0 < value <= most:
        raise ValueError(f"{str(value)[:30]!r} is no number from 1 to {most}")
    return int(value)


def _text(value: object, most: int) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise ValueError("not a text, or too long")
    return _CONTROLS.sub("", value)


def _release(data: Mapping[str, Any]) -> Release:
    version = _version(data["version"])
    needs = _mapping(data.get("requires") or {})
    notes = {name: _text(text, MOST_NOTES) for name, text in _mapping(data["notes"]).items() if name in LANGUAGES}
    archives = {name: _archive(_mapping(each)) for name, each in _mapping(data["archives"]).items() if name in KINDS}
    if SMALL not in archives:
        raise ValueError(f"{version} has no archive")
    until = data.get("supported_until")
    return Release(
        version,
        date.fromisoformat(_text(data["date"], 10)),
        None if until is None else date.fromisoformat(_text(until, 10)),
        _version(needs["freepbx"]) if "freepbx" in needs else "",
        _version(needs["python"]) if "python" in needs else "",
        data.get("security") is True,
        notes,
        archives,
    )


def _version(value: object) -> str:
    found = _text(value, 40)
    rank(found)
    return found


def _archive(data: Mapping[str, Any]) -> Archive:
    url, sha256, signature = _text(data["url"], 2000), _text(data["sha256"], 64), _text(data["signature"], 100)
    if not is_safe(url):
        raise ValueError(f"{url[:100]!r} is no https address")
    name = urlsplit(url).path.rpartition("/")[2]
    if not _NAME.fullmatch(name) or not _SUM.fullmatch(sha256) or not _SIGNATURE.fullmatch(signature):
        raise ValueError(f"{url[:100]!r}: name, sum or signature is not as it should be")
    return Archive(url, name, _number(data["size"], MOST_BYTES), sha256, signature)


def is_safe(url: str) -> bool:
    """https, or http to this machine itself; no login in it, nothing that is no address."""
    if not url.isascii() or any(sign.isspace() or not sign.isprintable() for sign in url):
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)


def outlook(installed: str, feed: Feed, now: float) -> Outlook:
    """``now``: epoch seconds. Versions for trying out are offered only to whoever runs one."""
    offered = [each for each in feed.releases if is_final(each.version) or not is_final(installed)]
    newer = tuple(each for each in offered if is_newer(each.version, installed))
    mine = feed.find(installed)
    until = mine.supported_until if mine else None
    today = datetime.fromtimestamp(now, UTC).date()
    is_over = until is not None and until < today
    return Outlook(installed, newer, not is_over and _is_among_newest(installed, feed), until)


def _is_among_newest(installed: str, feed: Feed) -> bool:
    lines = sorted({line_of(each.version) for each in feed.releases if is_final(each.version)}, reverse=True)
    # Whoever is ahead of the list (a version of his own) is not behind.
    return len(lines) < SUPPORTED_LINES or line_of(installed) >= lines[SUPPORTED_LINES - 1]
