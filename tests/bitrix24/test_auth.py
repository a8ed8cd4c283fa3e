# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from itgrix_module.app.rest_ports import Tokens
from itgrix_module.bitrix24.auth import AppAuth, WebhookAuth
from itgrix_module.bitrix24.client import PortalClient
from itgrix_module.bitrix24.memory import MemoryTokens
from itgrix_module.bitrix24.oauth import OAuthServer, scopes
from itgrix_module.domain.failures import Failure, NeedsOwner, Temporary
from tests.bitrix24.conftest import Connect, Serve, pair
from tests.bitrix24.wires import Cut, Request, Sent, Server, error, reply, result
from tests.known import known

CLEAN = "https://p.bitrix24.ru/rest/1/abcdef1234567890/"


@pytest.mark.parametrize(
    "pasted",
    [
        CLEAN,
        CLEAN[:-1],
        f"  {CLEAN}\n",
        f"{CLEAN}profile",
        f"{CLEAN}profile.json",
        f"{CLEAN}crm.lead.add.json?fields[TITLE]=x",
        CLEAN.replace("https", "HTTPS"),
    ],
)
def test_webhook_is_taken_as_people_paste_it(pasted: str) -> None:
    auth = WebhookAuth(pasted)
    assert (auth.url, auth.user_id) == (CLEAN, 1)
    assert auth.grant().base == CLEAN
    assert auth.grant().token == ""


def test_webhook_of_a_box_may_have_a_port_and_a_folder() -> None:
    url = "https://crm.example.ru:8443/portal/rest/12/abcdef1234567890/"
    assert WebhookAuth(url).url == url


@pytest.mark.parametrize(
    ("pasted", "code", "says"),
    [
        ("http://p.bitrix24.ru/rest/1/abcdef1234567890/", "plain_http", "https"),
        ("https://p.bitrix24.ru", "bad_address", "only the portal's address"),
        ("https://p.bitrix24.ru/", "bad_address", "only the portal's address"),
        ("https://p.bitrix24.ru/rest/1/", "bad_address", "code is missing"),
        ("https://p.bitrix24.ru/rest/", "bad_address", "code is missing"),
        ("https://p.bitrix24.ru/rest/abcdef1234567890/profile", "bad_address", "user number"),
        ("p.bitrix24.ru/rest/1/abcdef1234567890/", "bad_address", "https://"),
        ("ftp://p.bitrix24.ru/rest/1/abcdef1234567890/", "bad_address", "https://"),
        ("https://me:pw@p.bitrix24.ru/rest/1/abcdef1234567890/", "bad_address", "user name"),
        ("https://p.bitrix24.ru\r\nX: y/rest/1/abcdef1234567890/", "bad_address", "control"),
        ("https://p.bitrix24.ru:port/rest/1/abcdef1234567890/", "bad_address", "cannot be read"),
        ("https://[::1/rest/1/abcdef1234567890/", "bad_address", "cannot be read"),
        ("https:///rest/1/abcdef1234567890/", "bad_address", "host"),
        ("https://a b/rest/1/abcdef1234567890/", "bad_address", "spaces"),
        ("https://-/rest/1/abcdef1234567890/", "bad_address", "host"),
        ("", "bad_address", "https://"),
    ],
)
def test_webhook_that_cannot_work_is_refused_with_what_is_wrong(pasted: str, code: str, says: str) -> None:
    with pytest.raises(NeedsOwner) as caught:
        WebhookAuth(pasted)
    assert caught.value.code == code
    assert says in f"{caught.value.text} {caught.value.hint}"
    assert caught.value.hint
    assert "abcdef1234567890" not in caught.value.text


def test_webhook_code_is_not_shown() -> None:
    auth = WebhookAuth(CLEAN)
    assert "abcdef" not in repr(auth) + repr(auth.grant())
    assert auth.secrets() == ("abcdef1234567890",)


def test_plain_http_to_this_machine_is_possible() -> None:
    for host in ("127.0.0.1", "localhost", "[::1]"):
        url = f"http://{host}:8080/rest/1/abcdef1234567890/"
        assert WebhookAuth(url).grant().base == url


