# SPDX-License-Identifier: GPL-3.0-or-later
"""The door for events: what does not hold the application's token is not believed."""

from __future__ import annotations

from typing import Any

import pytest

from itgrix_module.app.happenings import Happening, Inbox, Taken
from itgrix_module.app.rest_ports import Tokens
from itgrix_module.bitrix24 import intake
from itgrix_module.bitrix24.encoding import encode
from itgrix_module.bitrix24.intake import Door, opened
from itgrix_module.domain.failures import NeedsOwner
from tests.bitrix24.test_offline import Store

NOW = 1_800_000_000.0
TOKEN = "51856fefc120afa4b628cc82d6298cce"
ENDS = ("https://p.example/rest/", "https://oauth.bitrix.info/rest/")
KNOWN = Tokens("A", "R", 0.0, "member", "p.example", *ENDS, TOKEN)


class Plain:
    """Seals so that a test can look."""

    def seal(self, secret: str) -> str:
        return f"sealed {secret}"

    def open(self, sealed: str) -> str:
        return sealed.removeprefix("sealed ")


class Desk:
    def __init__(self, known: Tokens | None = KNOWN) -> None:
        self.known, self.store, self.claims = known, Store(), list[Tokens]()
        self.offset, self.refuses = 0.0, False
        self.inbox = Inbox(self.store, lambda: NOW, lambda: None)
        for name in ("ONEXTERNALCALLSTART", "ONCRM*", "ONAPPINSTALL", "ONAPPUPDATE", "ONAPPTEST", "ONAPPUNINSTALL"):
            self.inbox.on(name, lambda _: None)
        self.door = Door(self.inbox, Plain(), lambda: self.known, self._check, lambda: self.offset, lambda: NOW)

    def _check(self, claim: Tokens) -> None:
        self.claims.append(claim)
        if self.refuses:
            raise NeedsOwner("claim_refused", "This is not our portal.")

    def take(self, name: str = "ONEXTERNALCALLSTART", **changes: Any) -> Taken:
        return self.door.take(encode(form(name, **changes)).encode())

    @property
    def kept(self) -> list[Happening]:
        self.inbox.store_all()
        return list(self.store.kept.values())


def form(name: str = "ONEXTERNALCALLSTART", **changes: Any) -> dict[str, Any]:
    auth = {"member_id": "member", "application_token": TOKEN, "domain": "p.example"}
    made: dict[str, Any] = {"event": name, "data": {"CALL_ID": "c1"}, "ts": int(NOW), "auth": auth}
    return made | changes


INSTALL = {
    "access_token": "AT",
    "refresh_token": "RT",
    "expires_in": 3600,
    "member_id": "member",
    "domain": "p.example",
    "client_endpoint": "https://p.example/rest/",
    "server_endpoint": "https://oauth.bitrix.info/rest/",
    "application_token": "new",
}


def test_event_of_our_portal_is_taken_whatever_the_case_of_its_name() -> None:
    desk = Desk()
    assert desk.take("onExternalCallStart") is Taken.TAKEN
    (kept,) = desk.kept
    assert (kept.name, kept.at, kept.received, kept.data) == ("ONEXTERNALCALLSTART", NOW, NOW, {"CALL_ID": "c1"})


@pytest.mark.parametrize(
    "auth",
    [
        {},
        "",
        [],
        {"member_id": "member"},
        {"application_token": TOKEN},
        {"member_id": "member", "application_token": ""},
        {"member_id": "member", "application_token": TOKEN[:-1]},
        {"member_id": "member", "application_token": TOKEN.upper()},
        {"member_id": "other", "application_token": TOKEN},
        {"member_id": "member", "application_token": [TOKEN]},
        {"member_id": "member", "application_token": "ё\ud800"},
    ],
)
def test_stranger_is_refused(auth: Any) -> None:
    desk = Desk()
    assert desk.take(auth=auth) is Taken.REFUSED
    assert desk.kept == []
    assert desk.claims == []


def test_nothing_is_believed_before_an_application_is_joined() -> None:
    assert Desk(None).take() is Taken.REFUSED
    empty = Tokens("A", "R", 0.0, "", "p", "", "")
    assert Desk(empty).take(auth={"member_id": "", "application_token": ""}) is Taken.REFUSED


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\xfe", b"event=", b"event[]=A", b"data[x]=1", b"a=1&" * 2000])
def test_what_is_no_event_is_senseless(body: bytes) -> None:
    assert Desk().door.take(body) is Taken.SENSELESS


