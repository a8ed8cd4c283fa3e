# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines, employees, customizations, export and import: what their pages do besides forms of fields."""

from __future__ import annotations

import io
import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from itgrix_module.app.hooking import HOOKS
from tests.web.markup import problems, words
from tests.web.seeds import NODE, NOW, row, save
from tests.web.settled import Settled, post, problem_of, sent, settled, untouched

HOOK = "need_registration"
ANSWER = (
    'import json, sys\njson.load(sys.stdin)\njson.dump({"state": "success", "data": {"result": False}}, sys.stdout)\n'
)


@pytest.fixture
def office(empty_file: Path, tmp_path: Path) -> Iterator[Settled]:
    with settled(empty_file, tmp_path) as made:
        yield made


def line(number: int) -> dict[str, object]:
    return {"match": f"7495000{number:04}", "name": f"Линия {number}", "line": f"7495000{number:04}", "source": "CALL"}


def seals(page: str) -> list[str]:
    """Of the lines on a page, in their order."""
    return re.findall(r"/lines/edit/(\w+)", page)


# -- lines


def test_line_of_the_traffic_is_offered_and_named(office: Settled) -> None:
    save(office.service.core.database, row())
    client = office.reader()
    assert "74951234567 provider 1" in words(client.get("/lines/").text)
    form = client.get("/lines/new?match=74951234567").text
    changes = {"name": "Билборд", "source": "ADVERTISING", "default_user": "Иван Кузнецов #2", "category": "3"}
    answer = client.post("/lines/save", data=sent(form, "/lines/save", changes), follow_redirects=True)
    assert "The line Билборд was saved." in words(answer.text)
    assert "not named yet" not in words(answer.text)
    assert "not in the portal yet" in words(answer.text)
    assert office.settings["lines"] == [
        {
            "match": "74951234567",
            "name": "Билборд",
            "line": "74951234567",
            "source": "ADVERTISING",
            "category": 3,
            "default_user": 2,
        }
    ]


def test_line_is_changed_in_its_place_and_its_number_stays_unique(office: Settled) -> None:
    office.save(lines=[line(1), line(2), line(3)])
    client = office.reader()
    seal = seals(client.get("/lines/").text)[1]
    form = client.get(f"/lines/edit/{seal}").text
    twice = client.post("/lines/save", data=sent(form, "/lines/save", {"match": line(1)["match"]}))
    assert twice.status_code == 422
    assert "has the match of entry 1" in problem_of(twice.text, "match")
    client.post("/lines/save", data=sent(form, "/lines/save", {"recordings": "off", "ignore": ["off", "on"]}))
    assert office.settings["lines"][1] == {**line(2), "recordings": "off", "ignore": True}


@pytest.mark.parametrize(
    ("field", "entry", "reason"),
    [
        ("match", "", "needs a match"),
        ("match", "/(/", "it is not a regular expression"),
        ("match", "a***b", "stars"),
        ("category", "many", "must be a whole number"),
        ("default_user", "Nobody Such", "is no user of the portal"),
        ("name", "x" * 300, "one line of up to 200 characters"),
    ],
)
def test_wrong_line_is_refused_beside_its_field(office: Settled, field: str, entry: str, reason: str) -> None:
    form = office.reader().get("/lines/new").text
    data = sent(form, "/lines/save", {"match": "74950000001", field: entry})
    answer = office.reader().post("/lines/save", data=data)
    assert answer.status_code == 422
    assert reason in problem_of(answer.text, field).lower()
    assert office.settings["lines"] == []
    assert not problems(answer.text)


def test_line_that_somebody_else_changed_is_not_overwritten(office: Settled) -> None:
    office.save(lines=[line(1)])
    client = office.reader()
    form = client.get(f"/lines/edit/{seals(client.get('/lines/').text)[0]}").text
    office.save(lines=[{**line(1), "source": "WEB"}])
    answer = client.post("/lines/save", data=sent(form, "/lines/save", {"name": "Mine"}))
    assert answer.status_code == 422
    assert "Somebody else has changed this line" in words(answer.text)
    assert office.settings["lines"][0]["source"] == "WEB"


