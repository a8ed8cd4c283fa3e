# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of calls: filters, order, pages, hostile values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from itgrix_module.storage.engine import Database
from tests.web.markup import problems, words
from tests.web.seeds import NOW, row, save, save_many, step

DAY = 86_400
SHOWN = re.compile(r'id="call-([^"]+)"')


def shown(client: FlaskClient, **query: Any) -> list[str]:
    """Linked ids in the order of the table."""
    answer = client.get("/calls/", query_string=query)
    assert answer.status_code == 200
    assert not problems(answer.text)
    return SHOWN.findall(answer.text)


@pytest.fixture
def week(database: Database) -> None:
    """One call a day; each can be told from the others by every filter."""
    save_many(
        database,
        [
            row("1.0", started=NOW - 60),
            row("1.1", started=NOW - DAY, client="+79031112233", line="78127654321", rang=("105",), answered_by="105",
                last_talker="105"),
            row("1.2", started=NOW - 2 * DAY, direction="outgoing", outcome="busy", status="486", client="89214445566",
                line="provider", answered_by="", last_talker="", rang=()),
            row("1.3", started=NOW - 8 * DAY, outcome="missed", status="304", answered_by="", last_talker="",
                rang=("101", "102", "103")),
            row("1.4", started=NOW - 40 * DAY, direction="internal", client="", line="", rang=("102",)),
        ],
    )  # fmt: skip
    save(database, row("1.5", started=NOW - 50 * DAY, client="+4915112345678"), [step()])


@pytest.mark.usefixtures("week")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"]),
        ({"sort": "oldest"}, ["1.5", "1.4", "1.3", "1.2", "1.1", "1.0"]),
        ({"period": "today"}, ["1.0"]),
        ({"period": "yesterday"}, ["1.1"]),
        ({"period": "week"}, ["1.0", "1.1", "1.2"]),
        ({"period": "month"}, ["1.0", "1.1", "1.2", "1.3"]),
        ({"period": "own", "since": "2026-11-13", "until": "2026-11-20"}, ["1.1", "1.2", "1.3"]),
        ({"period": "own", "until": "2026-11-13"}, ["1.3", "1.4", "1.5"]),
        ({"period": "own", "since": "2026-11-21"}, ["1.0"]),
        ({"period": "today", "since": "2000-01-01", "until": "2000-01-02"}, ["1.0"]),
        ({"number": "9161234567"}, ["1.0", "1.3"]),
        ({"number": "8 (916) 123-45-67"}, ["1.0", "1.3"]),
        ({"number": "+7 921 444 55 66"}, ["1.2"]),
        ({"number": "111"}, ["1.1"]),
        ({"number": "000111222"}, []),
        ({"employee": "105"}, ["1.1"]),
        ({"employee": " 103 "}, ["1.3"]),
        ({"employee": "10"}, []),
        ({"line": "78127654321"}, ["1.1"]),
        ({"direction": "outgoing"}, ["1.2"]),
        ({"direction": "internal"}, ["1.4"]),
        ({"outcome": "missed"}, ["1.3"]),
        ({"undelivered": "y"}, ["1.5"]),
        ({"direction": "incoming", "outcome": "answered", "number": "916", "period": "week"}, ["1.0"]),
    ],
)
def test_filter_shows_exactly_what_fits(client: FlaskClient, query: dict[str, str], found: list[str]) -> None:
    assert shown(client, **query) == found


@pytest.mark.usefixtures("week")
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"number": "1"}, "Enter at least two digits of the number."),
        ({"number": "9" * 41}, "A number has at most 40 characters."),
        ({"period": "own", "since": "31.12.2026"}, "Enter a date as YYYY-MM-DD."),
        ({"period": "own", "until": "2026-13-01"}, "Enter a date as YYYY-MM-DD."),
        ({"period": "own", "since": "0001-01-01"}, "Enter a date as YYYY-MM-DD."),
        ({"period": "own", "since": "2026-11-20", "until": "2026-11-19"}, "The last day is before the first."),
        ({"direction": "sideways"}, "Not a valid choice."),
        ({"outcome": "<script>"}, "Not a valid choice."),
        ({"period": "century"}, "Not a valid choice."),
    ],
)
def test_wrong_filter_is_explained_beside_its_field(client: FlaskClient, query: dict[str, str], said: str) -> None:
    answer = client.get("/calls/", query_string=query)
    assert answer.status_code == 200
    assert said in words(answer.text)
    assert 'aria-invalid="true"' in answer.text
    assert "Nothing was searched" in words(answer.text)


def test_without_any_call_the_page_says_what_to_do(reader: FlaskClient) -> None:
    said = words(reader.get("/calls/").text)
    assert "No calls yet Make a call" in said or "Звонков ещё не было Позвоните" in said


@pytest.mark.usefixtures("week")
def test_filter_that_finds_nothing_offers_all_calls(client: FlaskClient) -> None:
    said = words(client.get("/calls/?number=000111").text)
    assert "No call fits" in said
    assert "Show all calls" in said


