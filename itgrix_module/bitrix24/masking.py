# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes secrets out of whatever is logged, shown or put into an exception."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

HIDDEN = "***"
LONG = 500  # characters of one value that a log or a timeline gets to see

_SECRET_NAMES = frozenset(
    {
        "auth",
        "auth_id",
        "refresh_id",
        "access_token",
        "refresh_token",
        "application_token",
        "client_secret",
        "password",
        "sip_password",
        "webhook_url",
    }
)
_WEBHOOK = re.compile(r"(/rest/\d+/)[^/?#\s\"']+")
_QUERY = re.compile(
    r"(?i)(?:(?<![a-z0-9_])|(?<=%5B))(auth|token|code|client_secret|access_token|refresh_token|application_token|auth_id|refresh_id|password)"
    r"((?:%5D|\])*(?:=|%3D))[^&\s\"'<>]+"
)
_UPLOAD = re.compile(r"(?i)(https?://[^\s\"'?]+/(?:upload|download)\.json)\?[^\s\"'<>]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


def mask_text(value: str, secrets: Iterable[str] = ()) -> str:
    """One line without secrets: known ones, webhook codes in addresses, tokens in queries, signed upload addresses."""
    found = value
    for secret in secrets:
        if len(secret) >= 4:  # a shorter one would blank out half of every text
            found = found.replace(secret, HIDDEN)
    found = _UPLOAD.sub(rf"\1?{HIDDEN}", found)
    found = _WEBHOOK.sub(rf"\1{HIDDEN}", found)
    found = _QUERY.sub(rf"\1\2{HIDDEN}", found)
    found = _CONTROL.sub(" ", found)
    return found if len(found) <= LONG else f"{found[:LONG]}… ({len(found)} characters)"


def mask(value: Any, secrets: Iterable[str] = ()) -> Any:
    """A copy of parameters or of an answer without secrets, batch command strings included."""
    known = tuple(secrets)
    if isinstance(value, Mapping):
        return {key: HIDDEN if _is_secret(key) else mask(item, known) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask(item, known) for item in value]
    return mask_text(value, known) if isinstance(value, str) else value


def _is_secret(name: Any) -> bool:
    return str(name).lower() in _SECRET_NAMES
