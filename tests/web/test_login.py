# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in to the panel where no FreePBX does it: users, sessions, waits, rights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from itgrix_module.app import passwords
from itgrix_module.app.user_ports import ADMINISTER, OPERATE, VIEW
from tests.web.house import PASSWORD, Household, household

HOUR = 3600.0
OTHER = "another good password"


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_COST", 2**8)


@pytest.fixture
def house(tmp_path: Path, empty_file: Path) -> Iterator[Household]:
    with household(tmp_path / "home", empty_file) as made:
        yield made


def test_without_users_this_machine_is_let_in_and_nobody_else(house: Household) -> None:
    assert house.visitor().get("/").status_code == 200
    assert house.visitor("10.0.0.7").get("/").status_code == 403
    assert house.visitor().get("/login").headers["Location"] == "/"


def test_first_user_is_made_in_the_panel_and_closes_it(house: Household) -> None:
    local = house.visitor()
    answer = local.post("/access/add", {"name": "Анна", "password": PASSWORD, "role": ADMINISTER}, "/access/")
    assert answer.headers["Location"] == "/login"
    assert local.get("/").status_code == 303
    assert local.log_in("анна").headers["Location"] == "/"
    assert local.get("/access/").status_code == 200


def test_first_user_must_administer(house: Household) -> None:
    answer = house.visitor().post("/access/add", {"name": "anna", "password": PASSWORD, "role": VIEW}, "/access/")
    assert answer.status_code == 400
    assert not house.operations.accounts.exist()


def test_stranger_is_led_to_the_login_and_then_to_his_page(house: Household) -> None:
    house.operations.accounts.add("anna", PASSWORD, ADMINISTER)
    stranger = house.visitor("10.0.0.7")
    led = stranger.get("/calls/?text=7916")
    assert (led.status_code, led.headers["Location"]) == (303, "/login?next=/calls/?text%3D7916")
    assert stranger.log_in("anna", target="/calls/?text=7916").headers["Location"] == "/calls/?text=7916"
    assert stranger.get("/calls/").status_code == 200


def test_scripts_and_live_parts_are_refused_without_a_detour(house: Household) -> None:
    house.operations.accounts.add("anna", PASSWORD, ADMINISTER)
    stranger = house.visitor("10.0.0.7")
    assert stranger.get("/api/status").status_code == 403
    assert stranger.get("/live", headers={"X-Requested-With": "fetch"}).status_code == 403
    assert stranger.client.post("/logout").status_code in (400, 403)


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example", "\\\\evil",
     "///evil.example", "/%0d%0aSet-Cookie:x\r\n", "http:evil.example",
     "/logout", "/login", "evil.example", "//[", " /x"],
)  # fmt: skip
def test_login_never_leads_elsewhere(house: Household, target: str) -> None:
    house.operations.accounts.add("anna", PASSWORD, ADMINISTER)
    assert house.visitor().log_in("anna", target=target).headers["Location"] == "/"


@pytest.mark.parametrize("name", ["anna", "nobody", "", "x" * 500, "' OR 1=1 --", "anna\0", "\ud800"])
def test_wrong_login_says_the_same_to_everybody(house: Household, name: str) -> None:
    house.operations.accounts.add("anna", PASSWORD, ADMINISTER)
    answer = house.visitor().log_in(name.encode(errors="replace").decode(), "wrong password")
    assert answer.status_code in (400, 401)
    assert "Set-Cookie" not in answer.headers or "itgrix_login" not in str(answer.headers.getlist("Set-Cookie"))
    if answer.status_code == 401:
        assert "The name or the password is wrong." in answer.get_data(as_text=True)


def test_guessing_has_to_wait_longer_each_time_and_is_forgiven(house: Household) -> None:
    house.operations.accounts.add("anna", PASSWORD, ADMINISTER)
    guesser = house.visitor("10.0.0.7")
    assert [guesser.log_in("anna", "wrong password").status_code for _ in range(5)] == [401] * 5
    refused = guesser.log_in("anna")
    assert refused.status_code == 429
    assert "Try again in 2 seconds" in refused.get_data(as_text=True)
    house.clock.now += 2.1
    assert guesser.log_in("anna", "wrong password").status_code == 401
    house.clock.now += 2.1
    assert guesser.log_in("anna").status_code == 429, "the second wait is longer"
    assert house.visitor("10.0.0.8").log_in("anna").status_code == 303, "somebody elsewhere is not locked out"
    house.clock.now += 2.1
    assert guesser.log_in("anna").status_code == 303