@pytest.mark.parametrize("order", ["", "oldest"])
def test_thousands_of_calls_page_without_a_gap_in_both_directions(
    client: FlaskClient, database: Database, order: str
) -> None:
    # Three calls a second, so that many share their time and only the row's number tells them apart.
    save_many(database, [row(f"2.{number:04}", started=float(NOW - number // 3)) for number in range(2345)])
    pages = list(followed(client, f"/calls/?sort={order}", "next"))
    found = [one for page, _ in pages for one in page]
    assert len(found) == 2345 == len(set(found))
    assert found == sorted(found, key=lambda one: (int(one[2:]) // 3, -int(one[2:])), reverse=order == "oldest")
    back = [page for page, _ in followed(client, pages[-1][1], "prev")]
    assert [one for page in reversed(back) for one in page] == found


def followed(client: FlaskClient, address: str, way: str) -> Iterator[tuple[list[str], str]]:
    """The calls of each page and its address, from link to link."""
    while address:
        text = client.get(address).text
        yield SHOWN.findall(text), address
        link = re.search(rf'rel="{way}" href="([^"#]+)', text)
        address = unescape(link[1]) if link else ""


def test_page_of_a_busy_day_stays_small(client: FlaskClient, database: Database) -> None:
    rang = tuple(str(100 + number) for number in range(20))
    missed = row(rang=rang, outcome="missed", answered_by="", last_talker="", client_name="Очень длинное имя " * 9)
    save_many(database, [replace(missed, linkedid=f"3.{number}", started=NOW - number) for number in range(100)])
    for path in ("/calls/", "/"):
        assert len(client.get(path).data) < 100_000


@pytest.mark.usefixtures("week")
@pytest.mark.parametrize("key", ["x", "_", "nan_1", "inf_1", "0x1p+999_1", "1_-1", "1_99999999999999999999", "1_1;--"])
def test_page_key_that_no_page_gave_leads_to_the_first_page(client: FlaskClient, key: str) -> None:
    assert len(shown(client, after=key)) == 6
    assert len(shown(client, before=key)) == 6


@pytest.mark.usefixtures("week")
def test_filter_stays_while_paging_and_sorting(client: FlaskClient) -> None:
    text = client.get("/calls/?number=916&direction=incoming").text
    assert re.search(r'href="/calls/\?number=916&amp;direction=incoming&amp;sort=oldest"', text)
    assert 'value="916"' in text
    assert '<option selected value="incoming">' in text


@pytest.mark.usefixtures("week")
def test_only_the_plain_first_page_tells_of_newer_calls(client: FlaskClient) -> None:
    assert "/calls/news?after=" in client.get("/calls/").text
    assert "/calls/news?after=" not in client.get("/calls/?number=916").text
    assert "/calls/news?after=" not in client.get("/calls/?sort=oldest").text


def test_newer_calls_are_counted(client: FlaskClient, russian: FlaskClient, database: Database) -> None:
    save_many(database, [row(f"4.{number}", started=NOW - number) for number in range(4)])
    assert words(client.get(f"/calls/news?after={NOW - 1}").text) == "1 new call: show"
    assert words(russian.get(f"/calls/news?after={NOW - 3}").text) == "3 новых звонка: показать"
    assert words(client.get(f"/calls/news?after={NOW}").text) == ""
    for wrong in ("nan", "inf", "x", ""):
        assert client.get(f"/calls/news?after={wrong}").status_code == 200


def test_more_newer_calls_than_anybody_counts_are_many(client: FlaskClient, database: Database) -> None:
    save_many(database, [row(f"4.{number}", started=NOW - number) for number in range(60)])
    assert words(client.get("/calls/news?after=0").text) == "More than 50 new calls: show"


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}${7*7}",
    "javascript:alert(1)",
    "\u202egnp.exe",
    "a\x00b\r\nSet-Cookie: x=1",
    "'; DROP TABLE itgrix_calls;--",
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("path", ["/", "/calls/", "/live"])
def test_hostile_values_of_a_call_are_text_only(client: FlaskClient, database: Database, path: str, value: str) -> None:
    names = ("client", "client_name", "line", "trunk", "queue", "answered_by", "last_talker", "outcome", "phase")
    save(database, row(**dict.fromkeys(names, value), direction=value, rang=(value, "101")))
    save(database, row("9.9", client=value, client_name=value, rang=(value,), live=True, ended=None, outcome=""))
    answer = client.get(path)
    assert answer.status_code == 200
    assert not problems(answer.text, whole="<html" in answer.text)
    assert "<script>alert" not in answer.text
    assert "onerror=alert(1)>" not in answer.text.replace("&gt;", "")
    assert "49$49" not in answer.text
    assert 'href="javascript' not in answer.text


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("field", ["number", "employee", "line", "period", "since", "sort", "after", "outcome"])
def test_hostile_filters_are_text_only(client: FlaskClient, database: Database, field: str, value: str) -> None:
    save(database, row())
    answer = client.get("/calls/", query_string={field: value})
    assert answer.status_code == 200
    assert not problems(answer.text)
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("wildcard", ["%%", "__", "9%6", "\\"])
def test_wildcards_of_the_database_are_no_wildcards_here(
    client: FlaskClient, database: Database, wildcard: str
) -> None:
    save(database, row())
    assert shown(client, line=wildcard) == []
    assert shown(client, employee=wildcard) == []


def test_part_of_another_call_is_not_in_the_table(client: FlaskClient, database: Database) -> None:
    save_many(database, [row("5.1"), row("5.2", merged_into="5.1")])
    assert shown(client) == ["5.1"]


def test_table_tells_by_text_and_not_by_colour_alone(russian: FlaskClient, database: Database) -> None:
    save(database, row(outcome="missed", answered_by="", last_talker=""), [step()])
    said = words(russian.get("/calls/").text)
    assert "звонили: 101, 102 Пропущен" in said
    assert "Ожидание" in said
    assert 'aria-label="Входящий"' in russian.get("/calls/").text


def test_numbers_are_written_as_people_read_them(client: FlaskClient, database: Database) -> None:
    save(database, row(client="89161234567", line="74951234567"))
    save(database, row("1.2", client="anonymous", line="provider"))
    said = words(client.get("/calls/").text)
    assert "+7 916 123-45-67" in said
    assert "+7 495 123-45-67" in said
    assert "number hidden" in said
