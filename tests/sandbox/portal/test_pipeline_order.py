# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order the portal refuses: of two reasons the earlier one is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from itgrix_module.sandbox.portal import SandboxPortal
from itgrix_module.sandbox.portal.config import AppSeed, WebhookSeed
from tests.sandbox.portal.conftest import Api

Start = Callable[..., SandboxPortal]


def test_plain_http_is_refused_first_when_https_is_demanded(start: Start, session: requests.Session) -> None:
    portal = start(strict_https=True, bucket_burst=0)
    assert Api(portal, session).refused("profile") == (400, "INVALID_REQUEST", "Https required.")


def test_renamed_portal_answers_302_and_the_repeated_post_works(portal: SandboxPortal, api: Api) -> None:
    portal.state.bucket.burst = 0
    portal.switches.renamed_to = portal.url.replace("127.0.0.1", "localhost")
    moved = api.post("profile")
    assert moved.status_code == 302
    assert moved.headers["Location"] == portal.webhook_url().replace("127.0.0.1", "localhost") + "profile"
    portal.state.bucket.burst = 50
    again = api.session.post(moved.headers["Location"], json={}, timeout=10, allow_redirects=False)
    assert again.json()["result"]["ID"] == "1"


def test_full_bucket_comes_before_blocked_portal_and_bad_credentials(portal: SandboxPortal, api: Api) -> None:
    portal.state.bucket.burst = 0
    portal.switches.overload = True
    api.base = portal.url + "/rest/1/wrong/"
    assert api.refused("profile") == (503, "QUERY_LIMIT_EXCEEDED", "Too many requests")


@pytest.mark.parametrize(
    ("switch", "status", "code"),
    [
        ("overload", 503, "OVERLOAD_LIMIT"),
        ("portal_deleted", 500, "PORTAL_DELETED"),
        ("no_commercial_plan", 403, "ACCESS_DENIED"),
    ],
)
def test_blocked_portal_comes_before_bad_credentials(
    portal: SandboxPortal, api: Api, switch: str, status: int, code: str
) -> None:
    setattr(portal.switches, switch, True)
    api.base = portal.url + "/rest/1/wrong/"
    assert api.refused("profile")[:2] == (status, code)


@pytest.mark.parametrize("address", ["/rest/", "/rest/1/wrong/", "/rest/99/sandboxcode12345/", "/rest/x/y/"])
def test_bad_credentials_come_before_unknown_method(portal: SandboxPortal, api: Api, address: str) -> None:
    api.base = portal.url + address
    assert api.refused("no.such.method") == (401, "NO_AUTH_FOUND", "Wrong authorization data")


def test_expired_webhook_is_no_authorisation(start: Start, session: requests.Session) -> None:
    api = Api(start(webhooks=(WebhookSeed(expires=1.0),)), session)
    assert api.refused("profile")[:2] == (401, "NO_AUTH_FOUND")


def test_unknown_method_comes_before_scope(start: Start, session: requests.Session) -> None:
    api = Api(start(webhooks=(WebhookSeed(scopes=("crm",)),)), session)
    assert api.refused("telephony.noSuchThing")[0] == 404
    assert api.refused("telephony.externalCall.show") == (
        403,
        "insufficient_scope",
        "The request requires higher privileges than provided by the webhook token",
    )


def test_scope_of_an_application_is_named_an_access_token(start: Start, session: requests.Session) -> None:
    portal = start(apps=(AppSeed(scopes=("crm",)),))
    api = Api(portal, session, portal.issue_tokens().access)
    assert api.refused("telephony.externalCall.show")[2].endswith("provided by the access token")


def test_scope_comes_before_operating_time_and_that_before_context(start: Start, session: requests.Session) -> None:
    portal = start(operating_limit=-1.0, webhook_telephony="strict", webhooks=(WebhookSeed(scopes=("telephony",)),))
    api = Api(portal, session)
    assert api.refused("crm.lead.list")[1] == "insufficient_scope"
    assert api.refused("telephony.externalCall.register")[:2] == (429, "OPERATION_TIME_LIMIT")
    portal.state.operating.limit = 480
    assert api.refused("telephony.externalCall.register")[:2] == (403, "WRONG_AUTH_TYPE")


def test_context_comes_before_validation(start: Start, session: requests.Session) -> None:
    api = Api(start(webhook_telephony="strict"), session)
    assert api.refused("telephony.externalCall.finish", CALL_ID=1)[:2] == (403, "WRONG_AUTH_TYPE")
    assert api.ok("telephony.externalCall.show", CALL_ID="nobody") is False


def test_dismissed_user_can_authorise_nobody(portal: SandboxPortal, api: Api, app_api: Api) -> None:
    portal.users[1].active = False
    assert api.refused("profile")[:2] == (401, "authorization_error")
    assert app_api.refused("profile")[:2] == (401, "authorization_error")


def test_user_without_access_to_the_application(portal: SandboxPortal, app_api: Api) -> None:
    portal.users[1].app_access = False
    assert app_api.refused("profile")[:2] == (403, "user_access_error")


@pytest.mark.parametrize(
    ("method", "refusal"),
    [
        ("placement.get", (403, "WRONG_AUTH_TYPE", "Application context required")),
        ("app.info", (400, "ACCESS_DENIED", "Application context required")),
        ("event.get", (403, "WRONG_AUTH_TYPE", "denied for this method")),
    ],
)
def test_webhook_has_no_application_context(api: Api, method: str, refusal: tuple[int, str, str]) -> None:
    status, code, text = api.refused(method)
    assert (status, code) == refusal[:2]
    assert text.endswith(refusal[2])


@pytest.mark.parametrize("spelling", ["PROFILE", "profile.json", "Profile.JSON"])
def test_method_names_ignore_case_and_suffix(api: Api, spelling: str) -> None:
    assert api.ok(spelling)["ID"] == "1"


def test_parameters_come_by_query_form_and_json(portal: SandboxPortal, session: requests.Session) -> None:
    base = portal.webhook_url() + "crm.contact.list"
    by_query = session.get(base, params={"filter[ID]": "2", "select[]": "ID"}, timeout=10)
    by_form = session.post(base, data={"filter[ID]": "2", "select[0]": "ID"}, timeout=10)
    by_json = session.post(base, json={"FILTER": {"ID": 2}, "SELECT": ["ID"]}, timeout=10)
    assert [answer.json()["result"] for answer in (by_query, by_form, by_json)] == [[{"ID": "2"}]] * 3


def test_token_comes_as_parameter_or_bearer(portal: SandboxPortal, session: requests.Session) -> None:
    token = portal.issue_tokens().access
    address = portal.url + "/rest/profile"
    answers = [
        session.get(address, params={"auth": token}, timeout=10),
        session.post(address, data={"auth": token}, timeout=10),
        session.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=10),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200]


def test_broken_json_counts_as_no_parameters(portal: SandboxPortal, session: requests.Session) -> None:
    headers = {"Content-Type": "application/json"}
    answer = session.post(portal.webhook_url() + "crm.lead.get", data=b'{"id":', headers=headers, timeout=10)
    assert answer.json() == {"error": "", "error_description": "ID is not defined or invalid."}
