# SPDX-License-Identifier: GPL-3.0-or-later
"""The status page: one glance at everything."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from itgrix_module.app.health import Check, Level
from itgrix_module.storage.engine import Database
from tests.web.markup import problems, words
from tests.web.seeds import NOW, health, row, save, save_many, step

BROKEN = Check(
    "pbx",
    Level.ERROR,
    "refused",
    "127.0.0.1:5038 refuses the connection: nothing listens there",
    "Check that Asterisk runs, that manager.conf has enabled = yes, and that port and bindaddr are right.",
    since=NOW - 200,
)
SLOW = Check("portal", Level.WARNING, "read_timeout", "portal.example did not answer in time.")


def said_by(make_panel: Callable[..., Flask], *checks: Check, language: str = "en", **changes: object) -> str:
    client = make_panel(health=lambda: health(*checks, **changes)).test_client()
    client.set_cookie("itgrix_lang", language)
    answer = client.get("/")
    assert answer.status_code == 200
    assert not problems(answer.text)
    return words(answer.text)


def test_all_well_is_said_in_one_sentence(make_panel: Callable[..., Flask]) -> None:
    assert "Everything works" in said_by(make_panel)
    assert "Всё работает" in said_by(make_panel, language="ru")


def test_broken_part_tells_reason_since_when_and_what_to_do(make_panel: Callable[..., Flask]) -> None:
    said = said_by(make_panel, BROKEN, SLOW)
    assert "1 part is broken, 1 needs a look" in said
    assert "PBX Broken 127.0.0.1:5038 refuses the connection: nothing listens there" in said
    assert "since 14:16:40 (3 minutes ago)" in said
    assert "What to do: Check that Asterisk runs" in said
    assert "Bitrix24 Look at it Portal.example" not in said


def test_broken_part_is_explained_in_russian(make_panel: Callable[..., Flask]) -> None:
    said = said_by(make_panel, BROKEN, language="ru")
    assert "Не работает 1 часть" in said
    assert "АТС Не работает 127.0.0.1:5038 отвергает соединение: там никто не слушает" in said
    assert "с 14:16:40 (3 минуты назад)" in said
    assert "Что делать: Проверьте, что Asterisk работает" in said


def test_warning_alone_is_no_alarm(make_panel: Callable[..., Flask]) -> None:
    assert "1 part needs a look" in said_by(make_panel, SLOW)


def test_hint_of_a_part_that_works_is_not_shown(make_panel: Callable[..., Flask]) -> None:
    fine = Check("pbx", Level.OK, "up", "connected to Asterisk 20", "Do nothing at all.")
    assert "Do nothing at all." not in said_by(make_panel, fine)


def test_unknown_part_and_hostile_words_are_shown_as_text(make_panel: Callable[..., Flask]) -> None:
    strange = Check("<b>x</b>", Level.ERROR, "x", "<script>alert(1)</script>", "<img src=x>", since=-1e9)
    assert "<script>alert(1)</script>" in said_by(make_panel, strange)


def test_service_that_has_not_reported_is_no_fault(make_panel: Callable[..., Flask]) -> None:
    assert "The service has not reported yet." in said_by(make_panel, checks=())


@pytest.mark.parametrize(
    ("budget", "shown", "said"),
    [
        (0.0, "0 % used", "Cards open without waiting."),
        (0.7, "70 % used", "Several calls share one request now"),
        (0.95, "95 % used", "The portal accepts hardly any more requests"),
        (7.0, "100 % used", "The portal accepts hardly any more requests"),
        (-1.0, "0 % used", "Cards open without waiting."),
    ],
)
def test_request_budget_is_told_in_words(
    make_panel: Callable[..., Flask], budget: float, shown: str, said: str
) -> None:
    page = said_by(make_panel, budget=budget)
    assert shown in page
    assert said in page


def test_running_and_last_calls_are_shown(client: FlaskClient, database: Database) -> None:
    save(database, row("1.1", live=True, phase="ringing", outcome="", ended=None, client="+79031112233",
                       started=NOW - 12, answered_by="", last_talker="", rang=("101", "102")))  # fmt: skip
    save(database, row("1.2", line="provider"), [step()])
    said = words(client.get("/").text)
    assert "Calls now 1 call" in said
    assert "+7 903 111-22-33 Line: +7 495 123-45-67 Ringing 101, 102 0:12" in said
    assert "+7 916 123-45-67 101 Анна Смирнова Answered 0:42 Waiting" in said


def test_many_running_calls_are_counted(russian: FlaskClient, database: Database) -> None:
    save_many(database, [row(f"1.{number}", live=True, phase="talking", outcome="") for number in range(25)])
    said = words(russian.get("/").text)
    assert "Звонки сейчас 25 звонков" in said
    assert "и ещё 5 звонков" in said


def test_figures_of_the_deliveries_lead_to_their_lists(client: FlaskClient, database: Database) -> None:
    save(database, row(), [step(decided_at=NOW - 3700), step("finish")])
    text = client.get("/").text
    assert "2 waiting 0 repeating 0 failed" in words(text)
    assert "The oldest has been waiting for 1 hour." in words(text)
    assert 'href="/deliveries/?state=failed"' in text


def test_quiet_pbx_has_words_for_it(client: FlaskClient) -> None:
    said = words(client.get("/").text)
    assert "No calls at the moment" in said
    assert "No calls yet" in said


def test_live_part_is_the_same_as_on_the_page(client: FlaskClient, database: Database) -> None:
    save(database, row())
    assert client.get("/live").text.strip() in client.get("/").text


def test_part_that_nobody_uses_is_neither_good_nor_bad(make_panel: Callable[..., Flask]) -> None:
    unused = Check("dialling", Level.OK, "dial_off", "calls from the CRM are switched off")
    assert "Click-to-call Not used" in said_by(make_panel, unused)
    assert "Звонок из CRM Не используется" in said_by(make_panel, unused, language="ru")
