# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is believed to be our portal: nobody whom the portal of the settings does not vouch for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from itgrix_module.app.rest_ports import Tokens
from itgrix_module.bitrix24.application import VENDORS, BitrixApplication, OurApplication, domain_of
from itgrix_module.domain.failures import Failure, NeedsOwner
from itgrix_module.sandbox.portal import PortalConfig, SandboxPortal
from itgrix_module.sandbox.portal.config import AppSeed

OTHER = AppSeed(client_id="local.0000000000000.99999999", client_secret="other", redirect_uri="http://127.0.0.1:9/x")
OURS = dataclasses.replace(PortalConfig().apps[0], redirect_uri="http://127.0.0.1:9/x")


@pytest.fixture(scope="module")
def portal() -> Iterator[SandboxPortal]:
    with SandboxPortal(PortalConfig(apps=(OURS, OTHER), bucket_burst=10_000)) as made:
        yield made


@pytest.fixture(autouse=True)
def not_moved(portal: SandboxPortal) -> Iterator[None]:
    yield
    portal.switches.renamed_to = ""


def ours(portal: SandboxPortal, **changes: Any) -> OurApplication:
    domain = portal.url.partition("://")[2]
    known = OurApplication(True, OURS.client_id, OURS.client_secret, domain, portal.oauth_url)
    return dataclasses.replace(known, **changes)


def claim(portal: SandboxPortal, client_id: str = OURS.client_id, **changes: Any) -> Tokens:
    """What a true installation brings, changed."""
    token = portal.issue_tokens(client_id)
    made = Tokens(
        token.access,
        token.refresh,
        token.expires,
        portal.state.member_id,
        portal.url.partition("://")[2],
        f"{portal.url}/rest/",
        f"{portal.oauth_url}/rest/",
        "application-token",
    )
    return dataclasses.replace(made, **changes)


def proof(portal: SandboxPortal, **changes: Any) -> BitrixApplication:
    return BitrixApplication(lambda: ours(portal, **changes))


def test_true_installation_is_kept_with_its_person(portal: SandboxPortal) -> None:
    given = claim(portal)
    kept = proof(portal).prove(given, None)
    assert (kept.access_token, kept.refresh_token, kept.user_id) == (given.access_token, given.refresh_token, 1)
    assert kept.application_token == "application-token"


def test_token_of_another_application_of_the_same_portal_is_refused(portal: SandboxPortal) -> None:
    with pytest.raises(NeedsOwner, match="another application"):
        proof(portal).prove(claim(portal, OTHER.client_id), None)


def test_token_that_the_portal_does_not_know_is_refused(portal: SandboxPortal) -> None:
    with pytest.raises(Failure):
        proof(portal).prove(claim(portal, access_token="made-up"), None)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_endpoint": "https://evil.example/rest/", "domain": "evil.example"},
        {"client_endpoint": "https://evil.example/rest/"},
        {"domain": "evil.example"},
        {"client_endpoint": "http://evil.example/rest/", "domain": "evil.example"},
        {"client_endpoint": "file:///etc/passwd"},
        {"client_endpoint": ""},
        {"server_endpoint": "https://evil.example/rest/"},
        {"server_endpoint": "https://oauth.bitrix.info.evil.example/rest/"},
        {"server_endpoint": "http://oauth.bitrix.info/rest/"},
        {"server_endpoint": "https://oauth.bitrix.info@evil.example/rest/"},
        {"server_endpoint": ""},
        {"access_token": ""},
        {"access_token": "a\r\nb"},
        {"access_token": "x" * 5000},
        {"member_id": ""},
    ],
)
def test_claim_that_cannot_be_true_asks_nobody(portal: SandboxPortal, changes: dict[str, Any]) -> None:
    before = portal.http["total"]
    with pytest.raises(NeedsOwner):
        proof(portal).prove(claim(portal, **changes), None)
    assert portal.http["total"] == before


