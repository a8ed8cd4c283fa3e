# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itgrix_module.bitrix24 import events
from itgrix_module.bitrix24.encoding import BadForm, encode
from tests.known import known

# contract A9, with the values that it leaves out
CALL_START = (
    "event=ONEXTERNALCALLSTART&event_handler_id=1055&data%5BPHONE_NUMBER%5D=%2B494951234567"
    "&data%5BPHONE_NUMBER_INTERNATIONAL%5D=%2B494951234567&data%5BEXTENSION%5D=&data%5BUSER_ID%5D=1269"
    "&data%5BCALL_LIST_ID%5D=0&data%5BLINE_NUMBER%5D=7&data%5BIS_MOBILE%5D=0"
    "&data%5BCALL_ID%5D=externalCall.89350264e026dace3f2b14d1f438257c.1773236989"
    "&data%5BCRM_ENTITY_TYPE%5D=CONTACT&data%5BCRM_ENTITY_ID%5D=797&ts=1773236988&auth%5Baccess_token%5D=AT"
    "&auth%5Bexpires_in%5D=3600&auth%5Bscope%5D=telephony&auth%5Bdomain%5D=some-domain.bitrix24.com"
    "&auth%5Bserver_endpoint%5D=https%3A%2F%2Foauth.bitrix.info%2Frest%2F&auth%5Bstatus%5D=L"
    "&auth%5Bclient_endpoint%5D=https%3A%2F%2Fexample.bitrix24.com%2Frest%2F"
    "&auth%5Bmember_id%5D=a223c6b9410f85df78e9377d6c4f7213&auth%5Bapplication_token%5D=APPTOKEN"
)


def form(**parts: object) -> str:
    return encode({"event": "ONAPPTEST", **parts})


def test_click_to_call_is_read_from_the_wire() -> None:
    event = events.read_event(CALL_START.encode())
    assert (event.name, event.ts, event.handler_id) == ("ONEXTERNALCALLSTART", 1773236988, "1055")
    assert event.data["CALL_ID"] == "externalCall.89350264e026dace3f2b14d1f438257c.1773236989"
    assert (event.data["USER_ID"], event.data["PHONE_NUMBER"]) == ("1269", "+494951234567")
    assert events.is_from(event, "a223c6b9410f85df78e9377d6c4f7213", "APPTOKEN")
    assert event.age(1773236990.0) == 2.0


@pytest.mark.parametrize(
    ("member", "token"),
    [
        ("a223c6b9410f85df78e9377d6c4f7213", "WRONG"),
        ("other", "APPTOKEN"),
        ("a223c6b9410f85df78e9377d6c4f7213", ""),
        ("", "APPTOKEN"),
        ("", ""),
    ],
)
def test_event_of_another_portal_or_with_another_token_is_not_ours(member: str, token: str) -> None:
    assert not events.is_from(events.read_event(CALL_START), member, token)


def test_event_without_token_is_not_ours_even_if_none_is_stored() -> None:
    assert not events.is_from(events.read_event(form()), "", "")
    assert not events.is_from(events.read_event(form(auth={"member_id": "m", "application_token": ""})), "m", "")


def test_secrets_are_compared_whatever_they_hold() -> None:
    assert events.same("ключ\udcff", "ключ\udcff")
    assert not events.same("ключ", "key")


def test_name_of_an_event_is_compared_in_upper_case() -> None:
    assert events.read_event("event=onCrmActivityAdd").name == "ONCRMACTIVITYADD"


def test_secrets_of_an_event_are_not_shown() -> None:
    shown = repr(events.read_event(CALL_START))
    assert "APPTOKEN" not in shown
    assert "'AT'" not in shown


def test_repeated_delivery_has_the_same_key_and_another_call_another_one() -> None:
    first, again = events.read_event(CALL_START), events.read_event(CALL_START)
    other = events.read_event(CALL_START.replace("1773236989", "1773236990"))
    assert first.dedup_key() == again.dedup_key() != other.dedup_key()
    lead = events.read_event(encode({"event": "ONCRMLEADADD", "data": {"FIELDS": {"ID": 5}}, "ts": 7}))
    assert lead.dedup_key() == "ONCRMLEADADD:5:7"
    task = events.read_event(encode({"event": "ONTASKADD", "data": {"FIELDS_AFTER": {"ID": 6}}}))
    assert task.dedup_key() == "ONTASKADD:6:"