class Office:
    """A portal and its authorisation server in one script; counts refreshes."""

    def __init__(self, **answer: object) -> None:
        self.answer: Mapping[str, object] = answer
        self.valid = "A2"
        self.refresh_queries: list[dict[str, list[str]]] = []
        self.oauth: Sent | None = None

    def portal(self, request: Request) -> bytes:
        if request.json.get("auth") != self.valid:
            return error(401, "expired_token", "The access token provided has expired.")
        return result({"ID": "1"})

    def authorisation(self, request: Request) -> Sent:
        self.refresh_queries.append(parse_qs(urlsplit(request.path).query))
        if self.oauth is not None:
            return self.oauth
        return reply({"access_token": "A2", "refresh_token": "R2", "expires_in": 3600, **self.answer})


@pytest.fixture
def office() -> Office:
    return Office(member_id="m1", scope="crm,telephony")


Opened = Callable[[], tuple[Server, Server, MemoryTokens, PortalClient]]


@pytest.fixture
def opened(office: Office, serve: Serve, connect: Connect) -> Opened:
    """Portal, its authorisation server, store and client of an application whose token has expired."""

    def make() -> tuple[Server, Server, MemoryTokens, PortalClient]:
        portal, authority = serve(office.portal), serve(office.authorisation)
        store = MemoryTokens(pair(portal.url, server_endpoint=f"{authority.url}/rest/"))
        auth = AppAuth(store, "local.id", "the-client-secret")
        client = connect(auth)
        return portal, authority, store, client

    return make


def test_expired_token_is_refreshed_stored_and_the_call_repeated_once(opened: Opened, office: Office) -> None:
    portal, _, store, client = opened()
    assert client.call("profile", {"X": 1}) == {"ID": "1"}
    assert [request.json for request in portal.requests] == [{"X": 1, "auth": "A1"}, {"X": 1, "auth": "A2"}]
    assert office.refresh_queries == [
        {
            "grant_type": ["refresh_token"],
            "client_id": ["local.id"],
            "client_secret": ["the-client-secret"],
            "refresh_token": ["R1"],
        }
    ]
    stored = known(store.load())
    assert (stored.access_token, stored.refresh_token) == ("A2", "R2")
    assert stored.scope == {"crm", "telephony"}
    assert stored.domain == portal.host


def test_secret_goes_to_the_authorisation_server_only(opened: Opened) -> None:
    portal, _, _, client = opened()
    client.call("profile")
    assert all(b"the-client-secret" not in request.body for request in portal.requests)
    assert all("the-client-secret" not in request.path for request in portal.requests)


def test_secret_is_not_sent_to_a_portal_that_claims_to_be_the_authorisation_server(
    office: Office, serve: Serve, connect: Connect
) -> None:
    portal = serve(office.portal)
    store = MemoryTokens(pair(portal.url, server_endpoint=f"{portal.url}/rest/"))
    client = connect(AppAuth(store, "local.id", "the-client-secret"))
    with pytest.raises(NeedsOwner) as caught:
        client.call("profile")
    assert caught.value.code == "oauth_host_is_portal"
    assert portal.methods == ["profile"]


def test_new_pair_is_stored_before_it_is_used(office: Office, serve: Serve, connect: Connect) -> None:
    order: list[str] = []

    class Store(MemoryTokens):
        def save(self, tokens: Tokens) -> None:
            order.append(f"saved {tokens.access_token}")
            super().save(tokens)

    def portal(request: Request) -> bytes:
        order.append(f"used {request.json['auth']}")
        return office.portal(request)

    served, authority = serve(portal), serve(office.authorisation)
    store = Store(pair(served.url, server_endpoint=f"{authority.url}/rest/"))
    connect(AppAuth(store, "i", "s")).call("profile")
    assert order == ["used A1", "saved A2", "used A2"]


