# SPDX-License-Identifier: GPL-3.0-or-later
"""How commands print: text for people, one JSON document with ``--json``, faults with what to do."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from itgrix_module.domain.failures import Failure

F = TypeVar("F", bound=Callable[..., Any])


def json_option(function: F) -> F:
    """``--json`` for a command that prints data."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(function)


def show(data: Any, as_json: bool, text: Callable[[], str]) -> None:
    """Print the data as JSON, or as text."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str) if as_json else text())


@contextmanager
def faults_told(as_json: bool = False) -> Iterator[None]:
    """A failure becomes one message with what to do, and exit status 1."""
    try:
        yield
    except Failure as failure:
        if as_json:
            problem = {"code": failure.code, "text": failure.text, "hint": failure.hint}
            click.echo(json.dumps({"error": problem}, ensure_ascii=False))
        else:
            click.echo(f"error: {failure}", err=True)
            if failure.hint:
                click.echo(f"  {failure.hint}", err=True)
        sys.exit(1)


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], empty: str) -> str:
    """Rows as aligned columns."""
    if not rows:
        return empty
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(column), *(len(line[at]) for line in cells)) for at, column in enumerate(columns)]
    lines = [columns, *cells]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.1f}"
    return " ".join(str(value).split()) or "-"


def moment(at: float | None) -> str:
    """Epoch seconds as local time."""
    if at is None:
        return "-"
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
