# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of releases: read strictly, and what it means for the version that is installed."""

from __future__ import annotations

import copy
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from installer import versions as of_installer
from itgrix_module.app.update_run import FAILED, Run, run_of
from itgrix_module.app.update_words import version_check
from itgrix_module.app.updates import Feed, feed_of, is_safe, outlook
from itgrix_module.domain import versions
from itgrix_module.domain.failures import Permanent
from tests.fakes.releases import Publisher

PUBLISHER = Publisher()
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
VERSIONS = st.builds(
    lambda numbers, stage: ".".join(map(str, numbers)) + stage,
    st.lists(st.integers(0, 30), min_size=1, max_size=4),
    st.sampled_from(["", ".dev0", "a1", "b2", "rc1", "rc10"]),
)


def feed(*versions_given: str, **changes: Any) -> Feed:
    return feed_of(PUBLISHER.data(*(PUBLISHER.release(version, **changes) for version in versions_given)))


def test_newer_versions_are_offered_the_newest_first() -> None:
    found = outlook("1.1.0", feed("1.0.0", "1.10.0", "1.1.0", "1.2.0"), NOW)
    assert [each.version for each in found.newer] == ["1.10.0", "1.2.0"]
    assert found.newest is not None
    assert found.newest.notes_in("ru") == "Новое в 1.10.0"
    assert found.newest.notes_in("de") == "News of 1.10.0"


@pytest.mark.parametrize(
    ("installed", "is_supported"),
    [("1.6.0", True), ("1.5.9", True), ("1.4.0", True), ("1.3.9", False), ("1.9.0", True), ("1.4.0.dev0", True)],
)
def test_the_three_newest_releases_are_supported_with_all_their_patches(installed: str, is_supported: bool) -> None:
    known = feed("1.2.0", "1.3.0", "1.4.0", "1.4.1", "1.5.0", "1.6.0", "1.6.1", "1.7.0rc1")
    assert outlook(installed, known, NOW).is_supported is is_supported


@pytest.mark.parametrize(("until", "is_supported"), [("2026-11-20", False), ("2026-11-21", True), (None, True)])
def test_support_ends_with_its_day(until: str | None, is_supported: bool) -> None:
    found = outlook("1.0.0", feed("1.0.0", supported_until=until), NOW)
    assert found.is_supported is is_supported
    assert version_check(found).code == ("version_ok" if is_supported else "version_unsupported")


def test_versions_for_trying_out_are_offered_only_to_those_who_try() -> None:
    known = feed("1.0.0", "1.1.0rc1")
    assert outlook("1.0.0", known, NOW).newest is None
    assert [each.version for each in outlook("1.1.0.dev0", known, NOW).newer] == ["1.1.0rc1"]


def test_a_security_hole_is_a_warning_and_other_news_is_none() -> None:
    assert version_check(outlook("1.0.0", feed("1.1.0", security=True), NOW)).level == "warning"
    assert version_check(outlook("1.0.0", feed("1.1.0"), NOW)).level == "ok"
    assert version_check(outlook("1.0.0", feed("1.1.0"), NOW)).code == "update_available"


def test_the_full_archive_is_taken_where_there_is_one() -> None:
    small, full = PUBLISHER.listed("itgrix-1.1.0.tgz", b"s"), PUBLISHER.listed("itgrix-1.1.0-full.tgz", b"full")
    assert feed("1.1.0", archives={"small": small, "full": full}).releases[0].archive.name == "itgrix-1.1.0-full.tgz"
    assert feed("1.1.0", archives={"small": small}).releases[0].archive.size == 1


def _archive(**changes: Any) -> dict[str, Any]:
    return {"archives": {"small": {**PUBLISHER.listed("itgrix-1.1.0.tgz", b"x"), **changes}}}