def test_one_address_cannot_try_many_names(house: Household) -> None:
    house.operations.accounts.add("anna", PASSWORD, ADMINISTER)
    guesser = house.visitor("2001:db8::1")
    codes = [guesser.log_in(f"user{number}", "wrong password").status_code for number in range(22)]
    assert codes[:21] == [401] * 21
    assert codes[21] == 429
    assert house.visitor("2001:db8::ffff").log_in("anna").status_code == 429, "the same network"
    assert house.visitor("2001:db8:1::1").log_in("anna").status_code == 303


def test_session_ends_when_nobody_uses_it_and_in_any_case(house: Household) -> None:
    anna = house.member("anna")
    for _ in range(14):
        house.clock.now += 0.8 * HOUR
        assert anna.get("/").status_code == 200
    house.clock.now += 0.9 * HOUR
    assert anna.get("/").status_code == 303, "twelve hours are over"
    assert anna.log_in("anna").status_code == 303
    house.clock.now += 1.1 * HOUR
    assert anna.get("/").status_code == 303, "an hour without use"


def test_cookie_is_unreadable_for_scripts_and_new_at_each_login(house: Household) -> None:
    house.operations.accounts.add("anna", PASSWORD, ADMINISTER)
    visitor = house.visitor()
    cookies = [str(visitor.log_in("anna").headers.getlist("Set-Cookie")) for _ in range(1)]
    assert "HttpOnly" in cookies[0]
    assert "SameSite=Lax" in cookies[0]
    assert "Secure" not in cookies[0]
    first = visitor.client.get_cookie("itgrix_login")
    assert first is not None
    visitor.post("/logout", {}, "/account")
    visitor.log_in("anna")
    second = visitor.client.get_cookie("itgrix_login")
    assert second is not None
    assert first.value != second.value
    with house.core.database.read() as connection:
        kept = connection.exec_driver_sql("SELECT id FROM itgrix_sessions").scalars().all()
    assert second.value not in kept


def test_cookie_goes_over_tls_only_when_the_panel_is_there(house: Household) -> None:
    house.operations.accounts.add("anna", PASSWORD, ADMINISTER)
    house.core.settings.save({"panel.secure_cookies": True})
    visitor = house.visitor()
    page = visitor.client.get("/login", base_url="https://localhost").get_data(as_text=True)
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    form = {"name": "anna", "password": PASSWORD, "csrf_token": token}
    headers = {"Referer": "https://localhost/login"}
    answer = visitor.client.post("/login", data=form, base_url="https://localhost", headers=headers)
    assert answer.status_code == 303
    assert all("Secure" in cookie for cookie in answer.headers.getlist("Set-Cookie") if "itgrix_login" in cookie)


def test_logout_ends_the_session_in_the_table_too(house: Household) -> None:
    anna = house.member("anna")
    stolen = anna.client.get_cookie("itgrix_login")
    assert stolen is not None
    assert anna.post("/logout", {}, "/account").headers["Location"] == "/login"
    thief = house.visitor()
    thief.client.set_cookie("itgrix_login", stolen.value)
    assert thief.get("/").status_code == 303


def test_forged_cookie_opens_nothing(house: Household) -> None:
    house.member("anna")
    for value in ("", "x", "a" * 43, "a" * 3000, "é" * 30, "null"):
        forger = house.visitor()
        forger.client.set_cookie("itgrix_login", value)
        assert forger.get("/").status_code == 303


def test_login_without_the_token_of_its_form_is_refused(house: Household) -> None:
    house.operations.accounts.add("anna", PASSWORD, ADMINISTER)
    answer = house.visitor().client.post("/login", data={"name": "anna", "password": PASSWORD})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("role", "listens", "expected"),
    [
        (VIEW, False, {"/": 200, "/calls/": 200, "/access/": 403, "/log/": 403, "/backups/": 403, "/audit/": 403}),
        (OPERATE, True, {"/": 200, "/deliveries/": 200, "/access/": 403, "/access/client": 403}),
        (ADMINISTER, False, {"/access/": 200, "/log/": 200, "/backups/": 200, "/audit/": 200, "/access/client": 200}),
    ],
)
def test_role_decides_which_pages_open(house: Household, role: str, listens: bool, expected: dict[str, int]) -> None:
    house.operations.accounts.add("boss", PASSWORD, ADMINISTER)
    member = house.member("anna", role, listens=listens)
    assert {path: member.get(path).status_code for path in expected} == expected


