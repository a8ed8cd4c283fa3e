# SPDX-License-Identifier: GPL-3.0-or-later
"""Every form of settings: opened, saved, refused beside the field, noticed when somebody else was quicker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from itgrix_module.settings import SETTINGS
from tests.web.markup import problems, words
from tests.web.settled import Settled, post, problem_of, sent, settled
from web.access import SEE
from web.i18n import catalogue
from web.settings import choices, titles

PAGES = (
    "/lines/", "/lines/new", "/employees/", "/rules/", "/missed/", "/settings-of-recordings/", "/routing/",
    "/click-to-call/", "/numbers/", "/customizations/", "/customizations/need_registration", "/settings/",
    "/settings/transfer", "/alerts/",
)  # fmt: skip
FORMS = (
    "/employees/", "/rules/", "/missed/", "/settings-of-recordings/", "/routing/", "/click-to-call/", "/numbers/",
    "/customizations/", "/alerts/",
)  # fmt: skip
AREAS = sorted({titles.area(setting.key) for setting in SETTINGS} - {"lines"})
ALL = (*PAGES, *(f"/settings/{area}" for area in AREAS))
GIVEN = {
    "missed.users": [1, 2],
    "missed.task.auditors": [3],
    "calls.default_user": 4,
    "numbers.client_rules": [{"match": "^8", "replace": "+7"}, {"match": r"(\d+)#", "replace": "$1"}],
    "extra.lead": {"COMMENTS": "{{ wait|duration }}\n{{ line }}"},
    "filters.numbers": ["8123456XXXX", "+7916*"],
    "routing.choices": ["deal", "responsible"],
    "routing.destinations": {"Отдел продаж": {"choices": ["last"], "hours": "own", "caller_name": False}},
    "hours.week": "Пн-Пт 9-13,14-18; Сб 10-14",
    "hours.holidays": ["01-07", "2027-01-01..2027-01-08"],
    "hooks.active": ["need_registration"],
    "employees.overrides": {"190": 5},
    "missed.task.description": "Перезвонить\n\n{{ number }}",
    "lines": [{"match": "74951234567", "line": "74951234567", "source": "CALL", "name": "Билборд"}],
    "ami.secret": "geheim",
    "recordings.link_networks": [],
    "hooks.seconds": 2.5,
}


@pytest.fixture
def office(empty_file: Path, tmp_path: Path) -> Iterator[Settled]:
    with settled(empty_file, tmp_path) as made:
        yield made


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("is_full", [False, True])
def test_pages_are_well_made_and_light(office: Settled, language: str, is_full: bool) -> None:
    if is_full:
        office.service.core.settings.save(GIVEN)
    client = office.reader(language)
    for path in ALL:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert not problems(answer.text), path
        assert len(answer.data) < 100_000, path
        assert "geheim" not in answer.text, path


@pytest.mark.parametrize("path", [*FORMS, *(f"/settings/{area}" for area in AREAS)])
def test_form_that_nobody_touched_changes_nothing(office: Settled, path: str) -> None:
    office.service.core.settings.save(GIVEN)
    before = dict(office.settings)
    answer = post(office.reader(), path, {}, follow_redirects=True)
    assert "Nothing to save" in words(answer.text)
    assert dict(office.settings) == before
    assert not office.audit


def test_change_is_saved_told_and_noted(office: Settled) -> None:
    changes = {"calls.create_outgoing": ["off", "on"], "calls.default_user": "Мария Соколова #3"}
    answer = post(office.reader(), "/rules/", changes, follow_redirects=True)
    told = words(answer.text)
    assert "2 settings saved:" in told
    assert "New clients from outgoing calls: off → on" in told
    assert "Default user: nobody → Мария Соколова #3" in told
    assert office.settings["calls.create_outgoing"] is True
    assert office.settings["calls.default_user"] == 3
    assert [(who, action) for who, action, _ in office.audit] == [("local", "settings.save")]


def test_one_wrong_field_keeps_all_from_being_saved(office: Settled) -> None:
    changes = {"calls.create_outgoing": ["off", "on"], "cards.window_ms": "99999", "filters.numbers": "+7916*"}
    answer = post(office.reader(), "/rules/", changes)
    assert answer.status_code == 422
    assert problem_of(answer.text, "cards.window_ms") == "Must be from 0 to 5000"
    assert "Nothing was saved." in words(answer.text)
    assert office.settings["calls.create_outgoing"] is False
    assert 'value="99999"' in answer.text
    assert "+7916*" in answer.text
    assert not problems(answer.text)


def test_reason_is_told_in_russian(office: Settled) -> None:
    answer = post(office.reader("ru"), "/rules/", {"cards.window_ms": "много"})
    assert problem_of(answer.text, "cards.window_ms") == "Должно быть целое число"
    answer = post(office.reader("ru"), "/rules/", {"calls.default_user": "Никто Такой"})
    assert problem_of(answer.text, "calls.default_user").startswith("Такого пользователя на портале нет")


@pytest.mark.parametrize(
    ("path", "key", "entry", "reason"),
    [
        ("/rules/", "extensions.pattern", "(", "is not a regular expression"),
        ("/rules/", "calls.first_responsible", "nonsense", "must be one of"),
        ("/rules/", "calls.default_user", "-5", "no user of the portal"),
        ("/missed/", "missed.task.title", "{{ nmae }}", "there is no variable"),
        ("/missed/", "missed.task.deadline_minutes", "1.5", "must be a whole number"),
        ("/missed/", "missed.task.deadline_minutes", "", "must be a whole number"),
        ("/settings-of-recordings/", "recordings.bitrate", "0", "must be from 8 to 320"),
        ("/settings-of-recordings/", "recordings.link_networks", "300.0.0.0/8", "is no network"),
        ("/routing/", "hours.time_zone", "Mars/Olympus", "is no time zone"),
        ("/routing/", "hours.holidays", "31.12.2027", "is no day"),
        ("/routing/", "routing.token", "short", "16 to 200 letters"),
        ("/click-to-call/", "dial.context", "from internal\r\nBad: yes", "letters, digits"),
        ("/numbers/", "numbers.country", "XX", "no country"),
        ("/customizations/", "hooks.seconds", "99", "must be from 0.1 to 10"),
        ("/settings/log", "log.level", "LOUD", "must be one of"),
        ("/settings/panel", "panel.time_zone", "Nowhere", "is no time zone"),
        ("/settings/ami", "ami.port", "65536", "must be from 1 to 65535"),
    ],
)
def test_bad_entry_is_refused_beside_its_field(office: Settled, path: str, key: str, entry: str, reason: str) -> None:
    before = dict(office.settings)
    answer = post(office.reader(), path, {key: entry})
    assert answer.status_code == 422
    assert reason in problem_of(answer.text, key).lower() or reason in problem_of(answer.text, key)
    assert dict(office.settings) == before
    assert not problems(answer.text)


def test_default_is_one_tick_away(office: Settled) -> None:
    office.save(cards__window_ms=300)
    page = office.reader().get("/rules/").text
    assert 'name="default" value="cards.window_ms"' in page
    answer = post(office.reader(), "/rules/", {"default": "cards.window_ms"}, follow_redirects=True)
    assert "Gather changes of cards: 300 → 150" in words(answer.text)
    assert "cards.window_ms" not in office.service.core.settings.current.given


def test_secret_is_replaced_removed_and_never_shown(office: Settled) -> None:
    client = office.reader()
    answer = post(client, "/settings/ami", {"ami.secret": "первый пароль"}, follow_redirects=True)
    assert "Password of the manager user: not set → set" in words(answer.text)
    assert office.settings["ami.secret"] == "первый пароль"
    post(client, "/settings/ami", {"ami.port": "5039"})
    assert office.settings["ami.secret"] == "первый пароль"
    answer = post(client, "/settings/ami", {"ami.secret": "second"}, follow_redirects=True)
    assert "set → replaced" in words(answer.text)
    post(client, "/settings/ami", {"default": "ami.secret"})
    assert office.settings["ami.secret"] == ""
    noted = json.dumps([each[2] for each in office.audit], ensure_ascii=False)
    assert "replaced" in noted
    assert "second" not in noted
    assert "первый" not in noted


def test_change_of_somebody_else_elsewhere_stays(office: Settled) -> None:
    client = office.reader()
    page = client.get("/rules/").text
    office.save(calls__create_incoming=False, filters__lines=["beeline"])
    data = sent(page, "/rules/", {"cards.lead_ms": "20"})
    assert client.post("/rules/", data=data).status_code == 302
    assert office.settings["cards.lead_ms"] == 20
    assert office.settings["calls.create_incoming"] is False
    assert office.settings["filters.lines"] == ["beeline"]


def test_change_of_the_same_setting_is_asked_about(office: Settled) -> None:
    client = office.reader()
    page = client.get("/rules/").text
    office.save(cards__lead_ms=77)
    answer = client.post("/rules/", data=sent(page, "/rules/", {"cards.lead_ms": "20"}))
    assert answer.status_code == 422
    assert "it is now: 77" in problem_of(answer.text, "cards.lead_ms")
    assert office.settings["cards.lead_ms"] == 77
    again = client.post("/rules/", data=sent(answer.text, "/rules/", {}))
    assert again.status_code == 302
    assert office.settings["cards.lead_ms"] == 20


def test_rows_are_added_moved_and_removed_without_scripts(office: Settled) -> None:
    office.service.core.settings.save({"numbers.client_rules": [{"match": "a", "replace": "1"}]})
    client = office.reader()
    page = client.get("/numbers/").text
    page = client.post("/numbers/", data=sent(page, "/numbers/", {"act": "add:numbers.client_rules"})).text
    row = {"numbers.client_rules-r1-match": "b", "numbers.client_rules-r1-replace": "2"}
    page = client.post("/numbers/", data=sent(page, "/numbers/", {**row, "act": "up:numbers.client_rules:1"})).text
    assert office.settings["numbers.client_rules"] == [{"match": "a", "replace": "1"}]
    assert client.post("/numbers/", data=sent(page, "/numbers/", {"act": "save"})).status_code == 302
    wanted = [{"match": "b", "replace": "2"}, {"match": "a", "replace": "1"}]
    assert office.settings["numbers.client_rules"] == wanted
    page = client.get("/numbers/").text
    page = client.post("/numbers/", data=sent(page, "/numbers/", {"act": "remove:numbers.client_rules:0"})).text
    client.post("/numbers/", data=sent(page, "/numbers/", {"act": "save"}))
    assert office.settings["numbers.client_rules"] == [{"match": "a", "replace": "1"}]


def test_wrong_rule_is_marked_in_its_row(office: Settled) -> None:
    office.service.core.settings.save({"numbers.client_rules": [{"match": "a", "replace": "1"}] * 2})
    answer = post(office.reader(), "/numbers/", {"numbers.client_rules-r1-match": "(("})
    assert problem_of(answer.text, "numbers.client_rules").startswith("Rule 2: ")
    assert 'class="a-row bad"' in answer.text


@pytest.mark.parametrize("order", ["up:numbers.client_rules:-1", "remove:numbers.client_rules:99999", "add:nothing",
                                   "remove", "up:calls.default_user:0", "drop:numbers.client_rules:0"])  # fmt: skip
def test_strange_orders_change_nothing(office: Settled, order: str) -> None:
    answer = post(office.reader(), "/numbers/", {"act": order})
    assert answer.status_code == 200
    assert office.settings["numbers.client_rules"] == []


def test_number_is_tried_with_rules_that_are_not_saved(office: Settled) -> None:
    client = office.reader()
    page = client.get("/numbers/").text
    page = client.post("/numbers/", data=sent(page, "/numbers/", {"act": "add:numbers.client_rules"})).text
    rule = {"numbers.client_rules-r0-match": "^00", "numbers.client_rules-r0-replace": "+"}
    answer = client.post("/numbers/", data=sent(page, "/numbers/", {**rule, "number": "0049301234567", "act": "try"}))
    told = words(answer.text)
    assert "^00 → +" in told
    assert "Result: +49301234567" in told
    assert office.settings["numbers.client_rules"] == []


def test_week_is_a_table_of_days(office: Settled) -> None:
    days = {f"hours.week-{day}-0-{end}": "" for day in range(7) for end in ("from", "to")}
    days |= {"hours.week-0-0-from": "9", "hours.week-0-0-to": "13:00", "hours.week-0-1-from": "14:00"}
    days |= {"hours.week-0-1-to": "18:00", "hours.week-5-0-from": "22:00", "hours.week-5-0-to": "06:00"}
    assert post(office.reader(), "/routing/", days).status_code == 302
    assert office.settings["hours.week"] == "Mon 9-13:00,14:00-18:00; Sat 22:00-06:00"
    page = office.reader().get("/routing/").text
    assert 'name="hours.week-5-0-to" value="06:00"' in page
    answer = post(office.reader(), "/routing/", {"hours.week-0-0-to": ""})
    assert problem_of(answer.text, "hours.week") == "Mon: a beginning needs an end"


def test_week_that_fits_no_table_stays_a_text(office: Settled) -> None:
    strange = "Mon 08:00-09:00,10:00-11:00,12:00-13:00"
    office.save(hours__week=strange)
    page = office.reader().get("/routing/").text
    assert f'name="hours.week-text" value="{strange}"' in page


def test_destination_of_routing_gets_rules_of_its_own(office: Settled) -> None:
    client = office.reader("ru")
    page = client.get("/routing/").text
    page = client.post("/routing/", data=sent(page, "/routing/", {"act": "add:routing.destinations"})).text
    row = {
        "routing.destinations-r0-name": "Продажи",
        "routing.destinations-r0-hours": "own",
        "routing.destinations-r0-choices": ["last", "", ""],
        "routing.destinations-r0-call_waiting": "on",
    }
    assert client.post("/routing/", data=sent(page, "/routing/", row)).status_code == 302
    made = {"Продажи": {"choices": ["last"], "hours": "own", "call_waiting": True}}
    assert office.settings["routing.destinations"] == made


def test_preview_shows_templates_as_they_are_entered(office: Settled) -> None:
    entered = {"missed.task.title": "Наберите {{ number }}", "leads.message": "{{ broken", "act": "try"}
    answer = post(office.reader("ru"), "/missed/", entered)
    told = words(answer.text)
    assert "Наберите +79161234567" in told
    assert "шаблон использовать нельзя" in told.lower()
    assert office.settings["missed.task.title"] == ""


def test_who_may_only_look_changes_nothing(empty_file: Path, tmp_path: Path) -> None:
    with settled(empty_file, tmp_path, frozenset({SEE})) as office:
        client = office.reader()
        for path in FORMS:
            page = client.get(path).text
            assert "Check and save" not in page, path
            assert client.post(path, data={"act": "save"}).status_code == 403, path
        for path in ("/settings/transfer", "/lines/new", "/customizations/need_registration/copy"):
            assert client.get(path).status_code in (403, 405), path
        hook = "/customizations/need_registration"
        for path in ("/lines/save", "/lines/move", "/employees/set", "/employees/read", "/settings/transfer/export",
                     "/settings/transfer/import", "/settings/transfer/confirm", hook,
                     f"{hook}/trial", f"{hook}/remove"):  # fmt: skip
            assert client.post(path).status_code == 403, path


def test_forms_without_their_token_are_refused(office: Settled) -> None:
    office.app.config["WTF_CSRF_ENABLED"] = True
    client = office.reader()
    for path in (*FORMS, "/lines/save", "/employees/set", "/settings/transfer/import", "/settings/calls"):
        assert client.post(path, data={"act": "save"}).status_code == 400, path


def test_search_finds_settings_in_the_readers_language(office: Settled) -> None:
    told = words(office.reader("ru").get("/settings/?q=пропущенн задач").text)
    assert "missed.task.enabled" in told
    assert "ami.port" not in told
    office.save(cards__lead_ms=77)
    told = words(office.reader().get("/settings/?only=changed").text)
    assert "cards.lead_ms" in told
    assert "cards.window_ms" not in told


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_every_setting_is_found_and_explained_in_russian(setting: object) -> None:
    help_ = getattr(setting, "help", "")
    assert catalogue("ru").said(help_) != help_, f"add to web/translations/ru/engine-*.json: {help_!r}"


def test_settings_of_later_versions_get_a_field_without_new_code(office: Settled) -> None:
    shown = "".join(office.reader().get(f"/settings/{area}").text for area in AREAS)
    elsewhere = {"lines", "employees.overrides"}
    missing = [each.key for each in SETTINGS if each.key not in elsewhere and f'name="{each.key}~"' not in shown]
    assert not missing


def test_unknown_parts_and_scripts_are_not_there(office: Settled) -> None:
    client = office.reader()
    for path in ("/settings/nothing", "/customizations/passwd", "/customizations/..%2f..%2fetc", "/lines/edit/0"):
        assert client.get(path).status_code == 404, path


def test_too_large_forms_are_refused(office: Settled) -> None:
    answer = office.reader().post("/rules/", data={"filters.numbers": "9" * 1_100_000})
    assert answer.status_code == 413
    answer = office.reader().post("/deliveries/change", data={"x": "9" * 70_000})
    assert answer.status_code == 413


def test_every_choice_has_words_in_both_languages() -> None:
    texts = catalogue("ru")
    for setting in SETTINGS:
        for name in getattr(setting.check, "names", ()):
            word = choices.word(setting.key, name)
            assert word != name, f"{setting.key}: {name!r} is shown as it is"
            assert texts.text(word) != word, f"{setting.key}: {word!r}"


def test_every_setting_has_a_title() -> None:
    assert not {setting.key for setting in SETTINGS} - set(titles.TITLES)


def test_map_is_a_table_of_rows(office: Settled) -> None:
    client = office.reader("ru")
    rows = {"dial.devices-row": ["", "r0"], "dial.devices-r0-name": "101", "dial.devices-r0-value": "PJSIP/101-home"}
    answer = post(client, "/click-to-call/", rows, follow_redirects=True)
    assert "Что звонит вместо номера: пусто → 101 → PJSIP/101-home" in words(answer.text)
    assert office.settings["dial.devices"] == {"101": "PJSIP/101-home"}
    answer = post(client, "/click-to-call/", {"dial.devices-r0-value": "bad channel!"})
    assert "101: здесь может стоять extension, device, номер" in problem_of(answer.text, "dial.devices")
    rows = {"log.levels-row": ["", "r0"], "log.levels-r0-part": "calls", "log.levels-r0-level": "DEBUG"}
    assert "Подробность по частям: пусто → calls → Всё" in words(
        post(client, "/settings/log", rows, follow_redirects=True).text
    )
    assert office.settings["log.levels"] == {"calls": "DEBUG"}


def test_hours_are_told_in_the_language_of_the_reader(office: Settled) -> None:
    assert "Mon-Fri 09:00-18:00" in words(office.reader().get("/routing/").text)
    assert "Пн-Пт 09:00-18:00" in words(office.reader("ru").get("/routing/").text)


@pytest.mark.parametrize(
    ("path", "key", "entry", "reason"),
    [
        ("/settings/alerts", "alerts.mail_server", "mail", "Должны быть имя и порт"),
        ("/settings/alerts", "alerts.chat", "x", "Должно быть chat и номер"),
        ("/settings/alerts", "alerts.mail_to", "nobody", "не адрес почты"),
        ("/settings/panel", "panel.api_token", "short", "Только латинские буквы"),
        ("/click-to-call/", "dial.technology", "P J", "Только латинские буквы"),
        ("/click-to-call/", "callback.to", "x", "Только цифры"),
    ],
)
def test_refusal_is_told_in_russian(office: Settled, path: str, key: str, entry: str, reason: str) -> None:
    answer = post(office.reader("ru"), path, {key: entry})
    assert answer.status_code == 422
    assert reason in problem_of(answer.text, key)
