# SPDX-License-Identifier: GPL-3.0-or-later
"""Those who log in to the panel by themselves, as the tables hold them: users, sessions, waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

VIEW, OPERATE, ADMINISTER = "view", "operate", "administer"
ROLES = (VIEW, OPERATE, ADMINISTER)


@dataclass(frozen=True)
class User:
    """``role``: one of ROLES; ``listens``: may hear recordings. ``password_at``: when it was last set."""

    name: str
    role: str
    listens: bool
    created_at: float
    password_at: float = 0.0

    @property
    def hears(self) -> bool:
        """Whoever administers may hear everything anyway."""
        return self.listens or self.role == ADMINISTER


@dataclass(frozen=True)
class Session:
    """``id``: digest of the token. Times in epoch seconds."""

    id: str
    user: User
    created_at: float
    seen_at: float
    address: str = ""


@dataclass(frozen=True)
class Wait:
    """``free``: wrong passwords that cost nothing; then seconds double up to ``longest``."""

    name: str
    free: int
    longest: float

    def seconds(self, failures: int) -> float:
        """How long the next attempt has to wait after so many wrong ones."""
        over = failures - self.free
        return min(self.longest, 2.0 ** min(over, 20)) if over > 0 else 0.0


class UserStore(Protocol):
    """Users, their sessions and their waits."""

    def users(self) -> list[User]:
        """By name."""

    def exist(self) -> bool:
        """Is there any user?"""

    def hash_of(self, name: str) -> str:
        """What is kept of the password; empty when there is no such user."""

    def add(self, user: User, password_hash: str) -> None:
        """Raises NeedsOwner ``user_exists``, ``first_administrator``."""

    def set_password(self, name: str, password_hash: str, now: float) -> None:
        """Ends all sessions of the user as well. Raises NeedsOwner ``no_such_user``."""

    def set_role(self, name: str, role: str, listens: bool) -> None:
        """Raises NeedsOwner ``no_such_user``, ``last_administrator``."""

    def remove(self, name: str) -> None:
        """With all sessions. Raises NeedsOwner ``no_such_user``, ``last_administrator``."""

    def open_session(self, session: str, name: str, address: str, now: float, password_hash: str) -> bool:
        """False when the password was changed or the user removed since ``password_hash`` was read."""

    def session(self, session: str) -> Session | None:
        """With the user as he is now."""

    def touch(self, session: str, now: float) -> None:
        """It was used."""

    def close(self, session: str) -> None:
        """It is over."""

    def close_others(self, name: str, kept: str) -> int:
        """All of a user but one are over; returns how many."""

    def sessions_of(self, name: str) -> list[Session]:
        """The last used first."""

    def forget_ended(self, idle_before: float, made_before: float) -> None:
        """Take what is over out of the table."""

    def try_once(self, waits: Sequence[Wait], now: float) -> float:
        """Count an attempt as a wrong one before the password is looked at, so that many at once gain nothing.

        Returns the seconds that it has to wait, and counts nothing then.
        """

    def forgive(self, cleared: Sequence[str], lessened: Sequence[str]) -> None:
        """The password was right: no waits of the first, one attempt less of the others."""