def test_pair_that_cannot_be_stored_is_not_used_and_not_lost(office: Office, serve: Serve, connect: Connect) -> None:
    class Store(MemoryTokens):
        broken = True

        def save(self, tokens: Tokens) -> None:
            if self.broken:
                raise OSError("disk full")
            super().save(tokens)

    portal, authority = serve(office.portal), serve(office.authorisation)
    store = Store(pair(portal.url, server_endpoint=f"{authority.url}/rest/"))
    client = connect(AppAuth(store, "i", "s"))
    with pytest.raises(Temporary) as caught:
        client.call("profile")
    assert (caught.value.code, caught.value.executed, caught.value.method) == ("token_store", False, "profile")
    assert len(portal.requests) == 1
    store.broken = False
    assert client.call("profile") == {"ID": "1"}
    assert len(office.refresh_queries) == 1  # R1 was spent by the first refresh; a second one would be refused


def test_pair_that_another_process_refreshed_is_used_without_a_refresh(opened: Opened, office: Office) -> None:
    _, _, store, client = opened()
    grant = client.auth.grant()
    store.save(replace(known(store.load()), access_token="A2", refresh_token="R2"))
    assert known(client.auth.renew(grant, "expired_token")).token == "A2"
    assert office.refresh_queries == []


def test_token_that_stays_refused_is_repeated_once_only(opened: Opened, office: Office) -> None:
    portal, _, _, client = opened()
    office.valid = "never"
    with pytest.raises(Failure) as caught:
        client.call("profile")
    assert caught.value.code == "expired_token"
    assert (len(portal.requests), len(office.refresh_queries)) == (2, 1)


@pytest.mark.parametrize("code", ["invalid_token", "NO_AUTH_FOUND"])
def test_token_the_portal_does_not_know_is_refreshed_once_and_then_needs_the_owner(
    serve: Serve, connect: Connect, office: Office, code: str
) -> None:
    portal = serve(lambda request: error(401, code))
    authority = serve(office.authorisation)
    store = MemoryTokens(pair(portal.url, server_endpoint=f"{authority.url}/rest/"))
    client = connect(AppAuth(store, "i", "s"))
    for _ in range(3):
        with pytest.raises(NeedsOwner) as caught:
            client.call("profile")
        assert caught.value.code == code
    assert len(office.refresh_queries) == 1


def test_refresh_token_that_is_spent_needs_the_owner_and_makes_no_hot_loop(opened: Opened, office: Office) -> None:
    _, authority, _, client = opened()
    office.oauth = error(400, "invalid_grant")
    for _ in range(3):
        with pytest.raises(NeedsOwner) as caught:
            client.call("telephony.externalCall.finish")
        assert (caught.value.code, caught.value.executed) == ("invalid_grant", False)
        assert "Authorise" in caught.value.hint
    assert len(authority.requests) == 1


def test_new_authorisation_by_the_owner_is_used_at_once(opened: Opened, office: Office) -> None:
    _, _, store, client = opened()
    office.oauth = error(400, "invalid_grant")
    with pytest.raises(NeedsOwner):
        client.call("profile")
    store.save(replace(known(store.load()), access_token="A2", refresh_token="R9"))
    assert client.call("profile") == {"ID": "1"}


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (error(400, "invalid_client"), NeedsOwner, "invalid_client"),
        (reply({"error": "wrong_client"}), NeedsOwner, "invalid_client"),
        (error(401, "NOT_INSTALLED"), NeedsOwner, "NOT_INSTALLED"),
        (error(401, "PAYMENT_REQUIRED", "Payment required"), NeedsOwner, "PAYMENT_REQUIRED"),
        (error(403, "invalid_scope"), NeedsOwner, "invalid_scope"),
        (error(500, "server_error"), Temporary, "oauth_unavailable"),
        (reply(b"<html>502</html>", 502), Temporary, "html"),
        (reply({"access_token": "A2"}), Temporary, "bad_answer"),
        (reply({"access_token": [], "refresh_token": {}}), Temporary, "bad_answer"),
        (reply([]), Temporary, "html"),
        (reply({"access_token": "A2", "refresh_token": "R2", "member_id": "other"}), NeedsOwner, "other_portal"),
        (reply(b"", 302, {"Location": "https://elsewhere.example/"}), NeedsOwner, "redirect_elsewhere"),
        (Cut(), Temporary, "reset"),
    ],
)
def test_refusal_of_the_authorisation_server_says_what_to_do(
    opened: Opened, office: Office, answer: bytes | Cut, kind: type[Failure], code: str
) -> None:
    _, _, store, client = opened()
    office.oauth = answer
    with pytest.raises(Failure) as caught:
        client.call("telephony.externalCall.finish")
    failure = caught.value
    assert (type(failure), failure.code, failure.method) == (kind, code, "telephony.externalCall.finish")
    assert failure.executed is False
    assert failure.hint
    assert known(store.load()).access_token == "A1"