def test_role_changes_at_once_and_last_administrator_stays(house: Household) -> None:
    boss = house.member("boss")
    anna = house.member("anna", ADMINISTER)
    boss.post("/access/change", {"name": "anna", "order": "role", "role": VIEW}, "/access/")
    assert anna.get("/access/").status_code == 403
    for order in ({"order": "role", "role": VIEW}, {"order": "remove-confirmed"}):
        told = boss.post("/access/change", {"name": "boss", **order}, "/access/", follow_redirects=True)
        assert "Nobody would be left who administers" in told.get_data(as_text=True)
    assert boss.get("/access/").status_code == 200


def test_removed_user_is_out_at_once(house: Household) -> None:
    boss, anna = house.member("boss"), house.member("anna", VIEW)
    assert "Remove a user?" in boss.post("/access/change", {"name": "anna", "order": "remove"}, "/access/").text
    assert anna.get("/").status_code == 200
    boss.post("/access/change", {"name": "anna", "order": "remove-confirmed"}, "/access/")
    assert anna.get("/").status_code == 303
    assert anna.log_in("anna").status_code == 401


def test_new_password_ends_all_sessions_but_the_own(house: Household) -> None:
    anna, elsewhere = house.member("anna"), house.visitor("10.0.0.9")
    elsewhere.log_in("anna")
    form = {"old": PASSWORD, "new": OTHER, "again": OTHER}
    assert anna.post("/account/password", form, "/account").status_code == 303
    assert anna.get("/account").status_code == 200
    assert elsewhere.get("/").status_code == 303
    assert elsewhere.log_in("anna").status_code == 401
    assert elsewhere.log_in("anna", OTHER).status_code == 303


@pytest.mark.parametrize(
    "form",
    [
        {"old": "not it at all", "new": OTHER, "again": OTHER},
        {"old": PASSWORD, "new": OTHER, "again": "something else"},
        {"old": PASSWORD, "new": "short", "again": "short"},
        {"old": PASSWORD, "new": "aaaaaaaaaaaaaa", "again": "aaaaaaaaaaaaaa"},
        {"old": PASSWORD, "new": "", "again": ""},
    ],
)
def test_bad_new_password_is_explained_and_changes_nothing(house: Household, form: dict[str, str]) -> None:
    anna = house.member("anna")
    answer = anna.post("/account/password", form, "/account")
    assert answer.status_code == 400
    assert 'class="problem"' in answer.text
    assert house.visitor().log_in("anna").status_code == 303


def test_others_are_logged_out_on_request(house: Household) -> None:
    anna, elsewhere = house.member("anna"), house.visitor("10.0.0.9")
    elsewhere.log_in("anna")
    assert "10.0.0.9" in anna.get("/account").text
    anna.post("/account/others", {}, "/account")
    assert elsewhere.get("/").status_code == 303
    assert anna.get("/").status_code == 200


def test_every_change_of_users_is_in_the_journal_without_passwords(house: Household) -> None:
    boss = house.member("boss")
    boss.post("/access/add", {"name": "anna", "password": OTHER, "role": VIEW}, "/access/")
    boss.post("/access/change", {"name": "anna", "order": "password", "password": PASSWORD}, "/access/")
    boss.post("/access/change", {"name": "anna", "order": "remove-confirmed"}, "/access/")
    assert house.journal() == [
        ("boss", "users.remove", "anna"),
        ("boss", "users.password", "anna"),
        ("boss", "users.add", "anna"),
        ("boss", "login.enter", ""),
    ]
    page = boss.get("/audit/").text
    assert "User added" in page
    assert "127.0.0.1" in page
    assert OTHER not in page
    assert PASSWORD not in page


def test_panel_opens_under_names_of_the_settings_at_once(house: Household) -> None:
    visitor = house.visitor()
    assert visitor.get("/", headers={"Host": "pbx.example.org"}).status_code == 421
    house.core.settings.save({"panel.hosts": ["pbx.example.org"]})
    assert visitor.get("/", headers={"Host": "pbx.example.org:8443"}).status_code == 200


def test_relay_lets_nobody_in_without_a_login(house: Household) -> None:
    assert house.visitor().get("/", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403
    anna = house.member("anna")
    assert anna.get("/", headers={"X-Forwarded-For": "10.0.0.7"}).status_code == 200
