# SPDX-License-Identifier: GPL-3.0-or-later
"""What may leave the machine in a log or a bundle for support: no secrets, and when asked no persons either.

Telephone numbers keep their last two digits, so that two lines about one client can still be put together. Times,
dates, addresses of machines and the ids of calls (``1763715600.12``) stay: without them a log tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

HIDDEN = "•••"
KEPT_DIGITS = 2
LEAST = 4  # characters of a known secret or name: shorter ones would blank out half of every text

_WORDS = (
    r"passw(?:or)?d|passwd|pwd|secret|token|api_?key|private_?key|credential|cookie|session_?key|auth_id|refresh_id"
)
_SECRET_KEY = re.compile(rf"{_WORDS}|webhook|^auth$|^authorization$|^sealed$|(?:^|_)hash$", re.IGNORECASE)
_WEBHOOK = re.compile(r"(/rest/\d+/)[A-Za-z0-9]{8,}")
_LOGIN_IN_URL = re.compile(r"(://[^\s/@:\"']*:)[^\s/\"']*(?=@)")
_AUTHORIZATION = re.compile(
    r"(?i)\b(authorization[\"']?\s*[:=]\s*[\"']?|(?:digest|bearer|basic)\s+)[^\s\"',;][^\"'\r\n]*"
)
_ASSIGNED = re.compile(
    rf"(?i)(\b[\w.\-]*(?:{_WORDS}|\bauth)[\w.\-]*(?:%5D|\])?[\"']?\s*(?:=|%3D|:)\s*[\"']?)(?![\s\"'])[^\s\"'&,;)}}\]|]+"
)
_SEALED = re.compile(r"\b(?:v1:)?gAAAA[A-Za-z0-9_\-]{40,}={0,2}")
_UPLOAD = re.compile(r"(?i)(/(?:upload|download)\.json)\?[^\s\"'<>]*")

_KEPT = (
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,6})?)?)?"  # date and time
    r"|(?<!\d)(?:\d{1,6})?-0000[0-9a-f]{4}(?![0-9a-zA-Z])"  # end of a channel's name
    r"|(?<!\d)1[5-9]\d{8}\.\d{1,9}(?!\d)"  # id of a call, epoch seconds
    r"|(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])"  # address of a machine
    r"|\b(?=[0-9a-f]*[a-f])[0-9a-f]{12,}\b"  # digest
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
)
_PHONE = (
    r"(?<!\d)\+?\d{7,20}(?!\d)"
    r"|(?<!\d)\+?(?:\d[\s.\-\u00a0]?)?(?:\(\d{2,5}\)[\s.\-\u00a0]?|\d{2,5}[\s.\-\u00a0])\d{1,4}(?:[\s.\-\u00a0]?\d{2,4}){1,4}(?![0-9A-Za-z])"
)
_DIGITS = re.compile(rf"(?P<kept>{_KEPT})|(?P<phone>{_PHONE})")
_MAIL = re.compile(r"[\w.+\-]{1,64}@(?=[\w\-]+\.)[\w.\-]{1,190}")
_NAME_KEYS = frozenset({"name", "last_name", "second_name", "client_name", "caller_name", "title", "email", "address"})
_TIMES = re.compile(r"(?:^|_)(?:at|since|until|started|answered|ended|now|seen|due|id|time|expires|size|bytes)$")


def without_secrets(text: str, secrets: Iterable[str] = ()) -> str:
    """A text without passwords, tokens and keys. ``secrets``: those known, hidden wherever they stand."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    text = _UPLOAD.sub(rf"\1?{HIDDEN}", text)
    text = _WEBHOOK.sub(rf"\g<1>{HIDDEN}", text)
    text = _LOGIN_IN_URL.sub(rf"\g<1>{HIDDEN}", text)
    text = _AUTHORIZATION.sub(rf"\g<1>{HIDDEN}", text)
    text = _SEALED.sub(HIDDEN, text)
    return _ASSIGNED.sub(rf"\g<1>{HIDDEN}", text)


def without_persons(text: str) -> str:
    """A text without telephone numbers and mail addresses."""
    return _MAIL.sub(HIDDEN, _DIGITS.sub(_hidden, text))


def _hidden(found: re.Match[str]) -> str:
    if found["kept"] is not None:
        return found[0]
    digits = [char for char in found[0] if char.isdigit()]
    return HIDDEN + "".join(digits[-KEPT_DIGITS:]) if len(digits) >= 7 else found[0]


class Mask:
    """Hides secrets and persons in texts and JSON data. ``secrets``, ``names``: those known."""

    def __init__(self, secrets: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        self._secrets = _longest_first(secrets)
        known = _longest_first(names)
        self._names = re.compile("|".join(map(re.escape, known)), re.IGNORECASE) if known else None

    def text(self, text: str) -> str:
        """One text."""
        found = without_secrets(text, self._secrets)
        if self._names is not None:
            found = self._names.sub(HIDDEN, found)
        return without_persons(found)

    def data(self, data: Any) -> Any:
        """JSON data: values of keys that name a secret or a person are hidden as a whole."""
        if isinstance(data, Mapping):
            return {self.text(str(key)): self._value(str(key), value) for key, value in data.items()}
        return _mapped(data, self.text, self.data)

    def _value(self, key: str, value: Any) -> Any:
        if value in ("", None, [], {}, False, True):
            return value
        is_text = isinstance(value, str | list | tuple | dict)
        if is_text and _SECRET_KEY.search(key) and value != "set":
            return HIDDEN
        if isinstance(value, str) and key.lower() in _NAME_KEYS:
            return HIDDEN
        if isinstance(value, int | float) and not _TIMES.search(key.lower()) and abs(value) >= 1_000_000:
            return self.text(str(value))
        return self.data(value)


def _longest_first(words: Iterable[str]) -> list[str]:
    return sorted({word for word in words if len(word.strip()) >= LEAST}, key=len, reverse=True)


def _mapped(data: Any, of_text: Callable[[str], str], of_item: Callable[[Any], Any]) -> Any:
    if isinstance(data, str):
        return of_text(data)
    if isinstance(data, list | tuple | set | frozenset):
        return [of_item(item) for item in data]
    return data
