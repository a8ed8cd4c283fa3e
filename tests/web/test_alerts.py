# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of alerts: which stand, who is told, a test of the ways and its answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from itgrix_module.app.alert_ports import Outcome, StandingAlert, Trial, Way
from itgrix_module.app.health import Check, Health, Level
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from tests.web.conftest import panel
from tests.web.markup import problems, words
from tests.web.seeds import NOW, health
from tests.web.settled import Noted, Settled, post, problem_of, settled
from web.access import ADMINISTER, CHANGE, SEE, Viewer

USER, MAIL = Way("user", "1"), Way("mail", "anna@example.org")
GOOD = Trial(NOW, (Outcome(USER), Outcome(MAIL)))
REFUSED = Permanent("mail_refused", "the mail server takes no mail for the given addresses", "Check alerts.mail_to.")


@dataclass
class FakeBoard:
    """``found``: what a test finds, or why there is none."""

    found: Trial | Failure = GOOD
    named: Sequence[Way] = (USER, MAIL)
    stands: Sequence[StandingAlert] | Failure = ()
    tested: int = 0
    made: Trial | None = None

    def standing(self) -> Sequence[StandingAlert]:
        if isinstance(self.stands, Failure):
            raise self.stands
        return self.stands

    def ways(self) -> Sequence[Way]:
        return self.named

    def last(self) -> Trial | None:
        return self.made

    def test(self) -> Trial:
        self.tested += 1
        if isinstance(self.found, Failure):
            raise self.found
        self.made = self.found
        return self.found


@dataclass
class Site:
    app: Flask
    board: FakeBoard
    audit: list[Noted] = field(default_factory=list)

    def reader(self, language: str = "en") -> FlaskClient:
        client = self.app.test_client()
        client.set_cookie("itgrix_lang", language)
        return client


@pytest.fixture
def office(empty_file: Path, tmp_path: Path) -> Iterator[Settled]:
    with settled(empty_file, tmp_path) as made:
        yield made


def site(office: Settled, board: FakeBoard | None = None, rights: frozenset[str] | None = None, **more: Any) -> Site:
    audit = list[Noted]()
    made = board or FakeBoard()
    if rights is not None:
        more["viewer"] = lambda _: Viewer("clerk", rights)
    note = lambda who, action, details: audit.append((who, action, details))  # noqa: E731
    app = panel(office.service.core.database, settings=office.desk, alerts=made, audit=note, **more)
    app.config["WTF_CSRF_ENABLED"] = False
    return Site(app, made, audit)


def found(check: Check) -> Callable[[], Health]:
    """Nothing but this is known of the service."""
    return lambda: replace(health(), checks=(check,))


@pytest.mark.parametrize("language", ["en", "ru"])
def test_empty_state_says_that_nothing_stands_and_nobody_is_told(office: Settled, language: str) -> None:
    page = site(office, FakeBoard(named=())).reader(language).get("/alerts/")
    assert page.status_code == 200
    assert not problems(page.text)
    said = words(page.text)
    for sentence in {
        "en": ("No alarm stands", "Nobody is told"),
        "ru": ("Действующих оповещений нет", "Сообщать некому"),
    }[language]:
        assert sentence in said
    assert 'action="/alerts/test"' not in page.text


@pytest.mark.parametrize("language", ["en", "ru"])
def test_page_without_a_service_behind_it_holds_the_settings(office: Settled, language: str) -> None:
    client = office.reader(language)
    page = client.get("/alerts/")
    assert not problems(page.text)
    assert 'name="alerts.mail_to"' in page.text
    assert client.post("/alerts/test").status_code == 404


def test_settings_are_saved_here_and_where_they_were(office: Settled) -> None:
    client = site(office).reader()
    assert post(client, "/alerts/", {"alerts.chat": "chat12", "alerts.minutes": "7"}).status_code == 302
    assert (office.settings["alerts.chat"], office.settings["alerts.minutes"]) == ("chat12", 7)
    assert post(client, "/settings/alerts", {"alerts.chat": "chat13"}).status_code == 302
    assert office.settings["alerts.chat"] == "chat13"


@pytest.mark.parametrize(
    ("key", "entry"),
    [("alerts.mail_to", "no address"), ("alerts.mail_server", "mail\r\nRCPT:25"), ("alerts.chat", "general"),
     ("alerts.minutes", "0"), ("alerts.mail_from", "<script>@x"), ("alerts.user", "Nobody At All")],
)  # fmt: skip
@pytest.mark.parametrize("language", ["en", "ru"])
def test_wrong_entry_is_refused_beside_its_field(office: Settled, key: str, entry: str, language: str) -> None:
    answer = post(site(office).reader(language), "/alerts/", {key: entry})
    assert answer.status_code == 422
    assert problem_of(answer.text, key)
    assert not problems(answer.text)
    assert key not in office.service.core.settings.current.given


def test_alarms_that_stand_are_listed(office: Settled) -> None:
    stands = (
        StandingAlert("portal", NOW - 600, "The portal does not answer"),
        StandingAlert("pbx", NOW - 60, ""),
        StandingAlert("events", NOW - 30, "", is_watched=False),
        StandingAlert("<b>x</b>", NOW, "<script>alert(1)</script>"),
    )
    page = site(office, FakeBoard(stands=stands)).reader("ru").get("/alerts/").text
    assert not problems(page)
    assert "Уже исправно" in words(page)
    assert "Больше не проверяется" in words(page)
    assert "<script>alert" not in page
    assert "Действующих оповещений нет" not in words(page)