def test_lines_are_moved_and_removed_after_a_question(office: Settled) -> None:
    office.save(lines=[line(1), line(2)])
    client = office.reader()
    first = seals(client.get("/lines/").text)[0]
    client.post("/lines/move", data={"act": f"down:{first}"})
    assert [each["name"] for each in office.settings["lines"]] == ["Линия 2", "Линия 1"]
    asked = client.post("/lines/move", data={"act": f"remove:{first}"})
    assert "Remove the line?" in words(asked.text)
    assert len(office.settings["lines"]) == 2
    client.post("/lines/move", data=sent(asked.text, "/lines/move", {"act": f"remove:{first}"}))
    assert [each["name"] for each in office.settings["lines"]] == ["Линия 2"]
    assert [action for _, action, _ in office.audit] == ["lines.down", "lines.remove"]


def test_many_lines_come_page_by_page_and_are_found(office: Settled) -> None:
    office.save(lines=[line(number) for number in range(1, 701)])
    client = office.reader()
    page = client.get("/lines/")
    assert len(page.data) < 100_000
    assert len(seals(page.text)) == 50
    assert "Page 1 of 14" in words(page.text)
    assert "Линия 700" in client.get("/lines/?page=14").text
    assert "Линия 700" in client.get("/lines/?page=99999").text
    assert len(seals(client.get("/lines/?q=линия 699").text)) == 1
    assert "Nothing found" in client.get("/lines/?q=nothing-like-it").text


# -- employees


def test_extension_is_set_by_hand_and_left_to_the_portal_again(office: Settled) -> None:
    client = office.reader()
    answer = client.post("/employees/set", data={"extension": "101", "user": "#4"}, follow_redirects=True)
    assert "The extension 101 now belongs to Пётр Лебедев #4." in words(answer.text)
    assert "by hand the portal says #1" in words(answer.text)
    assert office.settings["employees.overrides"] == {"101": 4}
    client.post("/employees/set", data={"extension": "101", "remove": "1"})
    assert office.settings["employees.overrides"] == {}
    assert [details for _, _, details in office.audit] == [
        {"extension": "101", "user": 4},
        {"extension": "101", "user": 0},
    ]


@pytest.mark.parametrize(
    ("extension", "user", "said"),
    [("", "#4", "Enter the extension first."), ("101", "", "Choose a user"), ("101", "Nobody", "is no user"),
     ("1\n2", "#4", "Enter the extension first."), ("9" * 200, "#4", "Enter the extension first.")],
)  # fmt: skip
def test_wrong_pair_of_extension_and_user_is_refused(office: Settled, extension: str, user: str, said: str) -> None:
    data = {"extension": extension, "user": user}
    answer = office.reader().post("/employees/set", data=data, follow_redirects=True)
    assert said in words(answer.text)
    assert office.settings["employees.overrides"] == {}


def test_extension_that_nobody_has_is_offered(office: Settled) -> None:
    office.service.directory.user("777")
    told = words(office.reader().get("/employees/").text)
    assert "Extensions without a user 1" in told
    assert "777 " in told
    assert 'value="777"' in office.reader().get("/employees/?extension=777").text


def test_portal_that_does_not_answer_is_told(office: Settled) -> None:
    answer = office.reader().post("/employees/read", follow_redirects=True)
    assert "The portal has not answered yet." in words(answer.text)


# -- customizations


def test_script_is_written_for_its_owner_only_and_tried(office: Settled) -> None:
    save(office.service.core.database, row())
    client = office.reader()
    path = f"/customizations/{HOOK}"
    answer = post(client, path, {"text": ANSWER.replace("\n", "\r\n"), "ending": "py", "act": "save"})
    assert answer.status_code == 302
    file = office.home / "hooks" / f"{HOOK}.py"
    assert file.read_text() == ANSWER
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not list(file.parent.glob(".new-*"))
    tried = client.post(f"{path}/trial", data={"call": f"{NODE}/1795260000.1"})
    assert not problems(tried.text)
    assert "need_registration: the portal is not told of the call The call goes on with false" in words(tried.text)
    assert [action for _, action, _ in office.audit] == ["hooks.save", "hooks.trial"]


@pytest.mark.parametrize(
    ("ending", "text", "reason"),
    [("py", "\n\ndef broken(:\n", "(line 3)"), ("php", "<?php\necho ;", "on line 2"), ("sh", "if then fi (", "rror"),
     ("exe", "x", "no such customization"), ("py", "   ", "The script is empty")],
)  # fmt: skip
def test_script_with_a_fault_is_not_saved(office: Settled, ending: str, text: str, reason: str) -> None:
    answer = post(office.reader(), f"/customizations/{HOOK}", {"text": text, "ending": ending, "act": "save"})
    assert answer.status_code == 422
    assert reason in words(answer.text)
    assert not list((office.home / "hooks").iterdir())


