# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords: which are good enough, what is kept of them (scrypt), and whether one is it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import unicodedata

from itgrix_module.domain.failures import NeedsOwner

LEAST, MOST = 10, 200  # characters of a password
_COST, _BLOCK, _LANES = 2**15, 8, 1  # 32 MB and some 80 ms
_SALT = 16  # bytes


def folded(name: str) -> str:
    """One form of a name, however it is typed."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def check_password(password: str, name: str = "") -> None:
    """Raises NeedsOwner for a password that is easily guessed."""
    if not LEAST <= len(password) <= MOST:
        raise NeedsOwner("password_length", f"a password has {LEAST} to {MOST} characters", "Several words do well.")
    if len(set(password)) < 5 or (name and folded(password) in (name, name * 2)):
        raise NeedsOwner("password_simple", "this password is too easily guessed", "Several words do well.")


def hashed(password: str) -> str:
    """What is kept of a password: method, cost, salt and digest."""
    salt = secrets.token_bytes(_SALT)
    digest = _scrypt(password, salt, _COST, _BLOCK, _LANES)
    return f"scrypt:{_COST}:{_BLOCK}:{_LANES}${_text(salt)}${_text(digest)}"


def matches(password: str, stored: str) -> bool:
    """Is it the password of which this was kept? False for what no version of ours has made."""
    try:
        method, salt, digest = stored.split("$")
        name, cost, block, lanes = method.split(":")
        known = base64.b64decode(digest, validate=True)
        made = _scrypt(password[: MOST + 1], base64.b64decode(salt, validate=True), int(cost), int(block), int(lanes))
    except ValueError:
        return False
    return name == "scrypt" and hmac.compare_digest(made, known)


def _scrypt(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    given = unicodedata.normalize("NFKC", password).encode(errors="replace")
    return hashlib.scrypt(given, salt=salt, n=cost, r=block, p=lanes, maxmem=256 * cost * block, dklen=32)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