def test_host_of_the_settings_is_used_instead_of_the_named_one(office: Office, serve: Serve, connect: Connect) -> None:
    portal, authority = serve(office.portal), serve(office.authorisation)
    store = MemoryTokens(pair(portal.url, server_endpoint="https://oauth.invalid/rest/"))
    client = connect(AppAuth(store, "i", "s", oauth_host=authority.url))
    assert client.call("profile") == {"ID": "1"}


@pytest.mark.parametrize(
    ("endpoint", "code"),
    [("http://oauth.example/rest/", "plain_http"), ("", "bad_address"), ("javascript:x", "bad_address")],
)
def test_authorisation_server_without_encryption_is_not_asked(
    connect: Connect, serve: Serve, office: Office, endpoint: str, code: str
) -> None:
    portal = serve(office.portal)
    client = connect(AppAuth(MemoryTokens(pair(portal.url, server_endpoint=endpoint)), "i", "s"))
    with pytest.raises(NeedsOwner) as caught:
        client.call("profile")
    assert caught.value.code == code


def test_portal_that_was_never_authorised_needs_the_owner(connect: Connect) -> None:
    client = connect(AppAuth(MemoryTokens(), "i", "s"))
    with pytest.raises(NeedsOwner) as caught:
        client.call("profile")
    assert caught.value.code == "no_authorisation"


def test_code_of_the_authorisation_page_becomes_the_first_pair(serve: Serve, office: Office) -> None:
    office.answer = {"member_id": "m1", "client_endpoint": "https://p.bitrix24.ru/rest/", "user_id": 67, "expires": 9}
    authority = serve(office.authorisation)
    tokens = OAuthServer("i", "s").exchange("c0de", f"{authority.url}/rest/", "p.bitrix24.ru")
    assert office.refresh_queries[0]["code"] == ["c0de"]
    assert (tokens.access_token, tokens.member_id, tokens.domain) == ("A2", "m1", "p.bitrix24.ru")
    assert (tokens.user_id, tokens.expires_at) == (67, 9.0)


def test_portal_address_from_the_answer_is_taken_only_if_we_may_send_there(opened: Opened, office: Office) -> None:
    portal, _, store, client = opened()
    office.answer = {"client_endpoint": "http://evil.example/rest/", "server_endpoint": "file:///etc/passwd"}
    client.call("profile")
    assert known(store.load()).client_endpoint == f"{portal.url}/rest/"


def test_lifetime_of_a_token_comes_from_the_answer(serve: Serve, office: Office) -> None:
    authority = serve(office.authorisation)
    for told, expected in (({"expires": 500}, 500.0), ({"expires_in": 60}, 160.0), ({"expires_in": "x"}, 3700.0)):
        office.answer = told
        server = OAuthServer("i", "s", clock=lambda: 100.0)
        assert server.refresh(pair("https://p", server_endpoint=f"{authority.url}/rest/")).expires_at == expected
        server.close()


def test_scopes_come_with_commas_spaces_or_as_a_list() -> None:
    assert (
        scopes("crm,telephony") == scopes("crm telephony") == scopes(["telephony", "crm", None]) == {"crm", "telephony"}
    )
    assert scopes(None) == scopes({}) == frozenset()


def test_secrets_are_not_shown(opened: Opened) -> None:
    *_, client = opened()
    client.auth.grant()
    assert set(client.auth.secrets()) == {"the-client-secret", "A1", "R1"}
    assert "secret" not in repr(client.auth)
    assert json.dumps(repr(client.auth.grant())).count("A1") == 0