def test_large_script_fits_and_a_huge_one_is_refused(office: Settled) -> None:
    client, path = office.reader(), f"/customizations/{HOOK}"
    large = "# " + "я" * 60_000 + "\n" + ANSWER
    assert post(client, path, {"text": large, "ending": "py", "act": "save"}).status_code == 302
    huge = post(client, path, {"text": "# " + "x" * 300_000, "ending": "py", "act": "save"})
    assert "Must be at most 256 kB" in words(huge.text)


def test_script_that_somebody_else_changed_is_asked_about(office: Settled) -> None:
    client, path = office.reader(), f"/customizations/{HOOK}"
    file = office.home / "hooks" / f"{HOOK}.py"
    page = client.get(path).text
    file.write_text("# by hand\n")
    mine = {"text": ANSWER, "ending": "py", "act": "save"}
    answer = client.post(path, data=sent(page, path, mine))
    assert answer.status_code == 422
    assert "somebody else has changed this file" in words(answer.text).lower()
    assert file.read_text() == "# by hand\n"
    assert client.post(path, data=sent(answer.text, path, mine)).status_code == 302
    assert file.read_text() == ANSWER
    assert file.with_name(f"{file.name}.bak").read_text() == "# by hand\n"


def test_another_language_replaces_the_file(office: Settled) -> None:
    client, path = office.reader(), f"/customizations/{HOOK}"
    post(client, path, {"text": ANSWER, "ending": "py", "act": "save"})
    post(client, path, {"text": "echo '{}'\n", "ending": "sh", "act": "save"})
    assert sorted(file.name for file in (office.home / "hooks").iterdir()) == [f"{HOOK}.py.bak", f"{HOOK}.sh"]


@pytest.mark.parametrize("hook", HOOKS)
def test_examples_are_copied_with_one_click(office: Settled, hook: str) -> None:
    client, path = office.reader("ru"), f"/customizations/{hook}"
    page = client.get(path)
    assert not problems(page.text)
    assert post(client, path, {"example": f"{hook}.py"}, action=f"{path}/copy").status_code == 302
    file = office.home / "hooks" / f"{hook}.py"
    assert "SPDX" in file.read_text()
    second = client.post(f"{path}/copy", data={"example": f"{hook}.php"})
    assert "example=" in second.location
    assert len(list(file.parent.iterdir())) == 1
    shown = client.get(second.location.split("#")[0]).text
    assert "&lt;?php" in shown


@pytest.mark.parametrize("example", ["../../pyproject.toml", "/etc/passwd", "process_user_phone.py", ""])
def test_only_examples_of_the_customization_are_copied(office: Settled, example: str) -> None:
    answer = office.reader().post(f"/customizations/{HOOK}/copy", data={"example": example})
    assert answer.status_code == 404
    assert "root:" not in office.reader().get(f"/customizations/{HOOK}", query_string={"example": example}).text


def test_script_is_removed_after_a_question_and_kept_aside(office: Settled) -> None:
    client, path = office.reader(), f"/customizations/{HOOK}"
    post(client, path, {"text": ANSWER, "ending": "py", "act": "save"})
    asked = client.post(f"{path}/remove")
    assert "Remove the script?" in words(asked.text)
    client.post(f"{path}/remove", data={"sure": "1"})
    assert [file.name for file in (office.home / "hooks").iterdir()] == [f"{HOOK}.py.bak"]


def test_switches_of_the_list_are_saved(office: Settled) -> None:
    changes = {"hooks.enabled": ["off", "on"], "hooks.active": ["", "need_registration", "customize_entity"]}
    assert post(office.reader(), "/customizations/", changes).status_code == 302
    assert office.settings["hooks.enabled"] is True
    assert office.settings["hooks.active"] == ["need_registration", "customize_entity"]
    assert post(office.reader(), "/customizations/", {"hooks.active": [""]}).status_code == 302
    assert office.settings["hooks.active"] == []


# -- export and import


def upload(office: Settled, content: str | bytes, **more: str) -> TestResponse:
    data = content.encode() if isinstance(content, str) else content
    return office.reader().post(
        "/settings/transfer/import",
        data={"file": (io.BytesIO(data), "settings.json"), **more},
        content_type="multipart/form-data",
    )


def confirm(office: Settled, shown: TestResponse) -> TestResponse:
    data = dict(untouched(shown.text, "/settings/transfer/confirm"))
    return office.reader().post("/settings/transfer/confirm", data=data, follow_redirects=True)


