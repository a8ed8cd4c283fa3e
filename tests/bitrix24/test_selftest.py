# SPDX-License-Identifier: GPL-3.0-or-later
"""What the authorisation allows, against the sandbox portal and against answers of odd portals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from itgrix_module.bitrix24 import selftest
from itgrix_module.bitrix24.auth import AppAuth, Auth
from itgrix_module.bitrix24.memory import MemoryTokens
from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.sandbox.portal import PortalConfig, SandboxPortal
from itgrix_module.sandbox.portal.config import AppSeed, UserSeed, WebhookSeed
from tests.bitrix24.conftest import Connect, Serve, pair
from tests.bitrix24.wires import Request, error, result


@contextmanager
def portal(**changes: Any) -> Iterator[SandboxPortal]:
    with SandboxPortal(PortalConfig.demo(**changes)) as running:
        yield running


def app_auth(running: SandboxPortal, user_id: int = 0) -> AppAuth:
    token = running.issue_tokens(user_id=user_id)
    tokens = pair(running.url, token.access, token.refresh, server_endpoint=f"{running.oauth_url}/rest/")
    seed = running.config.apps[0]
    return AppAuth(MemoryTokens(tokens), seed.client_id, seed.client_secret)


def examined(connect: Connect, auth: Auth | str) -> selftest.Abilities:
    client = connect(auth)
    return selftest.examine(client, client.auth.kind)


def codes(abilities: selftest.Abilities) -> set[str]:
    return {finding.code for finding in abilities.missing}


def test_application_of_an_administrator_may_do_everything_and_leaves_no_trace(connect: Connect) -> None:
    with portal(plan="ent") as running:
        running.install()
        found = examined(connect, app_auth(running))
        assert running.calls() == []
    assert (found.kind, found.user_id, found.is_admin) == ("app", 1, True)
    assert (found.can_register, found.can_lines, found.can_events, found.can_poll) == (True, True, True, True)
    assert found.licence_family == "ent"
    assert found.missing == ()
    assert found.is_enough
    assert "telephony" in found.scopes


def test_webhook_of_a_strict_portal_cannot_register_and_the_hint_says_what_to_do(connect: Connect) -> None:
    with portal(webhook_telephony="strict") as running:
        found = examined(connect, running.webhook_url())
        assert running.calls() == []
    assert (found.can_register, found.is_enough) == (False, False)
    assert codes(found) == {"register", "webhook_reduced"}
    assert "local application" in next(f.hint for f in found.missing if f.code == "register")


def test_webhook_of_a_lenient_portal_is_enough_with_reduced_functions(connect: Connect) -> None:
    with portal(webhook_telephony="lenient") as running:
        found = examined(connect, running.webhook_url())
        assert running.calls() == []
    assert (found.can_register, found.can_lines, found.can_events, found.is_enough) == (True, False, False, True)
    assert codes(found) == {"webhook_reduced"}


def test_missing_permissions_are_named_one_by_one(connect: Connect) -> None:
    hooks = (WebhookSeed(scopes=("telephony", "im")),)
    with portal(webhook_telephony="lenient", webhooks=hooks) as running:
        found = examined(connect, running.webhook_url())
    assert {"scope_crm", "scope_user", "scope_task", "scope_department"} <= codes(found)
    assert "scope_im" not in codes(found)
    assert {f.code for f in found.missing if f.required} == {"scope_crm", "scope_user"}
    assert found.can_register


def test_webhook_without_telephony_is_not_enough(connect: Connect) -> None:
    hooks = (WebhookSeed(scopes=("crm", "user")),)
    with portal(webhook_telephony="lenient", webhooks=hooks) as running:
        found = examined(connect, running.webhook_url())
    assert (found.can_register, found.is_enough) == (False, False)
    assert "scope_telephony" in codes(found)
    assert "register" not in codes(found)  # said once


def test_application_of_an_ordinary_user_cannot_poll_events(connect: Connect) -> None:
    with portal() as running:
        running.install()
        found = examined(connect, app_auth(running, user_id=2))
    assert (found.is_admin, found.can_events, found.can_poll) == (False, True, False)


@pytest.mark.parametrize(
    ("code", "hint"),
    [("wrongwrongwrong1", "webhook"), ("expiredexpired12", "webhook")],
)
def test_expired_or_revoked_webhook_ends_in_one_clear_failure(connect: Connect, code: str, hint: str) -> None:
    hooks = (WebhookSeed(code="expiredexpired12", expires=1.0),)
    with portal(webhooks=hooks) as running:
        client = connect(f"{running.url}/rest/1/{code}/")
        with pytest.raises(NeedsOwner) as caught:
            selftest.examine(client, "webhook")
    assert hint in caught.value.hint
    assert code not in str(caught.value)


def test_application_of_a_dismissed_user_ends_in_one_clear_failure(connect: Connect) -> None:
    with portal(users=0) as running:
        running.install()
        auth = app_auth(running, user_id=2)
        running.users[2].active = False
        with pytest.raises(NeedsOwner) as caught:
            selftest.examine(connect(auth), "app")
    assert caught.value.code == "authorization_error"
    assert "another user" in caught.value.hint


def answering(serve: Serve, connect: Connect, **special: Any) -> selftest.Abilities:
    """Abilities at a portal whose batch answers ``[]`` to everything but ``special``; an exception is an error."""

    def script(request: Request) -> bytes:
        keys = request.json["cmd"]
        errors = {key: special[key] for key in keys if isinstance(special.get(key), dict) and "error" in special[key]}
        good = {key: special.get(key, []) for key in keys if key not in errors}
        return result({"result": good, "result_error": errors})

    return selftest.examine(connect(serve(script).webhook), "app")


def refused(code: str, description: str = "") -> dict[str, str]:
    return {"error": code, "error_description": description}


@pytest.mark.parametrize(
    ("answer", "allowed"),
    [
        (refused("ERROR_CORE", "Unknown TYPE"), True),
        (refused("", "unknown type."), True),
        (refused("ERROR_CORE", "USER_ID or USER_PHONE_INNER should be set"), True),
        (refused("ERROR_CORE", "User is not found or is not active"), True),
        (refused("ERROR_CORE", "Unsupported phone number format"), True),
        (refused("ERROR_CORE", "Words that nobody knows"), True),
        (refused("WRONG_AUTH_TYPE", "Current authorization type is denied for this method"), False),
        (refused("insufficient_scope"), False),
        (refused("ERROR_METHOD_NOT_FOUND", "Method not found!"), False),
        (refused("ACCESS_DENIED", "Access denied!"), False),
    ],
)
def test_refusal_of_the_impossible_call_tells_whether_calls_may_be_registered(
    serve: Serve, connect: Connect, answer: dict[str, str], allowed: bool
) -> None:
    found = answering(serve, connect, register=answer)
    assert found.can_register is allowed
    assert ("register" in codes(found)) is not allowed


def test_portal_whose_answers_are_all_empty_is_examined_without_a_crash(serve: Serve, connect: Connect) -> None:
    found = answering(serve, connect, register=refused("ERROR_CORE", "Unknown TYPE"))
    assert (found.user_id, found.is_admin, found.scopes, found.missing) == (None, False, frozenset(), ())


def test_installation_that_is_not_finished_is_named(serve: Serve, connect: Connect) -> None:
    unknown_type = refused("ERROR_CORE", "Unknown TYPE")
    found = answering(serve, connect, register=unknown_type, app={"INSTALLED": False, "PAYMENT_EXPIRED": "Y"})
    assert codes(found) == {"not_installed", "payment_expired"}


def test_denied_employees_are_required_and_denied_clients_are_not(serve: Serve, connect: Connect) -> None:
    denied = refused("ACCESS_DENIED", "Access denied!")
    unknown_type = refused("ERROR_CORE", "Unknown TYPE")
    found = answering(serve, connect, register=unknown_type, users=denied, clients=denied)
    assert {f.code: f.required for f in found.missing} == {"users": True, "clients": False}


def test_box_without_finish_in_its_telephony_cannot_register(serve: Serve, connect: Connect) -> None:
    missing = {"isExisting": False, "isAvailable": False}
    found = answering(serve, connect, register=refused("ERROR_CORE", "Unknown TYPE"), finish=missing)
    assert found.can_register is False


def test_portal_that_refuses_altogether_is_a_failure_with_a_hint(serve: Serve, connect: Connect) -> None:
    client = connect(
        serve(lambda request: error(403, "ACCESS_DENIED", "REST API is available only on commercial")).webhook
    )
    with pytest.raises(NeedsOwner) as caught:
        selftest.examine(client, "webhook")
    assert (caught.value.code, bool(caught.value.hint)) == ("plan", True)


def test_seeds_have_what_these_tests_rely_on() -> None:
    config = PortalConfig.demo()
    assert isinstance(config.users[0], UserSeed)
    assert isinstance(config.apps[0], AppSeed)
    assert config.users[0].admin
    assert not config.users[1].admin