@pytest.mark.parametrize(
    "changes",
    [
        {"rawname": "other"},
        {"format": 2},
        {"format": "1"},
        {"format": True},
        {"issued": 0},
        {"issued": "1"},
        {"issued": -5},
        {"releases": []},
        {"releases": {}},
        {"releases": [1]},
        {"releases": [{}]},
        {"releases": [PUBLISHER.release("1.0"), PUBLISHER.release("1.0.0")]},
        {"releases": [PUBLISHER.release("newest")]},
        {"releases": [PUBLISHER.release("1." + "9" * 5000)]},
        {"releases": [PUBLISHER.release("1.1.0", date="today")]},
        {"releases": [PUBLISHER.release("1.1.0", supported_until=5)]},
        {"releases": [PUBLISHER.release("1.1.0", notes="news")]},
        {"releases": [PUBLISHER.release("1.1.0", notes={"en": "x" * 30_000})]},
        {"releases": [PUBLISHER.release("1.1.0", archives={})]},
        {"releases": [PUBLISHER.release("1.1.0", requires={"python": "new"})]},
        {"releases": [PUBLISHER.release("1.1.0", **_archive(url="http://example.org/itgrix-1.1.0.tgz"))]},
        {"releases": [PUBLISHER.release("1.1.0", **_archive(url="https://example.org/itgrix-1.1.0.zip"))]},
        {"releases": [PUBLISHER.release("1.1.0", **_archive(url="https://example.org/a\nb.tgz"))]},
        {"releases": [PUBLISHER.release("1.1.0", **_archive(size=0))]},
        {"releases": [PUBLISHER.release("1.1.0", **_archive(size=10**15))]},
        {"releases": [PUBLISHER.release("1.1.0", **_archive(sha256="A" * 64))]},
        {"releases": [PUBLISHER.release("1.1.0", **_archive(signature="x"))]},
    ],
)
def test_a_list_that_says_what_none_of_ours_says_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Permanent) as refused:
        feed_of({**PUBLISHER.data(PUBLISHER.release("1.1.0")), **changes})
    assert refused.value.code == "updates_bad"


def test_what_a_later_list_says_besides_is_passed_over() -> None:
    release = {**PUBLISHER.release("1.1.0"), "mood": "good", "notes": {"en": "x", "fr": "y"}}
    found = feed_of({**PUBLISHER.data(release), "unknown": [1]})
    assert dict(found.releases[0].notes) == {"en": "x"}


def test_signs_that_turn_text_around_or_control_a_terminal_are_taken_out_of_notes() -> None:
    notes = {"en": "good\x1b[2J\u202eno\nline"}
    assert feed("1.1.0", notes=notes).releases[0].notes_in("en") == "good[2Jno\nline"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/x.json", True),
        ("http://127.0.0.1:8080/x", True),
        ("http://localhost/x", True),
        ("http://[::1]:80/x", True),
        ("http://example.org/x", False),
        ("http://127.0.0.1.example.org/x", False),
        ("https://user:word@example.org/", False),
        ("http://localhost@example.org/", False),
        ("https://exa mple.org/", False),
        ("https://example.org/\r\nHost: x", False),
        ("ftp://example.org/", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("https://[bad/", False),
        ("https://example.org:99999/", False),
        ("https://пример.рф/", False),
        ("", False),
    ],
)
def test_only_https_and_this_machine_are_safe(url: str, expected: bool) -> None:
    assert is_safe(url) is expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_whatever_comes_is_a_list_or_refused(data: object) -> None:
    with pytest.raises(Permanent):
        feed_of(data)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_list_with_any_one_value_replaced_is_read_or_refused(data: st.DataObject) -> None:
    changed = copy.deepcopy(PUBLISHER.data(PUBLISHER.release("1.1.0"), PUBLISHER.release("1.0.0")))
    place: Any = changed
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(JSON)
    with suppress(Permanent):
        outlook("1.0.0", feed_of(changed), NOW)


@settings(max_examples=200, deadline=None)
@given(VERSIONS, VERSIONS)
def test_versions_are_compared_as_the_installer_compares_them(one: str, other: str) -> None:
    assert versions.rank(one) == of_installer.rank(one)
    assert versions.is_newer(one, other) is of_installer.is_older(other, one)


@pytest.mark.parametrize("version", ["", "v1", "1.", "1..2", "1.0-1", "1.0 ", "1.0\n", "x"])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match="no version"):
        versions.rank(version)


@given(JSON)
def test_what_another_version_wrote_of_an_update_is_read_as_far_as_possible(value: object) -> None:
    found = run_of(dict.fromkeys(Run.__dataclass_fields__, value))
    assert isinstance(found.is_over, bool)


def test_an_update_is_kept_and_read() -> None:
    run = Run("1.0.0", "1.1.0", "anna", 5.0).at("install").over(9.0, FAILED, "code", "text", "hint")
    assert run_of(run.as_data()) == run
    assert run_of({}).is_over