def test_address_with_more_than_the_rest_path_is_refused(portal: SandboxPortal) -> None:
    for end in ("/rest/1/webhookcode/", "/other/", "/rest/?x=", "/rest/#"):
        with pytest.raises(NeedsOwner):
            proof(portal).check(claim(portal, client_endpoint=f"{portal.url}{end}"), None)


@pytest.mark.parametrize(
    "lacking", [{"is_app": False}, {"client_id": ""}, {"client_secret": ""}, {"domain": ""}], ids=str
)
def test_nothing_is_believed_before_the_settings_are_whole(portal: SandboxPortal, lacking: dict[str, Any]) -> None:
    with pytest.raises(NeedsOwner) as told:
        proof(portal, **lacking).check(claim(portal), None)
    assert told.value.code == "application_incomplete"


def test_servers_of_the_vendor_and_of_the_settings_count(portal: SandboxPortal) -> None:
    for vendor in VENDORS:
        proof(portal, oauth_host="").check(claim(portal, server_endpoint=f"https://{vendor}/rest/"), None)
    own = proof(portal, oauth_host="auth.company.example")
    own.check(claim(portal, server_endpoint="https://auth.company.example/rest/"), None)
    with pytest.raises(NeedsOwner, match="authorisation server"):
        proof(portal, oauth_host="").check(claim(portal), None)


def test_renamed_portal_is_believed_when_its_old_address_says_so(portal: SandboxPortal) -> None:
    new = portal.url.replace("127.0.0.1", "localhost")
    known = claim(portal)
    moved = claim(portal, domain=new.partition("://")[2], client_endpoint=f"{new}/rest/")
    with pytest.raises(Failure):
        proof(portal).prove(moved, known)
    portal.switches.renamed_to = new
    assert proof(portal).prove(moved, known).domain == new.partition("://")[2]


def test_member_id_alone_proves_no_new_address(portal: SandboxPortal) -> None:
    known = claim(portal)
    with SandboxPortal(PortalConfig(apps=(OURS,))) as evil:
        stranger = claim(evil, member_id=known.member_id, server_endpoint=known.server_endpoint)
        with pytest.raises(NeedsOwner, match="does not say that it has moved"):
            proof(portal).prove(stranger, known)
        assert not any(request.method == "app.info" for request in evil.requests)
        with pytest.raises(NeedsOwner, match="it is of"):
            proof(portal).prove(stranger, None)


def test_portal_that_leads_elsewhere_is_not_followed_with_a_token(portal: SandboxPortal) -> None:
    with SandboxPortal(PortalConfig(apps=(OURS,))) as evil:
        portal.switches.renamed_to = evil.url
        with pytest.raises(Failure):
            proof(portal).prove(claim(portal), None)
        assert evil.http["total"] == 0


def test_code_is_exchanged_at_the_server_of_the_settings(portal: SandboxPortal) -> None:
    made = proof(portal)
    assert made.page("s t").startswith(f"{portal.url}/oauth/authorize/?client_id={OURS.client_id}&state=s+t")
    code = portal.state.tokens.code(OURS.client_id, 1, portal.state.now()).value
    pair = made.exchange(code, "evil.example", None)
    assert made.prove(pair, None).user_id == 1


def test_code_goes_to_no_server_that_nobody_vouches_for(portal: SandboxPortal) -> None:
    with pytest.raises(NeedsOwner, match="authorisation server"):
        proof(portal, oauth_host="").exchange("code", "evil.example", None)


@pytest.mark.parametrize(
    ("entered", "domain"),
    [
        ("Company.Bitrix24.RU", "company.bitrix24.ru"),
        ("https://company.bitrix24.ru/", "company.bitrix24.ru"),
        ("company.example:8443/path", "company.example:8443"),
        (" b24.company.example ", "b24.company.example"),
        ("admin@b24.company.example?x=1#top", "b24.company.example"),
        ("https://[broken", ""),
        ("", ""),
    ],
)
def test_domain_is_understood_as_people_enter_it(entered: str, domain: str) -> None:
    assert domain_of(entered) == domain


def test_secrets_are_not_shown(portal: SandboxPortal) -> None:
    assert OURS.client_secret not in repr(ours(portal))
