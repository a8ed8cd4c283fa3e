# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal does not take calls: told once and clearly; they wait, and arrive once it is mended, without a restart."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from itgrix_module.sandbox.portal import SandboxPortal
from tests.bitrix24.certificates import Authority
from tests.fakes.ports import free_port
from tests.service.house import OK, House, configure, furnished, house, sandboxes, short, until, user_of
from tests.service.outcome import assert_all_whole
from tests.service.secure import tls_front
from tests.service.telling import (
    assert_said_once,
    assert_told,
    assert_told_in_panel,
    assert_well,
    examined,
    warnings,
)

DOWN, BACK = "portal does not take calls", "portal takes calls again"


def tried_often(here: House, times: int = 2) -> None:
    """Until the portal was asked in vain so often."""
    until(lambda: here.service.standing.state.failures >= times, 30, lambda: here.service.standing.state)


def assert_waits_safely(
    here: House, caplog: pytest.LogCaptureFixture, code: str, hint: str, mend: Callable[[], object]
) -> None:
    """Two calls during the fault, one of them after it was told; both arrive when it is mended."""
    first = here.pbx.begin(short(client="79161110001"))
    tried_often(here)
    second = here.pbx.begin(short("outgoing", client="79161110002", extension="102"))
    assert_told(here, "portal", code, hint)
    truths = first.wait(), second.wait()
    until(lambda: all(here.steps(truth).get("attach") == "waiting" for truth in truths))
    assert_said_once(caplog, DOWN, hint)
    assert here.portal.calls() == []
    mend()
    assert_all_whole(here, *truths)
    assert_well(here, "portal", caplog, BACK)
    assert len(warnings(caplog)) == 2, warnings(caplog)


WRONG: dict[str, tuple[Callable[[SandboxPortal], str], str, str]] = {
    "nothing_listens": (lambda _: f"http://127.0.0.1:{free_port()}/rest/1/abcdefgh1234/", "refused", "network"),
    "no_such_host": (lambda _: "https://no-such-portal.invalid/rest/1/abcdefgh1234/", "dns", "address"),
    "other_webhook": (lambda portal: f"{portal.url}/rest/900/wrongcode1234567/", "NO_AUTH_FOUND", "webhook"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_address(what: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    wrong, code, hint = WRONG[what]
    with house(tmp_path) as here:
        place, right = here.service.core.place, here.portal.webhook_url()
        configure(place, {"portal.webhook_url": wrong(here.portal)})
        until(lambda: here.service.core.settings.current["portal.webhook_url"] != right)
        assert_waits_safely(here, caplog, code, hint, lambda: configure(place, {"portal.webhook_url": right}))


def expire(portal: SandboxPortal) -> Callable[[], None]:
    """The webhook's time is over; returns what gives it more."""
    webhook = next(iter(portal.state.webhooks.values()))
    webhook.expires = time.time() - 1
    return lambda: setattr(webhook, "expires", None)


def revoke(portal: SandboxPortal) -> Callable[[], None]:
    """Somebody has deleted the webhook; returns what makes it anew."""
    kept = dict(portal.state.webhooks)
    portal.state.webhooks.clear()
    return lambda: portal.state.webhooks.update(kept)


@pytest.mark.parametrize("end", [expire, revoke], ids=["expired", "revoked"])
def test_webhook_that_is_good_no_more(
    end: Callable[[SandboxPortal], Callable[[], None]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with house(tmp_path) as here:
        mend = end(here.portal)
        assert_waits_safely(here, caplog, "NO_AUTH_FOUND", "webhook", mend)
        assert urlsplit(here.portal.webhook_url()).path.split("/")[3] not in caplog.text


def test_certificate_that_does_not_verify(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    theirs = Authority(tmp_path)
    with (
        sandboxes(tmp_path) as (pbx, portal),
        tls_front(theirs.server_context(), urlsplit(portal.url).port or 0) as front,
        furnished(tmp_path, pbx, portal, {"portal.webhook_url": _over(front.port, portal)}) as here,
    ):
        until(lambda: here.service.pbx.state.phase == "up")
        place = here.service.core.place
        mend = lambda: configure(place, {"portal.ca_file": str(theirs.file)})  # noqa: E731
        assert_waits_safely(here, caplog, "tls_untrusted", "CA file", mend)


def _over(port: int, portal: SandboxPortal) -> str:
    return f"https://localhost:{port}{urlsplit(portal.webhook_url()).path}"


def test_webhook_without_the_right_to_telephony(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with house(tmp_path) as here:
        webhook = next(iter(here.portal.state.webhooks.values()))
        scopes, webhook.scopes = webhook.scopes, webhook.scopes - {"telephony"}
        truth = here.ring()
        tried_often(here)
        assert_told_in_panel(here, "portal", "insufficient_scope", "telephony")
        assert examined(here.service.core.place).finding("portal", "scope_telephony")["hint"]
        assert_said_once(caplog, DOWN, "telephony")
        webhook.scopes = scopes
        assert_all_whole(here, truth)
        assert_well(here, "portal", caplog, BACK)


def test_portal_that_is_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with house(tmp_path) as here:
        here.portal.outage(True, "html_502")
        assert_waits_safely(here, caplog, "html", "address", lambda: here.portal.outage(False))


def _hidden(here: House) -> set[str]:
    """Calls with a card that is to be closed."""
    return {step.linkedid for step in here.service.core.deliveries.steps("waiting") if step.kind == "hide"}


def test_card_whose_ringing_ended_while_the_portal_was_away_is_not_shown(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        here.portal.outage(True, "html_502")
        missed = here.ring("missed", client="79161110001")
        group = here.pbx.begin(short("group", client="79161110002", extension="103", talk=8.0))
        until(lambda: _hidden(here) - {missed.linkedid})
        here.portal.outage(False)
        here.service.resume()
        answered = assert_all_whole(here, missed, group.wait())[1]
        assert not here.wait_finished(missed).cards
        assert answered.shown_to == (user_of("103"),)


def test_deliveries_that_are_paused_wait_over_a_restart_and_go_on(tmp_path: Path) -> None:
    with sandboxes(tmp_path) as (pbx, portal):
        with furnished(tmp_path, pbx, portal, {"portal.paused": True}) as here:
            truth = here.ring()
            until(lambda: here.steps(truth))
            assert here.check("portal").code == "portal_paused"
        with furnished(tmp_path, pbx, portal, {}) as here:
            missed = here.ring("missed", client="79161110009")
            until(lambda: here.steps(missed))
            assert portal.calls() == []
            here.service.pause(False)
            assert_all_whole(here, truth, missed)
            assert here.check("portal").level is OK