def test_database_that_is_away_does_not_take_the_page_with_it(office: Settled) -> None:
    away = Temporary("database_lost", "the database server does not answer")
    page = site(office, FakeBoard(stands=away)).reader("ru").get("/alerts/")
    assert page.status_code == 200
    assert "сервер базы данных не отвечает" in words(page.text).lower()
    assert 'name="alerts.chat"' in page.text


def test_test_is_made_noted_and_told(office: Settled) -> None:
    here = site(office)
    answer = here.reader().post("/alerts/test", follow_redirects=True)
    said = words(answer.text)
    assert "The test was sent by every way." in said
    assert "Mail to anna@example.org Sent." in said
    assert here.audit == [("local", "alerts.test", {"sent": ["user 1", "mail anna@example.org"], "failed": []})]
    assert not problems(answer.text)


def test_answer_leads_back_so_that_a_reload_sends_nothing(office: Settled) -> None:
    here = site(office)
    answer = here.reader().post("/alerts/test")
    assert (answer.status_code, answer.location) == (303, "/alerts/#test")
    here.reader().get("/alerts/")
    assert here.board.tested == 1


def test_each_way_tells_why_not_and_what_to_do(office: Settled) -> None:
    outcomes = (
        Outcome(USER),
        Outcome(MAIL, REFUSED, REFUSED.hint),
        Outcome(Way("chat", "chat1"), Permanent("x", "<script>alert(1)</script>"), ""),
    )
    here = site(office, FakeBoard(Trial(NOW, outcomes)))
    answer = here.reader("ru").post("/alerts/test", follow_redirects=True)
    said = words(answer.text)
    assert "Проверочное сообщение отправлено не всеми способами." in said
    assert "Не отправлено: почтовый сервер не принимает почту для указанных адресов" in said
    assert "Что делать: Проверьте alerts.mail_to." in said
    assert "<script>alert" not in answer.text
    assert not problems(answer.text)
    assert here.audit[0][2] == {"sent": ["user 1"], "failed": ["mail anna@example.org", "chat chat1"]}


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (NeedsOwner("nobody_to_tell", "nobody is named who could be told", "Choose a user or a chat of the portal, or "
         "enter mail addresses, and save."), "Не указано, кому сообщать. Выберите пользователя"),
        (Temporary("test_under_way", "a test is under way", "Wait some seconds and open this page again."),
         "Проверка уже идёт. Подождите"),
        (Temporary("test_too_soon", "a test was made a moment ago", "Wait some seconds before the next one."),
         "Проверка только что была. Подождите"),
    ],
)  # fmt: skip
def test_test_that_is_not_made_says_why_and_is_not_noted(office: Settled, why: Failure, said: str) -> None:
    here = site(office, FakeBoard(why))
    answer = here.reader("ru").post("/alerts/test", follow_redirects=True)
    assert said in words(answer.text)
    assert here.audit == []


@pytest.mark.parametrize("rights", [frozenset({SEE}), frozenset({SEE, CHANGE})])
def test_only_who_administers_sends_a_test(office: Settled, rights: frozenset[str]) -> None:
    here = site(office, rights=rights)
    page = here.reader().get("/alerts/")
    assert page.status_code == 200
    assert 'action="/alerts/test"' not in page.text
    assert here.reader().post("/alerts/test").status_code == 403
    assert here.board.tested == 0
    assert not problems(page.text)


def test_test_needs_the_token_of_the_form(office: Settled) -> None:
    here = site(office, rights=frozenset({SEE, ADMINISTER}))
    here.app.config["WTF_CSRF_ENABLED"] = True
    client = here.reader()
    assert client.post("/alerts/test").status_code == 400
    assert here.board.tested == 0
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/alerts/").text)
    assert token
    assert client.post("/alerts/test", data={"csrf_token": token[1]}).status_code == 303
    assert here.board.tested == 1


def test_test_is_no_address_to_open(office: Settled) -> None:
    here = site(office)
    assert here.reader().get("/alerts/test").status_code == 405
    assert here.board.tested == 0


def test_portal_that_is_away_or_paused_is_said(office: Settled) -> None:
    away = Check("portal", Level.ERROR, "portal_down", "The portal does not answer", "Look at it.")
    paused = Check("portal", Level.WARNING, "portal_paused", "deliveries to the portal are paused", "Resume them.")
    told = words(site(office, health=found(away)).reader().get("/alerts/").text)
    assert "The portal does not answer Look at it." in told
    told = words(site(office, health=found(paused), is_paused=lambda: True).reader().get("/alerts/").text)
    assert "paused by hand. Alarms go there all the same." in told
    only_mail = site(office, FakeBoard(named=(MAIL,)), health=found(away)).reader().get("/alerts/").text
    assert "The portal does not answer" not in words(only_mail)


def test_menu_leads_there(office: Settled) -> None:
    page = site(office).reader("ru").get("/rules/").text
    assert re.search(r'<a href="/alerts/"[^>]*>.*?Оповещения</a>', page)
