# SPDX-License-Identifier: GPL-3.0-or-later
"""Who dialled a channel, and with what number, as far as the PBX's records let it be concluded."""

from __future__ import annotations

import re
from collections.abc import Iterator

from itgrix_module.domain.numbers import digits, looks_subscriber, same_number
from itgrix_module.domain.records import Attempt, Event, Story

CALLED = frozenset(("AppDial", "AppDial2", "AppQueue"))  # what a channel shows that the PBX rings
_DIALS = frozenset(("Dial", "Queue", "FollowMe", "Page", "RetryDial"))
_NUMBER = re.compile(r"[+0-9*#]+")


def endpoint(channel: str) -> str:
    """``PJSIP/mobile-gw-00000003`` -> ``mobile-gw``; ``Local/102@from-queue-0000000e;1`` -> ``102@from-queue``."""
    rest = channel.partition("/")[2]
    name, hyphen, _ = rest.rpartition("-")
    return name if hyphen else rest.partition(";")[0]


def dial_targets(data: str) -> Iterator[str]:
    """Each thing that a Dial is told to ring: ``PJSIP/101&PJSIP/102,20,t`` -> both."""
    for target in data.partition(",")[0].split("&"):
        if "/" in target:
            yield target.strip()


def rings(data: str, channel: str) -> bool:
    """Does this dial string ring this channel?"""
    technology, name = channel.partition("/")[0], endpoint(channel)
    for target in dial_targets(data):
        kind, _, rest = target.partition("/")
        if kind == technology and name in (rest.partition("/")[0], rest.rpartition("@")[2], rest):
            return True
        if technology == "Local" and kind == "Local" and rest.removesuffix("/n") == name:
            return True
    return False


def dialled_through(data: str, channel: str) -> str:
    """The number that a dial string sends to the trunk of this channel; empty when it names none."""
    name = endpoint(channel)
    for target in dial_targets(data):
        rest = target.partition("/")[2]
        first, _, second = rest.partition("/")
        number, at, where = rest.rpartition("@")
        if at and where == name and _NUMBER.fullmatch(number):
            return number
        if first == name and second:
            number = second.partition(":")[2] if second.startswith(("sip:", "sips:", "tel:")) else second
            number = number.partition("@")[0]
            return number if _NUMBER.fullmatch(number) else ""
    return ""


def _says_so(attempt: Attempt) -> bool:
    """Was the other channel rung? One who has dialled somebody is written to dial whomever he talks with later, too."""
    return attempt.app in _DIALS and (attempt.app != "Dial" or rings(attempt.data, attempt.to))


class Diallers:
    """Of one story. Told of transfers as they come by, since then the transferred one runs the dialplan."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._born = {row.leg: (place, row) for place, row in enumerate(story.events) if row.kind == "CHAN_START"}
        self._rows: dict[str, list[Event]] = {}
        for row in story.events:
            self._rows.setdefault(row.leg, []).append(row)
        self._runs: dict[str, str] = {}  # Linkedid to who runs its dialplan now

    def moved(self, row: Event, client: str) -> None:
        """A blind transfer: from now on the client's channel runs the dialplan."""
        if client:
            self._runs[row.call] = client

    def is_called(self, row: Event) -> bool:
        """Does the channel show that it was rung?"""
        if any(other.app in CALLED for other in self._rows[row.leg]):
            return True
        if any(other.app == "FollowMe" for leg in self._earlier(row) for other in self._rows[leg]):
            return True  # it rings by itself, without saying so
        return any(_says_so(attempt) for attempt in self._near(row))

    def of(self, row: Event) -> str:
        """Uniqueid of the channel that dials this one."""
        return self._by_dial(row) or self._by_record(row) or self._by_pair(row) or self._runner(row)

    def dial_strings(self, by: str, row: Event) -> Iterator[str]:
        """What the dialler was told to ring, the surest first."""
        yield from (attempt.data for attempt in self._near(row) if attempt.app in _DIALS)
        yield from (other.data for other in self._rows.get(by, ()) if other.app == "Dial")
        yield from (attempt.data for attempt in self._story.attempts if attempt.leg == by and attempt.app == "Dial")

    def _earlier(self, row: Event) -> Iterator[str]:
        """Channels of the call that were there before, the youngest first."""
        place = self._born[row.leg][0]
        older = [(at, other.leg) for at, other in self._born.values() if at < place and other.call == row.call]
        yield from (leg for _, leg in sorted(older, reverse=True))

    def _by_dial(self, row: Event) -> str:
        found = (leg for leg in self._earlier(row) if any(self._rings(other, row) for other in self._rows[leg]))
        return next(found, "")

    def _rings(self, other: Event, row: Event) -> bool:
        return other.app == "Dial" and rings(other.data, row.channel) and self._fits(other.data, row)

    def _fits(self, data: str, row: Event) -> bool:
        """Is the number dialled through the trunk one that its leg shows, if that shows any?"""
        number = dialled_through(data, row.channel)
        shown = {other.number for other in self._rows[row.leg] if looks_subscriber(other.number)}
        return not number or not shown or any(same_number(number, other) for other in shown)

    def _near(self, row: Event) -> list[Attempt]:
        """Records that name this channel as dialled, the one from its own time first."""
        found = [attempt for attempt in self._story.attempts if attempt.to == row.channel]
        return sorted(found, key=lambda attempt: (abs(attempt.started - row.at) > 1.0, attempt.app not in _DIALS))

    def _by_record(self, row: Event) -> str:
        older = set(self._earlier(row))
        return next((attempt.leg for attempt in self._near(row) if attempt.leg in older), "")

    def _by_pair(self, row: Event) -> str:
        """The half of a Local pair that was made to ring this phone or number."""
        wanted = digits(endpoint(row.channel)) if not row.channel.startswith("Local/") else ""
        shown = {wanted, *(digits(other.number) for other in self._rows[row.leg])} - {""}
        for leg in self._earlier(row):
            channel = self._born[leg][1].channel
            if channel.startswith("Local/") and channel.endswith(";2") and digits(channel.partition("@")[0]) in shown:
                return leg
        return ""

    def _runner(self, row: Event) -> str:
        """Who runs the dialplan: whoever was transferred there, else the one that began the call."""
        if row.call in self._runs:
            return self._runs[row.call]
        root = self._born.get(row.call)
        if root is None:
            return next(self._earlier(row), "")
        if root[1].channel.endswith(";1") and not self._answered(row):
            mate = root[1].channel.removesuffix("1") + "2"
            return next((leg for leg in self._earlier(row) if self._born[leg][1].channel == mate), row.call)
        return row.call

    def _answered(self, row: Event) -> bool:
        """Had the first channel been answered when this one was made?"""
        place = self._born[row.leg][0]
        before = self._story.events[:place]
        return any(other.kind == "ANSWER" and other.leg == row.call for other in before)