def test_export_leaves_secrets_out_unless_that_is_confirmed(office: Settled) -> None:
    office.save(ami__secret="geheim", calls__default_user=3)
    client = office.reader()
    plain = client.post("/settings/transfer/export")
    assert plain.headers["Content-Disposition"] == 'attachment; filename="itgrix-settings-2026-11-21.json"'
    assert json.loads(plain.text) == {"calls.default_user": 3}
    asked = client.post("/settings/transfer/export", data={"secrets": "on"})
    assert asked.status_code == 422
    assert "geheim" not in asked.text
    whole = client.post("/settings/transfer/export", data={"secrets": "on", "sure": "on"})
    assert json.loads(whole.text)["ami.secret"] == "geheim"
    assert [details for _, _, details in office.audit] == [{"secrets": False}, {"secrets": True}]


def test_import_shows_what_would_change_then_changes_it(office: Settled) -> None:
    office.save(ami__secret="alt", cards__lead_ms=77)
    shown = upload(office, json.dumps({"ami.secret": "neu", "cards.lead_ms": 20, "calls.default_user": 0}))
    told = words(shown.text)
    assert "2 settings change" in told
    assert "cards.lead_ms 77 20" in told
    assert "neu" not in shown.text
    assert not problems(shown.text)
    assert office.settings["cards.lead_ms"] == 77
    done = confirm(office, shown)
    assert "2 settings saved:" in words(done.text)
    assert office.settings["cards.lead_ms"] == 20
    assert office.settings["ami.secret"] == "neu"
    assert "neu" not in json.dumps([details for _, _, details in office.audit], default=str).replace("neu_", "")


def test_import_can_set_the_rest_back_but_never_secrets(office: Settled) -> None:
    office.save(ami__secret="alt", cards__lead_ms=77, dial__timeout=20)
    confirm(office, upload(office, json.dumps({"dial.timeout": 25}), resets="on"))
    assert office.settings["cards.lead_ms"] == 15
    assert office.settings["dial.timeout"] == 25
    assert office.settings["ami.secret"] == "alt"


def test_wrong_file_is_refused_as_a_whole(office: Settled) -> None:
    shown = upload(office, json.dumps({"cards.lead_ms": 20, "ami.port": "no", "no.such": 1}))
    told = words(shown.text)
    assert shown.status_code == 422
    assert "ami.port: must be a whole number" in told
    assert "no.such: there is no such setting" in told
    assert "transfer/confirm" not in shown.text
    assert office.settings["cards.lead_ms"] == 15


@pytest.mark.parametrize(
    "content", ["", "not json", "[1]", "{}", b"\xff\xfe\x00", '{"a":' * 2000, "null", '{"ami.port": NaN}']
)
def test_what_is_no_file_of_settings_is_said(office: Settled, content: str | bytes) -> None:
    answer = upload(office, content)
    assert answer.status_code == 422
    assert not problems(answer.text)


def test_import_is_confirmed_once_and_only_by_who_uploaded_it(office: Settled) -> None:
    shown = upload(office, json.dumps({"cards.lead_ms": 20}))
    confirm(office, shown)
    office.save(cards__lead_ms=30)
    assert "no longer there" in words(confirm(office, shown).text)
    assert "no longer there" in words(
        office.reader().post("/settings/transfer/confirm", data={"token": "x"}, follow_redirects=True).text
    )
    assert office.settings["cards.lead_ms"] == 30


def test_exported_file_is_imported_again_without_a_change(office: Settled) -> None:
    office.save(lines=[line(1)], hours__week="Пн-Пт 9-18", missed__users=[1])
    content = office.reader().post("/settings/transfer/export").text
    assert "Nothing would change" in words(upload(office, content).text)
    assert "Nothing would change" in words(
        office.reader().post("/settings/transfer/import", data={"text": content}).text
    )


def test_hostile_values_stay_text(office: Settled) -> None:
    hostile = "<script>alert(1)</script>\"'"
    office.save(lines=[{"match": hostile, "name": hostile}], filters__numbers=[hostile], dial__prefix="")
    save(office.service.core.database, row(line=hostile[:90], started=NOW))
    client = office.reader()
    for path in (
        "/lines/",
        "/rules/",
        "/settings/",
        "/settings/filters",
        f"/lines/edit/{seals(client.get('/lines/').text)[0]}",
    ):
        page = client.get(path).text
        assert "<script>alert" not in page, path
        assert not problems(page), path
