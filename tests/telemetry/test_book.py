# SPDX-License-Identifier: GPL-3.0-or-later
"""The log as it is read: filters, pages over several files, lines that belong together, and as it is written."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from itgrix_module.telemetry import book, logs
from itgrix_module.telemetry.book import LogBook, LogFilter


def line(number: int, text: str = "", level: str = "INFO", part: str = "calls") -> str:
    return (
        f"2026-11-21 11:{number // 60:02d}:{number % 60:02d},000 {level:7} itgrix.{part}: {text or f'line {number}'}\n"
    )


@pytest.fixture
def log(tmp_path: Path) -> LogBook:
    """Three files of a hundred lines."""
    for name, start in (("itgrix.log.2", 0), ("itgrix.log.1", 100), ("itgrix.log", 200)):
        (tmp_path / name).write_text("".join(line(number) for number in range(start, start + 100)))
    return LogBook(tmp_path / "itgrix.log")


def all_pages(found: LogBook, wanted: LogFilter, size: int = 37) -> list[str]:
    texts, before = [], ""
    for _ in range(100):
        page = found.page(wanted, size, before)
        texts += [entry.text for entry in page.entries]
        if not page.next:
            return texts
        before = page.next
    raise AssertionError("no end")


def test_pages_hold_every_line_once_the_newest_first(log: LogBook) -> None:
    assert all_pages(log, LogFilter()) == [f"line {number}" for number in range(299, -1, -1)]


def test_lines_of_one_moment_are_not_lost_between_pages(tmp_path: Path) -> None:
    (tmp_path / "itgrix.log").write_text("".join(line(5, f"same {number}") for number in range(50)))
    texts = all_pages(LogBook(tmp_path / "itgrix.log"), LogFilter(), 7)
    assert texts == [f"same {number}" for number in range(49, -1, -1)]


@pytest.mark.parametrize(
    ("wanted", "texts"),
    [
        (LogFilter(level="WARNING"), ["портал молчит", "slow"]),
        (LogFilter(level="ERROR"), ["портал молчит"]),
        (LogFilter(part="asterisk"), ["slow"]),
        (LogFilter(text="ПОРТАЛ"), ["портал молчит"]),
        (LogFilter(text="nothing like it"), []),
    ],
)
def test_filter_takes_level_part_and_text(tmp_path: Path, wanted: LogFilter, texts: list[str]) -> None:
    written = [line(1), line(2, "slow", "WARNING", "asterisk"), line(3, "портал молчит", "ERROR", "portal")]
    (tmp_path / "itgrix.log").write_text("".join(written))
    assert all_pages(LogBook(tmp_path / "itgrix.log"), wanted) == texts


def test_traceback_belongs_to_its_line(tmp_path: Path) -> None:
    (tmp_path / "itgrix.log").write_text(line(1, "broken", "ERROR") + "    Traceback:\n    ValueError\n" + line(2))
    entries = LogBook(tmp_path / "itgrix.log").page(LogFilter(), 10).entries
    assert [entry.text for entry in entries] == ["line 2", "broken\n    Traceback:\n    ValueError"]


@pytest.mark.parametrize("before", ["", "x", "~", "2026~x", "~" * 50, "2026-11-21 11:00:00,000~99999999999"])
def test_strange_position_or_content_breaks_nothing(tmp_path: Path, before: str) -> None:
    (tmp_path / "itgrix.log").write_bytes(
        b"\xff\xfe\0\n" * 1000 + b"9999-99-99 99:99:99,999 INFO x: y\n" + b"z" * 200_000
    )
    LogBook(tmp_path / "itgrix.log").page(LogFilter(), 10, before)


def test_no_log_is_an_empty_page(tmp_path: Path) -> None:
    assert LogBook(tmp_path / "none.log").page(LogFilter(), 10).entries == ()
    assert LogBook(tmp_path / "none.log").tail(5) == []


def test_long_log_is_not_read_as_a_whole(log: LogBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "MOST_READ", 3000)
    assert log.page(LogFilter(text="line 1"), 1000).is_cut


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Path]:
    """A file that the log goes to; afterwards the log is as it was before."""
    root, file = logging.getLogger(), tmp_path / "log" / "itgrix.log"
    before, level = root.handlers[:], root.level
    hides = {"persons": False}
    logs.to_stderr(file=file, hides_persons=lambda: hides["persons"])
    yield file
    for handler in root.handlers:
        if handler not in before:
            handler.close()
    root.handlers[:] = before
    root.setLevel(level)
    logs.set_levels("NOTSET", {})


def test_levels_differ_by_part(written: Path) -> None:
    logs.set_levels("WARNING", {"calls": "DEBUG"})
    logging.getLogger("itgrix.calls").debug("seen")
    logging.getLogger("itgrix.hooks").info("not seen")
    logs.set_levels("WARNING", {})
    logging.getLogger("itgrix.calls").info("no more")
    assert [text.partition(": ")[2] for text in written.read_text().splitlines()] == ["seen"]


def test_line_from_the_wire_cannot_forge_another_and_secrets_stay_out(written: Path) -> None:
    forged = "x\n2026-11-21 11:00:00,000 ERROR   itgrix.calls: forged\r\nand password=hunter22x"
    logging.getLogger("itgrix.calls").warning("call %s", forged)
    entries = LogBook(written).page(LogFilter(), 10).entries
    assert [entry.level for entry in entries] == ["WARNING"]
    assert "hunter22x" not in written.read_text()
    assert written.stat().st_mode & 0o007 == 0


def test_a_log_that_standard_error_goes_to_is_put_aside_when_it_is_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "itgrix.log"
    with file.open("a", encoding="utf-8") as given:
        monkeypatch.setattr(sys, "stderr", given)
        for number in range(8):
            given.write(f"{number}" * 100)
            given.flush()
            logs.cut(file, 50)
        given.write("now")
    assert file.read_text() == "now"
    olds = [file.with_name(f"itgrix.log.{number}") for number in range(1, logs.FILES)]
    assert [old.read_text() for old in olds] == [str(number) * 100 for number in (7, 6, 5, 4)]
    assert len(list(tmp_path.iterdir())) == logs.FILES


def test_a_log_of_our_own_or_a_short_one_is_not_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "itgrix.log"
    file.write_text("x" * 100)
    logs.cut(file, 50)  # somebody else writes to it
    with file.open("a", encoding="utf-8") as given:
        monkeypatch.setattr(sys, "stderr", given)
        logs.cut(file, 100)
    assert [path.name for path in tmp_path.iterdir()] == ["itgrix.log"]


def test_persons_are_hidden_on_request(tmp_path: Path) -> None:
    record = logging.LogRecord("itgrix.calls", logging.INFO, "", 1, "call of %s", ("+79161234567",), None)
    assert logs.Lines().format(record).endswith("call of +79161234567")
    assert logs.Lines(lambda: True).format(record).endswith("call of •••67")