def test_event_that_nobody_wants_is_ignored() -> None:
    desk = Desk()
    assert desk.take("ONTASKADD") is Taken.IGNORED
    assert desk.take("ONAPPTEST") is Taken.IGNORED
    assert desk.kept == []


@pytest.mark.parametrize("age", [86_400.0 + 301.0, 10_000_000.0, -100_000_000.0])
def test_old_event_is_ignored(age: float) -> None:
    desk = Desk()
    assert desk.take(ts=int(NOW - age)) is Taken.IGNORED
    assert desk.kept == []


def test_clock_of_the_portal_counts() -> None:
    desk = Desk()
    desk.offset = -7200.0
    assert desk.take(ts=int(NOW - 7200)) is Taken.TAKEN
    assert desk.kept[0].at == NOW
    assert desk.take(ts=int(NOW)) is Taken.TAKEN  # a little in the future is no reason to lose a click


def test_event_without_a_time_counts_as_sent_now() -> None:
    desk = Desk()
    assert desk.take(ts="yesterday") is Taken.TAKEN
    assert desk.kept[0].at == NOW


def test_repeated_event_is_kept_once() -> None:
    desk = Desk()
    assert [desk.take(), desk.take(event_handler_id=5)] == [Taken.TAKEN, Taken.TAKEN]
    assert len(desk.kept) == 1


def test_tokens_of_an_installation_wait_sealed() -> None:
    desk = Desk(None)
    assert desk.take("ONAPPINSTALL", auth=INSTALL) is Taken.TAKEN
    (kept,) = desk.kept
    assert "AT" not in repr(kept)
    assert "AT" not in kept.key
    assert kept.data == {}
    claim = opened(Plain(), kept)
    assert (claim.access_token, claim.refresh_token, claim.application_token) == ("AT", "RT", "new")


def test_installation_that_cannot_be_true_is_refused_at_the_door() -> None:
    desk = Desk(None)
    desk.refuses = True
    assert desk.take("ONAPPINSTALL", auth=INSTALL) is Taken.REFUSED
    assert desk.take("ONAPPINSTALL", auth={**INSTALL, "refresh_token": ""}) is Taken.REFUSED
    assert desk.kept == []


def test_flood_of_installations_is_not_looked_into() -> None:
    desk = Desk(None)
    taken = [desk.take("ONAPPINSTALL", auth={**INSTALL, "access_token": f"A{n}"}) for n in range(50)]
    assert taken.count(Taken.TAKEN) == intake.CLAIMS
    assert set(taken[intake.CLAIMS :]) == {Taken.CROWDED}
    assert len(desk.kept) == intake.CLAIMS


def test_update_is_no_more_believed_for_holding_the_old_token() -> None:
    desk = Desk()
    assert desk.take("ONAPPUPDATE") is Taken.REFUSED
    assert desk.take("ONAPPUPDATE", auth=INSTALL) is Taken.TAKEN
    assert desk.kept[0].sealed


def test_uninstallation_is_believed_by_its_token_only() -> None:
    desk = Desk()
    assert desk.take("ONAPPUNINSTALL", auth=INSTALL) is Taken.REFUSED
    assert desk.take("ONAPPUNINSTALL") is Taken.TAKEN


def test_sender_can_be_learned_only_while_no_token_is_known() -> None:
    desk = Desk(Tokens("A", "R", 0.0, "member", "p.example", "https://p.example/rest/", "x"))
    assert desk.take("ONCRMLEADADD", auth=INSTALL) is Taken.TAKEN
    assert desk.take("ONCRMLEADADD", auth={**INSTALL, "member_id": "other"}) is Taken.REFUSED
    assert desk.take("ONCRMLEADADD", auth={**INSTALL, "access_token": ""}) is Taken.REFUSED
    assert [each.name for each in desk.kept] == ["ONAPPTEST"]
    assert Desk().take("ONCRMLEADADD", auth=INSTALL) is Taken.REFUSED


def test_strangers_are_told_of_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    for _ in range(20):
        desk.take(auth={"application_token": "guess"})
    assert len(caplog.records) == 1
    assert "guess" not in caplog.text