INSTALL: dict[str, Any] = {
    "event": "ONAPPINSTALL",
    "data": {"VERSION": 1, "ACTIVE": "Y", "INSTALLED": "Y", "LANGUAGE_ID": "ru"},
    "ts": 1696527000,
    "auth": {
        "access_token": "AT",
        "refresh_token": "RT",
        "expires_in": 3600,
        "scope": "crm,telephony",
        "domain": "p.bitrix24.ru",
        "server_endpoint": "https://oauth.bitrix24.tech/rest/",
        "client_endpoint": "https://p.bitrix24.ru/rest/",
        "member_id": "m1",
        "status": "L",
        "application_token": "APP",
    },
}


def test_installation_brings_the_first_pair() -> None:
    tokens = known(events.install_tokens(events.read_event(encode(INSTALL)), now=100.0))
    assert (tokens.access_token, tokens.refresh_token, tokens.expires_at) == ("AT", "RT", 3700.0)
    assert (tokens.member_id, tokens.domain, tokens.application_token) == ("m1", "p.bitrix24.ru", "APP")
    assert tokens.server_endpoint == "https://oauth.bitrix24.tech/rest/"
    assert tokens.scope == {"crm", "telephony"}


def test_installation_may_bring_more_keys() -> None:
    more = {**INSTALL, "auth": {**INSTALL["auth"], "user_id": "67", "expires": "1", "client_id": "local.1"}}
    assert known(events.install_tokens(events.read_event(encode(more)), 0.0)).user_id == 67


@pytest.mark.parametrize("missing", ["access_token", "refresh_token", "member_id", "client_endpoint"])
def test_installation_that_is_not_complete_brings_nothing(missing: str) -> None:
    auth = {key: value for key, value in INSTALL["auth"].items() if key != missing}
    assert events.install_tokens(events.read_event(encode({**INSTALL, "auth": auth})), 0.0) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"event=",
        b"x=1",
        b"event[a]=1",
        b"event=" + b"X" * 101,
        b"event=ON%0AX",
        b"event=%D0%96",
        b"event=<script>",
        b"event=A&" + b"&".join(b"a=1" for _ in range(1000)),
        b"event=A&data" + b"[a]" * 9 + b"=1",
        b"event=A&" + b"n" * 300 + b"=1",
        b"event=A&d=" + b"x" * 200_000,
    ],
)
def test_body_that_the_portal_never_sends_is_refused(body: bytes) -> None:
    with pytest.raises(BadForm):
        events.read_event(body)


@given(st.binary(max_size=300))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    try:
        event = events.read_event(b"event=ONAPPTEST&" + body)
    except BadForm:
        return
    events.install_tokens(event, 0.0)
    event.dedup_key()
    assert not events.is_from(event, "m", "t0ken")


def test_odd_shapes_of_known_keys_are_empty() -> None:
    odd = "event=ONEXTERNALCALLSTART&data=x&auth=y&ts[]=1&event_handler_id[a]=1"
    event = events.read_event(odd)
    assert (event.data, event.ts, event.handler_id, event.auth.member_id) == ({}, None, "", "")
    assert event.age(5.0) is None
    assert events.read_event(f"event=A&data[CALL_ID][x]={quote('y')}").dedup_key().startswith("A:")


def test_click_is_one_whenever_it_is_told_and_through_whichever_handler() -> None:
    later = CALL_START.replace("event_handler_id", "another_id") + "&ts=1999999999"
    assert events.read_event(CALL_START).dedup_key() == events.read_event(later).dedup_key()


def test_form_that_is_sent_twice_is_two_and_delivered_twice_is_one() -> None:
    form = {"event": "ONEXTERNALCALLBACKSTART", "data": {"PHONE_NUMBER": "+7916", "TEXT": "Ёж"}, "ts": 7}
    keys = [events.read_event(encode({**form, "ts": ts})).dedup_key() for ts in (7, 7, 8)]
    assert keys[0] == keys[1] != keys[2]


def test_key_of_anything_fits_its_column() -> None:
    for call in ("x" * 5000, "ё" * 150, "a\r\nb"):
        key = events.key_of("ONEXTERNALCALLSTART", {"CALL_ID": call}, "1")
        assert len(key) <= 190
