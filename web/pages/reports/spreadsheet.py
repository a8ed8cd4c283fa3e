# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports as CSV in the reader's language."""

from __future__ import annotations

from itgrix_module.app.spreadsheet import Value, written
from web.pages.reports.tables import HEADINGS, Report, Row
from web.preferences import language, text


def report_csv(report: Report) -> str:
    """The whole report: its rows and their sum."""
    heading = [
        text(HEADINGS[report.view]),
        text("Number"),
        text("Calls"),
        text("Answered calls"),
        text("Not answered"),
        text("Answered, %"),
        text("Waiting for an answer, mean, s"),
        text("Waiting without an answer, mean, s"),
        text("Longest waiting, s"),
        text("Talk, mean, s"),
        text("Talk, total, s"),
        text("Longest talk, s"),
    ]
    rows = [_line(row) for row in report.rows]
    return written([heading, *rows, _line(Row("", text("Total"), report.total))], language())


def _line(row: Row) -> list[Value]:
    figures = row.figures
    return [
        row.label,
        row.key,
        figures.calls,
        figures.answered,
        figures.lost,
        None if figures.share is None else 100 * figures.share,
        figures.mean_wait,
        figures.mean_lost_wait,
        figures.longest_wait,
        figures.mean_talk,
        figures.talk,
        figures.longest_talk,
    ]
