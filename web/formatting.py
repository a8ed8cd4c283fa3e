# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers, times and durations as people read them. Times in: epoch seconds, UTC; durations in: seconds."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

import phonenumbers
from flask import Flask

from itgrix_module.domain.numbers import digits, looks_subscriber
from web.deps import deps
from web.i18n import mark
from web.preferences import language, plural, text, zone

MONTHS = (
    mark("January"), mark("February"), mark("March"), mark("April"), mark("May"), mark("June"), mark("July"),
    mark("August"), mark("September"), mark("October"), mark("November"), mark("December"),
)  # fmt: skip
MINUTE, HOUR, DAY = 60, 3600, 86400
DEFAULT_COUNTRY = "RU"


def install(app: Flask) -> None:
    app.jinja_env.filters.update(
        phone=phone,
        is_number=is_number,
        clock=clock,
        moment=moment,
        iso=iso,
        day=day,
        ago=ago,
        duration=duration,
        amount=amount,
        offset=offset,
        count=count,
    )


def phone(number: str) -> str:
    """``+7 916 123-45-67``; extensions and words stay as they are."""
    return spelled(number, deps().country() or DEFAULT_COUNTRY) if looks_subscriber(number) else number


@lru_cache(maxsize=4096)
def spelled(number: str, country: str) -> str:
    """A subscriber number in the international spelling; what is no number anywhere stays as it is."""
    for candidate in (number, f"+{digits(number)}"):
        try:
            parsed = phonenumbers.parse(candidate, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return number


def is_number(text: str) -> bool:
    """Did the caller show a number, or a word such as ``anonymous``?"""
    return bool(digits(text))


def _local(at: float) -> datetime:
    return datetime.fromtimestamp(at, zone())


def clock(at: float) -> str:
    """``14:03:22``."""
    return f"{_local(at):%H:%M:%S}"


def day(at: float) -> str:
    """``21 November``, with the year when it is not this one."""
    local = _local(at)
    month = text(MONTHS[local.month - 1], context="of a date")
    year = "" if local.year == _local(deps().clock()).year else f" {local.year}"
    return f"{local.day} {month}{year}"


def moment(at: float) -> str:
    """``14:03:22`` today, ``21 November, 14:03`` else."""
    if _local(at).date() == _local(deps().clock()).date():
        return clock(at)
    return f"{day(at)}, {_local(at):%H:%M}"


def iso(at: float) -> str:
    """For ``<time datetime>`` and files."""
    return _local(at).isoformat(timespec="milliseconds")


def ago(at: float) -> str:
    """``3 minutes ago``; ``in 20 seconds`` for what is to come."""
    seconds = deps().clock() - at
    shown = amount(abs(seconds))
    return text("{time} ago", time=shown) if seconds >= 0 else text("in {time}", time=shown)


def amount(seconds: float) -> str:
    """``3 minutes``."""
    whole = int(seconds)
    if whole < MINUTE:
        return plural("{n} second", "{n} seconds", whole)
    if whole < HOUR:
        return plural("{n} minute", "{n} minutes", whole // MINUTE)
    if whole < 2 * DAY:
        return plural("{n} hour", "{n} hours", whole // HOUR)
    return plural("{n} day", "{n} days", whole // DAY)


def duration(seconds: float | None) -> str:
    """``0:07``, ``12:45``, ``1:02:03``; a dash when not known."""
    if seconds is None:
        return "–"
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, HOUR)
    minutes, left = divmod(rest, MINUTE)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def offset(seconds: float) -> str:
    """Time since the start of a call: ``+0.42``, ``+12.3``, ``+1:05``."""
    sign = "−" if seconds < 0 else "+"
    size = abs(seconds)
    if size >= MINUTE:
        return f"{sign}{duration(size)}"
    shown = f"{size:.2f}" if size < 10 else f"{size:.1f}"
    return sign + (shown.replace(".", ",") if language() == "ru" else shown)


def count(number: int) -> str:
    """``12 345`` with a thin space that does not break."""
    return f"{number:,}".replace(",", "\u202f")
