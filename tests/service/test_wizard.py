# SPDX-License-Identifier: GPL-3.0-or-later
"""The first-run wizard against a PBX and a portal: every step with the right and with the wrong answers."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from itgrix_module.app import wizard as steps
from itgrix_module.sandbox.pbx import AmiUser
from itgrix_module.wizard import Wizard
from tests.service.bare_house import Visitor, bare_house, pbx_fields, visitor, webhook_fields
from tests.service.house import House, short, until


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with bare_house(tmp_path) as found:
        yield found


@pytest.fixture
def person(house: House) -> Iterator[Visitor]:
    with visitor(house) as found:
        yield found


def setting(house: House, key: str) -> object:
    return house.service.core.settings.current[key]


def state(house: House, step: str) -> str:
    return Wizard(house.service).progress().of(step).state


def test_fresh_service_opens_with_the_wizard_and_has_a_way_past_it(house: House, person: Visitor) -> None:
    assert person.get("/").url.endswith("/wizard/language")
    token = person.page("language").split('name="csrf_token" value="')[1].split('"')[0]
    left = person.session.post(f"{house.panel}/wizard/leave", data={"csrf_token": token}, timeout=30)
    assert left.url == f"{house.panel}/"
    assert person.get("/").url == f"{house.panel}/"
    assert "/wizard/" in person.get("/").text


def test_wizard_is_taken_up_where_it_was_left(house: House, person: Visitor) -> None:
    person.send("language", portal__language="ru", panel__time_zone="Europe/Moscow", numbers__country="RU")
    assert person.get("/wizard/").url.endswith("/wizard/database")
    person.send("database")
    with visitor(house) as other:
        assert other.get("/wizard/").url.endswith("/wizard/pbx")


def test_unknown_time_zone_is_told_beside_its_field_and_nothing_is_saved(house: House, person: Visitor) -> None:
    said = person.said("language", portal__language="ru", panel__time_zone="Mars/Base", numbers__country="RU")
    assert "no time zone" in said
    assert 'id="panel__time_zone-problem"' in said
    assert setting(house, "panel.time_zone") == ""
    assert state(house, "language") == ""


def test_right_account_of_the_pbx_is_saved_and_the_link_comes_up(house: House, person: Visitor) -> None:
    answer = person.send("pbx", **pbx_fields(house))
    assert answer.url.endswith("/wizard/records")
    until(lambda: house.service.pbx.state.phase == "up")
    assert state(house, "pbx") == "ok"


def test_wrong_password_of_the_pbx_is_told_and_not_saved(house: House, person: Visitor) -> None:
    said = person.said("pbx", **pbx_fields(house, ami__secret="wrong"))
    assert "refuses the login of itgrix" in said
    assert "Check name and secret in manager.conf" in said
    assert "wrong" not in said.split("<main")[1].split("refuses the login")[0]
    assert setting(house, "ami.secret") == ""
    assert state(house, "pbx") == "error"


def test_closed_port_is_told_with_what_to_check(house: House, person: Visitor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    said = person.said("pbx", **pbx_fields(house, ami__port=port))
    assert "refuses the connection: nothing listens there" in said
    assert "enabled = yes" in said


def test_port_that_is_none_is_told_beside_its_field(house: House, person: Visitor) -> None:
    assert "Not a valid integer value." in person.said("pbx", **pbx_fields(house, ami__port="five"))
    assert "A port is a number" in person.said("pbx", **pbx_fields(house, ami__port="70000"))


def test_line_break_in_a_name_does_not_reach_the_pbx(house: House, person: Visitor) -> None:
    said = person.said("pbx", **pbx_fields(house, ami__username="itgrix\r\nAction: Originate"))
    assert "must be one line" in said.lower()
    assert setting(house, "ami.username") == "itgrix"


def test_failed_account_can_be_saved_all_the_same(house: House, person: Visitor) -> None:
    fields = pbx_fields(house, ami__secret="later")
    assert "Save all the same" in person.said("pbx", **fields)
    person.send("pbx", "anyway", **fields)
    assert setting(house, "ami.secret") == "later"


def test_rights_that_are_missing_are_named(tmp_path: Path) -> None:
    poor = AmiUser("itgrix", "sandbox-secret", write=("reporting",))
    with bare_house(tmp_path, pbx={"users": (poor,)}) as house, visitor(house) as person:
        said = person.said("pbx", **pbx_fields(house))
        assert "lacks the rights" in said
        assert "originate" in said
        assert "manager reload" in said


def test_lines_to_paste_are_shown_where_no_file_can_be_written(house: House, person: Visitor) -> None:
    page = person.page("pbx")
    assert "[itgrix]" in page
    assert "permit = 127.0.0.1" in page
    assert "read = call,cdr,agent,system" in page
    assert 'value="create"' not in page


def test_user_is_made_where_the_pbx_includes_a_folder_for_it(house: House, tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    (etc / "manager.d").mkdir(parents=True)
    (etc / "manager.conf").write_text('[general]\nenabled = yes\n#include "manager.d/*.conf"\n')
    desk = Wizard(house.service, reload=lambda: False)
    assert desk.account().file == str(etc / "manager.d" / "itgrix.conf")
    tried = desk.create_account()
    written = (etc / "manager.d" / "itgrix.conf").read_text()
    assert [check.code for check in tried.found.checks] == ["manager_reload"]
    assert f"secret = {setting(house, 'ami.secret')}\n" in written
    desk.create_account()
    assert (etc / "manager.d" / "itgrix.conf").read_text().count("[itgrix]") == 1


def test_user_of_somebody_else_is_never_touched(house: House, tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    etc.mkdir()
    (etc / "manager.conf").write_text("#include manager_custom.conf\n")
    theirs = "[itgrix]\nsecret = theirs\n"
    (etc / "manager_custom.conf").write_text(theirs)
    tried = Wizard(house.service, reload=lambda: True).create_account()
    assert tried.found.checks[0].code == "manager_taken"
    assert (etc / "manager_custom.conf").read_text() == theirs
    assert setting(house, "ami.secret") == ""


def test_call_records_that_cannot_be_read_are_told_without_the_password(house: House, person: Visitor) -> None:
    fields = {"host": "127.0.0.1", "port": "1", "database": "asteriskcdrdb", "user": "me", "password": "p@ss/w:rd"}
    said = person.said("records", **fields)
    assert "cannot be read" in said
    assert "p@ss/w:rd" not in said
    assert setting(house, "cdr.url") == ""


def test_call_records_can_be_left_out(house: House, person: Visitor) -> None:
    answer = person.send("records", "skip")
    assert answer.url.endswith("/wizard/portal")
    assert state(house, "records") == "skipped"


def test_call_records_without_channel_events_get_a_remark(house: House, tmp_path: Path) -> None:
    file = tmp_path / "cdr.db"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE cdr (calldate, uniqueid)")
    database.close()
    tried = Wizard(house.service).offer(steps.RECORDS, {"cdr.url": f"sqlite:///{file}"})
    assert [check.code for check in tried.found.checks] == ["cdr_ok", "cel_unreadable"]
    assert tried.saved


def test_password_that_is_set_is_not_sent_to_another_server(house: House) -> None:
    desk = Wizard(house.service)
    house.service.core.settings.save({"cdr.url": "mysql+pymysql://me:secret@db1/asteriskcdrdb"})
    with socket.create_server(("127.0.0.1", 0)) as there:
        there.settimeout(10)
        host, port = there.getsockname()
        there.close()
        desk.offer_records({"host": host, "port": str(port), "user": "me", "database": "x"}, anyway=True)
    assert "secret" not in str(setting(house, "cdr.url"))


def test_right_webhook_is_saved_and_employees_come(house: House, person: Visitor) -> None:
    person.send("portal", **webhook_fields(house))
    assert state(house, "portal") == "warning"  # a webhook cannot do everything, and that is said
    assert setting(house, "portal.webhook_url") == house.portal.webhook_url()
    assert "no click-to-call" in person.page("portal")
    until(lambda: len(house.service.directory.state.employees) > 5)
    said = person.said("employees", calls__default_user="1")
    assert setting(house, "calls.default_user") == 1
    assert "10 extensions of" in person.page("employees") or "10 extensions of" in said


def test_wrong_webhook_is_told_and_not_saved(house: House, person: Visitor) -> None:
    wrong = house.portal.webhook_url()[:-6] + "wrong/"
    said = person.said("portal", **webhook_fields(house, portal__webhook_url=wrong))
    assert "What to do:" in said
    assert setting(house, "portal.webhook_url") == ""
    assert wrong not in said


def test_address_that_is_no_webhook_is_explained(house: House, person: Visitor) -> None:
    said = person.said("portal", **webhook_fields(house, portal__webhook_url="https://company.bitrix24.ru"))
    assert "this is only the portal's address" in said


def test_webhook_of_a_portal_that_is_away_is_told(house: House, person: Visitor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/rest/1/abcdefgh12345678/"
    assert "What to do:" in person.said("portal", **webhook_fields(house, portal__webhook_url=url))


def test_application_needs_address_code_and_key(house: House, person: Visitor) -> None:
    said = person.said("portal", portal__mode="app", portal__domain="https://company.bitrix24.ru/stream/")
    assert "Address, code and key of the application are needed" in said


def test_application_waits_for_the_portal_and_shows_the_address_to_enter(house: House, person: Visitor) -> None:
    fields = {
        "portal__mode": "app",
        "portal__domain": "https://company.bitrix24.ru/stream/",
        "portal__client_id": "local.1",
        "portal__client_secret": "very-secret",
        "portal__public_url": "https://pbx.company.ru/",
        "portal__verify_tls": "y",
    }
    person.send("portal", **fields)
    page = person.page("portal")
    assert setting(house, "portal.domain") == "company.bitrix24.ru"
    assert "https://pbx.company.ru/bitrix24/events" in page
    assert "has not sent the authorisation yet" in page
    assert "very-secret" not in page
    assert "X-Live" not in person.get("/wizard/portal/live").headers


def test_lines_of_the_traffic_are_named(house: House, person: Visitor) -> None:
    person.send("pbx", **pbx_fields(house))
    until(lambda: house.service.pbx.state.phase == "up")
    assert "no line was seen yet" in person.page("lines").lower()
    truth = house.pbx.play(short())
    until(lambda: Wizard(house.service).open_lines())
    line = Wizard(house.service).open_lines()[0]
    person.send("lines", line=line, name="Реклама <b>")
    assert setting(house, "lines") == [{"match": line, "name": "Реклама <b>"}]
    assert Wizard(house.service).open_lines() == []
    assert truth.linkedid


def test_line_that_nobody_saw_is_not_added(house: House, person: Visitor) -> None:
    person.send("lines", line="74950000000", name="Invented")
    assert setting(house, "lines") == []


def test_recordings_folder_that_is_missing_is_told(house: House, person: Visitor, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    said = person.said("recordings", recordings__mode="upload", recordings__directory=str(gone))
    assert f"the recordings folder {gone} is not there" in said.replace("The rec", "the rec")
    assert setting(house, "recordings.directory") != str(gone)


def test_missing_encoder_is_a_remark(
    house: House, person: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    folder = str(house.pbx.config.monitor_dir)
    person.send("recordings", recordings__mode="upload", recordings__directory=folder)
    assert setting(house, "recordings.directory") == folder
    assert state(house, "recordings") == "warning"
    assert "apt-get install lame" in person.page("recordings")


def test_recordings_can_be_left_out(house: House, person: Visitor) -> None:
    person.send("recordings", recordings__mode="off", recordings__directory="/nowhere")
    assert setting(house, "recordings.mode") == "off"
    assert state(house, "recordings") == "ok"


def test_test_call_is_followed_to_its_end(house: House, person: Visitor) -> None:
    person.send("pbx", **pbx_fields(house))
    person.send("portal", **webhook_fields(house))
    folder = str(house.pbx.config.monitor_dir)
    person.send("recordings", recordings__mode="off", recordings__directory=folder)
    house.wait_ready()
    person.send("test", "begin")
    assert "Waiting for your call" in person.page("test")
    truth = house.pbx.play(short())
    house.wait_finished(truth)
    until(lambda: "X-Live" in person.get("/wizard/test/live").headers)
    page = person.page("test")
    assert "The call went the whole way." in page
    assert state(house, "test") == "ok"
    assert truth.linkedid in page


def test_call_before_the_test_does_not_count(house: House, person: Visitor) -> None:
    person.send("pbx", **pbx_fields(house))
    person.send("portal", **webhook_fields(house))
    house.wait_ready()
    truth = house.pbx.play(short())
    house.wait_finished(truth)
    until(lambda: Wizard(house.service).test_call().since == 0.0)
    assert truth.linkedid not in person.page("test")


def test_internal_call_is_explained(house: House, person: Visitor) -> None:
    person.send("pbx", **pbx_fields(house))
    person.send("portal", **webhook_fields(house))
    house.wait_ready()
    person.send("test", "begin")
    house.pbx.play(short("internal"))
    until(lambda: Wizard(house.service).test_call().only_internal)
    assert "call from outside" in person.page("test")


def test_unknown_step_and_unknown_order_are_refused(house: House, person: Visitor) -> None:
    assert person.get("/wizard/nonsense").status_code == 404
    assert person.send("pbx", "format").status_code == 400
    assert person.send("database", "skip").status_code == 400


def test_step_changes_only_its_own_settings(house: House) -> None:
    Wizard(house.service).offer(steps.LANGUAGE, {"portal.language": "en", "ami.secret": "smuggled"})
    assert setting(house, "portal.language") == "en"
    assert setting(house, "ami.secret") == ""


def test_wizard_speaks_russian(house: House) -> None:
    with visitor(house, "ru") as person:
        said = person.said("pbx", **pbx_fields(house, ami__secret="wrong"))
        assert "Что делать:" in said
        assert "Мастер настройки" in said
        assert "Мастер не может записать его сам" in said
