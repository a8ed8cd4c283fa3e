# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a fault must be told: once in the log, in ``itgrix check``, on the panel, in ``/status``; in two languages."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from itgrix_module.app.health import Check
from itgrix_module.cli import main
from itgrix_module.place import Place
from tests.service.house import OK, House, until
from tests.web.markup import words
from web.i18n import catalogue

SECONDS = 15  # for a page of the panel; it waits for the database as long as everybody


@dataclass(frozen=True)
class Examined:
    """What ``itgrix check`` said. ``bad``: what is not in order."""

    exit_code: int
    bad: list[dict[str, Any]]

    def finding(self, part: str, code: str) -> dict[str, Any]:
        """The one finding of this kind."""
        found = [item for item in self.bad if (item["part"], item["code"]) == (part, code)]
        assert len(found) == 1, self.bad
        return found[0]


def command(place: Place, *arguments: str, typed: str = "") -> Result:
    """An ``itgrix`` command on this home."""
    environment = {"ITGRIX_HOME": str(place.home), "ITGRIX_DATABASE_URL": place.database_url}
    result = CliRunner().invoke(main, arguments, input=typed, env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def examined(place: Place) -> Examined:
    """Run ``itgrix check``."""
    result = command(place, "check", "--json")
    checks = json.loads(result.stdout)["checks"]
    return Examined(result.exit_code, [check for check in checks if check["level"] != "ok"])


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Every line from warnings on, whoever wrote it."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def assert_told_in_panel(house: House, part: str, code: str, *said: str) -> Check:
    """The panel and ``/status`` show the finding and what to do, in both languages. ``said``: words of the finding."""
    check = house.wait_check(part, code, SECONDS)
    assert check.level is not OK
    assert check.hint, check
    assert all(word in f"{check.text} {check.hint}" for word in said), check
    # The link may be trying anew in this very moment, so each place is looked at until it tells.
    until(lambda: _status(house, part) == (code, check.level.value), SECONDS, lambda: _status(house, part))
    for language in ("en", "ru"):
        hint = catalogue(language).said(check.hint) if language == "ru" else check.hint
        wanted = hint.rstrip(".").casefold()
        until(partial(_says, house, language, wanted), SECONDS, hint)
    assert_in_russian(check.text, check.hint)
    return check


def _status(house: House, part: str) -> tuple[str, str]:
    told = requests.get(f"{house.panel}/status", timeout=SECONDS).json()["checks"][part]
    return told["code"], told["level"]


def _says(house: House, language: str, wanted: str) -> bool:
    return wanted in _page(house, language).casefold()


def _page(house: House, language: str) -> str:
    answer = requests.get(f"{house.panel}/", cookies={"itgrix_lang": language}, timeout=SECONDS)
    assert answer.status_code == 200
    return words(answer.text)


def assert_in_russian(*texts: str) -> None:
    """The catalogue knows every sentence."""
    for text in texts:
        said = catalogue("ru").said(text)
        assert any("а" <= letter <= "я" for letter in said.casefold()), f"no Russian for {text!r}: {said!r}"


def assert_told(house: House, part: str, code: str, *said: str, exit_code: int = 1) -> None:
    """Panel, ``/status`` and ``itgrix check`` all tell it, with what to do."""
    check = assert_told_in_panel(house, part, code, *said)
    found = examined(house.service.core.place)
    assert found.exit_code == exit_code, found
    finding = found.finding(part, code)
    assert finding["hint"], finding
    assert all(word in f"{finding['text']} {finding['hint']}" for word in said), (check, finding)
    assert_in_russian(finding["text"], finding["hint"])


def assert_said_once(caplog: pytest.LogCaptureFixture, *words: str, also: Sequence[str] = ()) -> None:
    """The log holds one line of the fault, and nothing else but lines with the words of ``also``."""
    lines = warnings(caplog)
    of_fault = [line for line in lines if all(word in line for word in words)]
    assert len(of_fault) == 1, lines
    odd = [line for line in lines if line not in of_fault and not any(word in line for word in also)]
    assert not odd, odd


def assert_well(house: House, part: str, caplog: pytest.LogCaptureFixture, *words: str) -> None:
    """The part is in order again, and the log says so, once."""
    until(lambda: house.check(part).level is OK, SECONDS, lambda: house.check(part))
    until(lambda: _over(caplog, words), SECONDS, lambda: warnings(caplog))
    assert len(_over(caplog, words)) == 1, warnings(caplog)


def _over(caplog: pytest.LogCaptureFixture, words: Sequence[str]) -> list[str]:
    return [line for line in warnings(caplog) if all(word in line for word in words)]
