# SPDX-License-Identifier: GPL-3.0-or-later
"""All that is stored about one client number: to be shown to the client, or to be gone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.domain.numbers import digits

LEAST, SURE, MOST = 3, 10, 20  # digits
_TYPED = re.compile(r"[+\d][\d\s().\-]*")


@dataclass(frozen=True)
class Sought:
    """A number in whatever spelling. ``digits``: all of them; the last ten say whose it is."""

    digits: str

    @property
    def tail(self) -> str:
        """What every spelling has at its end."""
        return self.digits[-SURE:]

    def is_same(self, other: str) -> bool:
        """Does another spelling name the same subscriber? Shorter numbers must be the same to the digit."""
        found = digits(other)
        if min(len(found), len(self.digits)) < SURE:
            return found == self.digits
        return found[-SURE:] == self.tail

    @property
    def anywhere(self) -> re.Pattern[str]:
        """Finds it inside of a text, with any country code before and signs between the digits."""
        between = r"[\s().\-]{0,2}"
        spelled = between.join(self.tail)
        lead = rf"(?:\+?\d{{1,3}}{between})?" if len(self.digits) >= SURE else ""
        return re.compile(rf"(?<!\d){lead}{spelled}(?!\d)")


def sought(number: str) -> Sought:
    """Raises NeedsOwner for what is no telephone number."""
    found = digits(number)
    if not _TYPED.fullmatch(number.strip()) or not LEAST <= len(found) <= MOST:
        raise NeedsOwner("no_number", "this is no telephone number", "Such as +7 916 123-45-67.")
    return Sought(found)


@dataclass(frozen=True)
class Found:
    """What there is. ``spellings``: how the number is written; ``others``: rows of other tables that name it.

    ``settings``: keys of settings that name it; these are the administrator's own words and stay.
    """

    spellings: Sequence[str] = ()
    calls: int = 0
    live: int = 0
    recordings: int = 0
    tasks: int = 0
    others: int = 0
    settings: Sequence[str] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.calls or self.tasks or self.others)


@dataclass(frozen=True)
class Erased:
    """What is gone. ``live``: calls that go on, which stay; ``backups``: archives that still hold the number."""

    calls: int = 0
    recordings: int = 0
    deliveries: int = 0
    tasks: int = 0
    others: int = 0
    log_lines: int = 0
    live: int = 0
    settings: Sequence[str] = field(default=())
    backups: Sequence[str] = field(default=())
