# SPDX-License-Identifier: GPL-3.0-or-later
"""The report pages and their files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from itgrix_module.app.desk_ports import Listing
from itgrix_module.app.spreadsheet import harmless
from itgrix_module.storage.engine import Database
from tests.web.seeds import NOW, row, save_many

VIEWS = ("/reports/", "/reports/hours", "/reports/lines", "/reports/sources", "/reports/employees")
HOSTILE = "=cmd|'/c calc'!A1"


@pytest.fixture
def filled(database: Database) -> None:
    calls = [
        row("1.1", source="WEB", rang=("101", "102")),
        row("1.2", outcome="missed", answered=None, answered_by="", last_talker="", talk=0.0, wait=30.0, line=HOSTILE),
        row("1.3", direction="outgoing", caller="102", answered_by="102", last_talker="102", rang=("102",)),
        row("1.4", direction="internal"),
        row("1.5", live=True, outcome=""),
        row("1.6", started=NOW - 40 * 86_400),
        row("1.7", line='Кавычки "и"; точки\nс запятой', outcome="missed", talk=0.0, last_talker=""),
    ]
    save_many(database, calls)


def text(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    assert len(answer.data) < 100_000
    return unescape(answer.text)


def rows(client: FlaskClient, path: str, delimiter: str) -> list[list[str]]:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.mimetype == "text/csv"
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""), delimiter=delimiter))


@pytest.mark.parametrize("path", VIEWS)
def test_empty_company_gets_a_hint_in_both_languages(reader: FlaskClient, path: str) -> None:
    page = text(reader, path)
    assert "No calls in this period" in page or "За этот период звонков нет" in page


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("path", VIEWS)
@pytest.mark.parametrize("period", ["today", "yesterday", "week", "month", "this_month", "last_month", "year", "own"])
def test_every_report_opens_for_every_period(reader: FlaskClient, path: str, period: str) -> None:
    text(reader, f"{path}?period={period}&since=2026-11-01&until=2026-11-21")


@pytest.mark.usefixtures("filled")
def test_internal_and_running_calls_are_left_out(app: Flask) -> None:
    table = rows(app.test_client(), "/reports/days.csv?period=today", ",")
    assert table[-1][:5] == ["Total", "", "4", "2", "2"]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(("direction", "calls"), [("incoming", "3"), ("outgoing", "1"), ("internal", "1")])
def test_direction_narrows_a_report(app: Flask, direction: str, calls: str) -> None:
    table = rows(app.test_client(), f"/reports/lines.csv?period=today&direction={direction}", ",")
    assert table[-1][2] == calls


@pytest.mark.usefixtures("filled")
def test_employee_has_the_calls_that_rang_and_those_he_dialled(app: Flask) -> None:
    table = rows(app.test_client(), "/reports/employees.csv?period=today", ",")
    by_number = {line[1]: line for line in table}
    assert by_number["101"][0] == "Анна Смирнова"
    assert by_number["101"][2:5] == ["3", "1", "2"]
    assert by_number["102"][2:5] == ["4", "1", "3"]
    assert table[-1][2] == "4"  # calls, not parts in calls


@pytest.mark.usefixtures("filled")
def test_own_days_include_the_last_one(app: Flask) -> None:
    client = app.test_client()
    assert rows(client, "/reports/days.csv?period=own&since=2026-11-21&until=2026-11-21", ",")[-1][2] == "4"
    assert rows(client, "/reports/days.csv?period=own&since=2026-10-01&until=2026-10-31", ",")[-1][2] == "1"


def test_wrong_dates_are_told_beside_their_fields(app: Flask) -> None:
    client = app.test_client()
    assert "Enter a date as YYYY-MM-DD." in text(client, "/reports/?period=own&since=yesterday")
    assert "before the first" in text(client, "/reports/?period=own&since=2026-11-02&until=2026-11-01")
    assert "ten years" in text(client, "/reports/?period=own&since=1990-11-02&until=2026-11-01")
    assert client.get("/reports/days.csv?period=own&since=x").status_code == 400


@pytest.mark.parametrize("query", ["period=%00", "period=zz", "direction=up", "sort=drop+table"])
def test_hostile_queries_do_no_harm(app: Flask, query: str) -> None:
    assert app.test_client().get(f"/reports/lines?{query}").status_code == 200


def test_unknown_report_is_not_found(app: Flask) -> None:
    assert app.test_client().get("/reports/nonsense").status_code == 404
    assert app.test_client().get("/reports/nonsense.csv").status_code == 404


@pytest.mark.usefixtures("filled")
def test_file_keeps_hostile_cells_whole_and_harmless(app: Flask) -> None:
    names = [line[0] for line in rows(app.test_client(), "/reports/lines.csv?period=today", ",")]
    assert f"'{HOSTILE}" in names
    assert 'Кавычки "и"; точки\nс запятой' in names


@pytest.mark.usefixtures("filled")
def test_russian_file_has_semicolons_and_decimal_commas(russian: FlaskClient) -> None:
    table = rows(russian, "/reports/days.csv?period=today", ";")
    assert table[0][:3] == ["День", "Номер", "Звонки"]
    assert table[-1][0] == "Всего"
    assert table[-1][5] == "50,0"


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-2", "@SUM", "\tx", "\r=1", " =1", "|calc", "\u0000=1", "＝1"])
def test_cell_that_looks_like_a_formula_is_made_text(cell: str) -> None:
    assert harmless(cell).startswith("'")


@pytest.mark.parametrize("cell", ["+7 495 123-45-67", "Анна", "101", "", "a=b", "no line"])
def test_plain_cell_stays_as_it_is(cell: str) -> None:
    assert harmless(cell) == cell


@pytest.mark.usefixtures("filled")
def test_chart_says_the_same_as_its_table(app: Flask) -> None:
    page = text(app.test_client(), "/reports/?period=week")
    assert 'role="img"' in page
    assert "4 calls, 2 of them answered" in page
    assert "<caption" in page


@pytest.mark.usefixtures("filled")
def test_line_is_shown_by_its_name(make_panel: Callable[..., Flask]) -> None:
    app = make_panel(line_name=lambda line: "Реклама" if line == "74951234567" else "")
    assert "Реклама" in text(app.test_client(), "/reports/lines?period=today")


@pytest.mark.usefixtures("filled")
def test_names_from_the_wire_are_escaped(app: Flask, database: Database) -> None:
    save_many(database, [row("2.1", line="<script>alert(1)</script>")])
    assert "<script>alert" not in app.test_client().get("/reports/lines?period=today").text


def test_long_list_stays_a_page_and_the_file_has_all(app: Flask, database: Database) -> None:
    save_many(database, [row(f"3.{n}", line=f"7495{n:07}") for n in range(300)])
    page = text(app.test_client(), "/reports/lines?period=today")
    assert "The first 100 rows; the file has all 300." in page
    assert len(rows(app.test_client(), "/reports/lines.csv?period=today", ",")) == 302


@pytest.mark.usefixtures("filled")
def test_status_page_shows_the_last_day(reader: FlaskClient) -> None:
    assert 'id="last-day-table"' in text(reader, "/")


class Portal:
    """A portal that has told the names of its sources."""

    def listing(self, name: str) -> Listing:
        return Listing((("WEB", "Веб-сайт"), ("CALL", "Звонок"))) if name == "sources" else Listing()


@pytest.mark.usefixtures("filled")
def test_source_is_called_as_the_portal_calls_it(make_panel: Callable[..., Flask]) -> None:
    client = make_panel(settings=Portal()).test_client()
    page = text(client, "/reports/sources?period=today")
    assert '<th scope="row" class="break">Веб-сайт <span class="muted small">WEB</span></th>' in page
    assert ["Веб-сайт", "WEB"] in [line[:2] for line in rows(client, "/reports/sources.csv?period=today", ",")]


@pytest.mark.usefixtures("filled")
def test_source_that_the_portal_has_not_named_keeps_its_code(app: Flask) -> None:
    assert '<th scope="row" class="break">WEB</th>' in text(app.test_client(), "/reports/sources?period=today")
