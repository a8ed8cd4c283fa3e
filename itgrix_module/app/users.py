# SPDX-License-Identifier: GPL-3.0-or-later
"""Those who log in to the panel by themselves, where no FreePBX does it for them.

A password is kept as scrypt made of it. Whoever guesses waits, longer each time: by himself (name and address), by
address, and a little by name alone, so that nobody can lock another one out for long. A session is a random token in
the visitor's cookie; the table holds only its digest.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from itgrix_module.app.passwords import check_password, folded, hashed, matches
from itgrix_module.app.user_ports import ROLES, Session, User, UserStore, Wait
from itgrix_module.domain.failures import Failure, NeedsOwner

LONGEST_NAME = 64
_NAME_SIGNS = frozenset("._-@")
TOUCH = 60.0  # seconds between two notes that a session is used


@dataclass(frozen=True)
class Lifetimes:
    """Seconds after which a session ends: when nobody uses it, and in any case."""

    idle: float = 3600.0
    whole: float = 43_200.0


@dataclass(frozen=True)
class Entry:
    """What came of a login. ``token``: for the cookie, empty when it was refused; ``wait``: seconds to wait then."""

    token: str = ""
    user: User | None = None
    wait: float = 0.0


class Accounts:
    """Users and their sessions. Thread-safe. ``lifetimes``: asked each time; ``clock``: epoch seconds."""

    def __init__(self, store: UserStore, lifetimes: Callable[[], Lifetimes], clock: Callable[[], float]) -> None:
        self._store, self._lifetimes, self._clock = store, lifetimes, clock
        self._at_once = threading.BoundedSemaphore(2)  # each look at a password takes 32 MB
        self._nobody = ""
        self._exist: bool | None = None

    def exist(self) -> bool:
        """Is there anybody who could log in? While the database is away it is as it was: nobody can be added then."""
        try:
            self._exist = self._store.exist()
        except Failure:
            if self._exist is None:
                raise
        return bool(self._exist)

    def users(self) -> list[User]:
        return self._store.users()

    def add(self, name: str, password: str, role: str, *, listens: bool = False) -> User:
        """Raises NeedsOwner for a name, password or role that cannot be, ``user_exists``, ``first_administrator``."""
        name = checked_name(name)
        check_password(password, name)
        now = self._clock()
        user = User(name, _checked_role(role), listens, now, now)
        self._store.add(user, self._hashed(password))
        return user

    def set_password(self, name: str, password: str) -> None:
        """All sessions of the user end. Raises NeedsOwner."""
        name = folded(name)
        check_password(password, name)
        self._store.set_password(name, self._hashed(password), self._clock())

    def set_role(self, name: str, role: str, *, listens: bool) -> None:
        """At once, also for sessions that are open. Raises NeedsOwner, ``last_administrator`` among others."""
        self._store.set_role(folded(name), _checked_role(role), listens)

    def remove(self, name: str) -> None:
        """Raises NeedsOwner, ``last_administrator`` among others."""
        self._store.remove(folded(name))

    # -- logging in

    def enter(self, name: str, password: str, address: str) -> Entry:
        """Try to log in. Takes as long for an unknown user as for a known one."""
        name, now = folded(name)[:LONGEST_NAME], self._clock()
        waits = _waits(name, address)
        wait = self._store.try_once(waits, now)
        if wait > 0:
            return Entry(wait=wait)
        stored = self._store.hash_of(name)
        if not self._matches(password, stored or self._of_nobody()) or not stored:
            return Entry()
        return self._entered(name, address, stored, waits)

    def _entered(self, name: str, address: str, stored: str, waits: Sequence[Wait]) -> Entry:
        now, token = self._clock(), secrets.token_urlsafe(32)
        self._tidy(now)
        if not self._store.open_session(_digest(token), name, address[:64], now, stored):
            return Entry()
        self._store.forgive([waits[0].name, waits[1].name], [waits[2].name])
        found = self._store.session(_digest(token))
        return Entry(token, found.user) if found else Entry()

    def is_password(self, name: str, password: str, address: str) -> bool:
        """Is it this user's, who is logged in already? Wrong ones count as wrong logins."""
        waits = _waits(name, address)
        if self._store.try_once(waits, self._clock()) > 0:
            return False
        stored = self._store.hash_of(name)
        if not stored or not self._matches(password, stored):
            return False
        self._store.forgive([waits[0].name, waits[1].name], [waits[2].name])
        return True

    # -- sessions

    def session(self, token: str) -> Session | None:
        """Whose session it is, if it goes on."""
        if not 20 <= len(token) <= 100 or not token.isascii():
            return None
        found, now = self._store.session(_digest(token)), self._clock()
        if found is None:
            return None
        if self._is_over(found, now):
            self._store.close(found.id)
            return None
        if now - found.seen_at > TOUCH:
            self._store.touch(found.id, now)
        return found

    def _is_over(self, session: Session, now: float) -> bool:
        lives = self._lifetimes()
        return now - session.seen_at > lives.idle or now - session.created_at > lives.whole

    def sessions_of(self, name: str) -> list[Session]:
        """Those that go on."""
        now = self._clock()
        return [session for session in self._store.sessions_of(name) if not self._is_over(session, now)]

    def leave(self, token: str) -> None:
        """Log out."""
        self._store.close(_digest(token))

    def leave_others(self, session: Session) -> int:
        """Log out everywhere but here."""
        return self._store.close_others(session.user.name, session.id)

    def _tidy(self, now: float) -> None:
        lives = self._lifetimes()
        self._store.forget_ended(now - lives.idle, now - lives.whole)

    # -- passwords

    def _hashed(self, password: str) -> str:
        with self._at_once:
            return hashed(password)

    def _matches(self, password: str, stored: str) -> bool:
        with self._at_once:
            return matches(password, stored)

    def _of_nobody(self) -> str:
        if not self._nobody:
            self._nobody = hashed(secrets.token_urlsafe(16))
        return self._nobody


def _waits(name: str, address: str) -> tuple[Wait, Wait, Wait]:
    """By name and address, by name, by address."""
    network = _network(address)
    who, where, both = _short("user", name), _short("address", network), _short("both", name, network)
    return Wait(both, 4, 900.0), Wait(who, 20, 30.0), Wait(where, 20, 900.0)


def _short(*parts: str) -> str:
    # A digest: people type their passwords into the field of the name.
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()


def _network(address: str) -> str:
    """Somebody with IPv6 has as many addresses as he likes in one network."""
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    if found.version == 4:
        return str(found)
    return str(found.ipv4_mapped) if found.ipv4_mapped else found.exploded[:19]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def checked_name(name: str) -> str:
    """Raises NeedsOwner for what is no name of a user."""
    found = folded(name)
    good = found[:1].isalnum() and all(sign.isalnum() or sign in _NAME_SIGNS for sign in found)
    if not good or len(found) > LONGEST_NAME:
        raise NeedsOwner(
            "user_name",
            "a user's name may hold letters, digits and . _ - @, and begins with a letter or a digit",
            f"At most {LONGEST_NAME} characters.",
        )
    return found


def _checked_role(role: str) -> str:
    if role not in ROLES:
        raise NeedsOwner("role_unknown", f"there is no role {role}", f"Roles: {', '.join(ROLES)}.")
    return role
