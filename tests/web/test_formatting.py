# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers, times and durations as people read them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.web.seeds import NOW
from web import formatting
from web.preferences import LANGUAGE_COOKIE


@pytest.mark.parametrize(
    ("number", "country", "spelled"),
    [
        ("+79161234567", "RU", "+7 916 123-45-67"),
        ("79161234567", "RU", "+7 916 123-45-67"),
        ("89161234567", "RU", "+7 916 123-45-67"),
        ("9161234567", "RU", "+7 916 123-45-67"),
        ("8 (916) 123-45-67", "RU", "+7 916 123-45-67"),
        ("+4915112345678", "RU", "+49 1511 2345678"),
        ("015112345678", "DE", "+49 1511 2345678"),
        ("123456789012345678", "RU", "123456789012345678"),
        ("+0000000000", "RU", "+0000000000"),
        ("", "RU", ""),
    ],
)
def test_numbers_are_written_internationally(number: str, country: str, spelled: str) -> None:
    assert formatting.spelled(number, country) == spelled


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0:00"),
        (7.4, "0:07"),
        (59.6, "1:00"),
        (765, "12:45"),
        (3599.9, "1:00:00"),
        (3723, "1:02:03"),
        (-3, "0:00"),
        (None, "–"),
    ],
)
def test_durations(seconds: float | None, said: str) -> None:
    assert formatting.duration(seconds) == said


@pytest.mark.parametrize(("number", "said"), [(0, "0"), (999, "999"), (1234567, "1\u202f234\u202f567")])
def test_counts(number: int, said: str) -> None:
    assert formatting.count(number) == said


MOMENTS = [
    (formatting.moment, NOW - 5, "14:19:55", "14:19:55"),
    (formatting.moment, NOW - 86_400, "20 November, 14:20", "20 ноября, 14:20"),
    (formatting.moment, NOW - 400 * 86_400, "17 October 2025, 14:20", "17 октября 2025, 14:20"),
    (formatting.ago, NOW - 1, "1 second ago", "1 секунду назад"),
    (formatting.ago, NOW - 125, "2 minutes ago", "2 минуты назад"),
    (formatting.ago, NOW - 5 * 3600, "5 hours ago", "5 часов назад"),
    (formatting.ago, NOW - 3 * 86_400, "3 days ago", "3 дня назад"),
    (formatting.ago, NOW + 21, "in 21 seconds", "через 21 секунду"),
    (formatting.phone, "101", "101", "101"),
    (formatting.phone, "89161234567", "+7 916 123-45-67", "+7 916 123-45-67"),
    (formatting.offset, 0.42, "+0.42", "+0,42"),
    (formatting.offset, 12.34, "+12.3", "+12,3"),
    (formatting.offset, 65, "+1:05", "+1:05"),
    (formatting.offset, -0.5, "−0.50", "−0,50"),
]


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(("shows", "value", "english", "russian"), MOMENTS)
def test_values_in_the_language_of_the_reader(
    app: Flask, language: str, shows: Callable[[object], str], value: object, english: str, russian: str
) -> None:
    with app.test_request_context("/", headers={"Cookie": f"{LANGUAGE_COOKIE}={language}"}):
        assert shows(value) == {"en": english, "ru": russian}[language]


def test_time_for_machines_names_its_zone(app: Flask) -> None:
    with app.test_request_context("/"):
        assert formatting.iso(NOW) == "2026-11-21T14:20:00.000+03:00"
