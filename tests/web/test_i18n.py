# SPDX-License-Identifier: GPL-3.0-or-later
"""Every text in both languages, and the right form of each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.web.texts import bare_texts, engine_texts, keys_of_panel
from web.i18n import ENGINE, FOLDER, LANGUAGES, Catalogue, catalogue, is_of_engine

OTHERS = [language for language in LANGUAGES if language != "en"]
PLACES = re.compile(r"\{(\w*)\}")


def stored(language: str) -> dict[str, str | list[str]]:
    """All but what the engine says."""
    files = (FOLDER / language).glob("*.json")
    return {
        key: value for path in files if not is_of_engine(path) for key, value in json.loads(path.read_text()).items()
    }


def engine(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in filter(is_of_engine, sorted((FOLDER / language).glob("*.json"))):
        found |= json.loads(path.read_text())
    return found


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_of_the_panel_is_translated(language: str) -> None:
    known = stored(language)
    missing = [f"{where}: {key!r}" for key, where in keys_of_panel().items() if key not in known]
    assert not missing, f"add to web/translations/{language}/: {missing}"


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_left_over(language: str) -> None:
    assert not set(stored(language)) - set(keys_of_panel())


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_translated_in_two_files(language: str) -> None:
    files = [json.loads(path.read_text()) for path in (FOLDER / language).glob("*.json") if not is_of_engine(path)]
    keys = [key for texts in files for key in texts]
    assert not {key for key in keys if keys.count(key) > 1}


@pytest.mark.parametrize("language", OTHERS)
def test_translations_fill_in_the_same_values(language: str) -> None:
    for key, value in {**stored(language), **engine(language)}.items():
        english = key.rpartition("¦¦")[2].rpartition("¦")[2]
        for form in [value] if isinstance(value, str) else value:
            assert set(PLACES.findall(form)) == set(PLACES.findall(english)), key


def test_templates_hold_no_words_outside_the_catalogue() -> None:
    assert not bare_texts()


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_of_the_engine_is_translated(language: str) -> None:
    texts = catalogue(language)
    missing = []
    for pattern, where in engine_texts().items():
        filled = PLACES.sub("X1", pattern.removeprefix("{0} "))
        if texts.said(filled) == filled and texts.said(PLACES.sub("X1", pattern)) == PLACES.sub("X1", pattern):
            missing.append(f"{where}: {pattern!r}")
    assert not missing, f"add to web/translations/{language}/{ENGINE}.json: {missing}"


@pytest.mark.parametrize(
    ("n", "said"),
    [(0, "0 звонков"), (1, "1 звонок"), (2, "2 звонка"), (5, "5 звонков"), (11, "11 звонков"), (12, "12 звонков"),
     (21, "21 звонок"), (22, "22 звонка"), (101, "101 звонок"), (111, "111 звонков"), (114, "114 звонков")],
)  # fmt: skip
def test_russian_counts_with_the_right_form(n: int, said: str) -> None:
    assert catalogue("ru").plural("{n} call", "{n} calls", n) == said


@pytest.mark.parametrize(("n", "said"), [(0, "0 calls"), (1, "1 call"), (2, "2 calls"), (21, "21 calls")])
def test_english_counts_with_the_right_form(n: int, said: str) -> None:
    assert catalogue("en").plural("{n} call", "{n} calls", n) == said


def test_sentence_of_the_engine_is_found_by_its_pattern_and_keeps_its_values() -> None:
    said = catalogue("ru").said("127.0.0.1:5038 refuses the connection: nothing listens there")
    assert said == "127.0.0.1:5038 отвергает соединение: там никто не слушает"


def test_several_sentences_of_the_engine_are_translated_one_by_one() -> None:
    said = catalogue("ru").said(
        "The portal has no active employee with this id or internal number. Nothing to do: it is repeated by itself."
    )
    assert said == "На портале нет работающего сотрудника с таким номером. Делать ничего не нужно: повторится само."


def test_value_that_is_a_word_of_the_engine_is_translated_too() -> None:
    assert catalogue("ru").said("missed, for the default user") == "пропущен, ответственный сотрудник по умолчанию"


def test_reason_inside_of_a_finding_is_translated_too() -> None:
    said = catalogue("ru").said(
        "3 deliveries failed for good, the last one: telephony.externalcall.finish: The call has no employee."
    )
    assert said == (
        "окончательно не доставлено: 3, последняя причина: telephony.externalcall.finish: У звонка нет сотрудника."
    )


def test_what_a_vendor_said_stays_in_its_words() -> None:
    said = catalogue("ru").said("the database server does not answer (2003, Can't connect)")
    assert said == "сервер базы данных не отвечает (2003, Can't connect)"


def test_unknown_sentence_stays_as_it_is() -> None:
    assert catalogue("ru").said("PSQLException: xyz") == "PSQLException: xyz"


def test_braces_in_a_value_of_the_engine_do_no_harm() -> None:
    assert catalogue("ru").said("{0.__class__} rings") == "звонит телефон {0.__class__}"


def test_narrowest_pattern_is_meant() -> None:
    texts = Catalogue("en", {}, {"{who} rings": "A {who}", "the bell of {who} rings": "B {who}"})
    assert texts.said("the bell of 101 rings") == "B 101"


def test_language_of_the_browser_is_the_default(client: FlaskClient) -> None:
    russian = client.get("/", headers={"Accept-Language": "ru-RU,ru;q=0.9,en;q=0.8"})
    assert '<html lang="ru">' in russian.text
    assert "Состояние" in russian.text


@pytest.mark.parametrize("asked", ["de,fr;q=0.5", "", "*", "xx-\x7f"])
def test_unknown_language_of_the_browser_leads_to_english(client: FlaskClient, asked: str) -> None:
    assert '<html lang="en">' in client.get("/", headers={"Accept-Language": asked}).text


def test_chosen_language_is_kept_and_leads_to_the_same_page(client: FlaskClient) -> None:
    answer = client.get("/calls/?number=916&lang=ru")
    assert answer.status_code == 302
    assert answer.location == "/calls/?number=916"
    assert '<html lang="ru">' in client.get(answer.location).text


def test_chosen_language_wins_over_the_browser(client: FlaskClient) -> None:
    client.set_cookie("itgrix_lang", "en")
    assert '<html lang="en">' in client.get("/", headers={"Accept-Language": "ru"}).text


def test_language_chosen_in_the_gui_around_us_is_taken(client: FlaskClient) -> None:
    client.set_cookie("lang", "ru_RU")
    assert '<html lang="ru">' in client.get("/", headers={"Accept-Language": "en"}).text


def test_default_of_the_gui_around_us_says_nothing(client: FlaskClient) -> None:
    client.set_cookie("lang", "en_US")
    assert '<html lang="ru">' in client.get("/", headers={"Accept-Language": "ru"}).text


@pytest.mark.parametrize("cookie", ["xx", "../../etc", "ru\u2028"])
def test_foreign_language_cookie_is_ignored(client: FlaskClient, cookie: str) -> None:
    client.set_cookie("itgrix_lang", cookie)
    assert client.get("/").status_code == 200


def test_choice_of_a_language_never_leads_elsewhere(client: FlaskClient) -> None:
    answer = client.get("/?lang=ru", environ_overrides={"PATH_INFO": "//evil.example/"})
    assert answer.status_code in (308, 404)
    assert urlsplit(answer.location or "").hostname in (None, "localhost")


def test_chosen_zone_shows_times_in_it(client: FlaskClient) -> None:
    assert "11:20:00" not in client.get("/").text
    client.get("/?zone=UTC")
    page = client.get("/").text
    assert "11:20:00" in page
    assert "PBX time" in page
    client.get("/?zone=pbx")
    assert "14:20:00" in client.get("/").text


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "/etc/passwd", "\x00", "own"])
def test_unknown_zone_is_ignored(client: FlaskClient, zone: str) -> None:
    client.get("/", query_string={"zone": zone})
    assert "14:20:00" in client.get("/").text


def test_without_any_zone_that_of_the_machine_is_shown(make_panel: Callable[..., Flask]) -> None:
    assert make_panel(zone=lambda: "").test_client().get("/").status_code == 200
