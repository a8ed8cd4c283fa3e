# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole conversations with the sandbox portal: the acceptance list of the contract (§18.9), client side."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from itgrix_module.app.rest_ports import Command, Tokens
from itgrix_module.bitrix24 import crm, events, telephony
from itgrix_module.bitrix24.auth import AppAuth
from itgrix_module.bitrix24.calls import BitrixCalls
from itgrix_module.bitrix24.client import PortalClient
from itgrix_module.bitrix24.limiter import Limiter
from itgrix_module.bitrix24.limits import BACKGROUND, LIVE
from itgrix_module.bitrix24.memory import MemoryLimits, MemoryTokens
from itgrix_module.bitrix24.telephony_answers import Line
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from itgrix_module.sandbox.portal import PortalConfig, SandboxPortal
from itgrix_module.sandbox.portal.config import LineSeed
from tests.bitrix24.conftest import Clock, Connect, pair
from tests.known import known

STARTED = datetime(2026, 3, 10, 8, 19, 38, tzinfo=UTC)
MP3 = b"\xff\xfb\x90\x00" + b"\x00" * 413


@pytest.fixture
def portal() -> Iterator[SandboxPortal]:
    with SandboxPortal(PortalConfig.demo(users=60, lines=(LineSeed("3", "Main"),))) as running:
        yield running


def issued(portal: SandboxPortal) -> Tokens:
    """A pair of the portal's application."""
    token = portal.issue_tokens()
    oauth, member = f"{portal.oauth_url}/rest/", portal.state.member_id
    return pair(portal.url, token.access, token.refresh, server_endpoint=oauth, member_id=member)


@pytest.fixture
def store(portal: SandboxPortal) -> MemoryTokens:
    return MemoryTokens(issued(portal))


@pytest.fixture
def client(portal: SandboxPortal, store: MemoryTokens, connect: Connect) -> PortalClient:
    seed = portal.config.apps[0]
    return connect(AppAuth(store, seed.client_id, seed.client_secret))


def register(number: int = 1, **changes: Any) -> Command:
    usual = {"phone": "+79990001122", "kind": telephony.INCOMING, "started": STARTED, "user_id": 1, "line": "3"}
    return telephony.register("r", external_id=f"pbx1-{number}", **{**usual, **changes})


def test_call_from_card_to_recording(portal: SandboxPortal, client: PortalClient) -> None:
    answers = client.batch([register(), telephony.show("s", telephony.call_id_of("r"), [1, 2])], priority=LIVE)
    call = telephony.registered(answers[0].result)
    assert telephony.shown(answers[1].result)
    seen = portal.call("pbx1-1")
    assert (seen.call_id, seen.open_cards, seen.started) == (call.call_id, frozenset({1, 2}), STARTED.timestamp())
    assert telephony.shown(client.call(*_pair(telephony.hide("h", call.call_id, [1]))))
    finish = telephony.finish("f", call.call_id, user_id=2, duration=95, status="200")
    done = telephony.finished(client.call(*_pair(finish)))
    target = telephony.upload_target(client.call(*_pair(telephony.attach_upload("a", call.call_id, "pbx1-1.mp3"))))
    sent = client.upload(target.url, target.field, io.BytesIO(MP3), "pbx1-1.mp3")
    seen = portal.call("pbx1-1")
    finished, record = known(seen.finish), known(seen.record)
    assert (finished.user_id, finished.duration, finished.status) == (2, 95, "200")
    assert (done.user_id, done.duration, done.activity_id) == (2, 95, finished.activity_id)
    assert (record.content, record.file_id) == (MP3, telephony.file_id(sent))


def _pair(command: Command) -> tuple[str, Mapping[str, Any]]:
    return command.method, command.params


def test_reference_keeps_the_call_of_the_same_batch_and_hostile_names_are_data(
    portal: SandboxPortal, client: PortalClient
) -> None:
    name = "$result[r][CALL_ID] & <b>Ж</b> +%26"
    add = Command("l", "crm.lead.add", {"fields": {"TITLE": name}})
    answers = client.batch([register(), add])
    lead = client.call("crm.lead.get", {"id": answers[1].result})
    assert lead["TITLE"] == name.replace("$result[", "$result [")


def test_fifty_calls_in_one_request(portal: SandboxPortal, client: PortalClient) -> None:
    commands = [register(number, phone=f"+7999000{number:04}") for number in range(50)]
    commands = [Command(f"c{n}", command.method, command.params) for n, command in enumerate(commands)]
    answers = client.batch(commands)
    assert len({telephony.registered(answer.result).call_id for answer in answers}) == 50
    assert len(portal.calls()) == 50


def test_expired_token_among_twenty_threads_costs_one_refresh(
    portal: SandboxPortal, store: MemoryTokens, client: PortalClient
) -> None:
    portal.expire_tokens()
    together = threading.Barrier(20)

    def ask(_: int) -> str:
        together.wait(30)
        return str(client.call("profile")["ID"])

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(ask, range(20))) == ["1"] * 20
    assert portal.refreshes == 1
    assert known(store.load()).domain == portal.url.removeprefix("http://")


def test_refused_refresh_needs_the_owner_and_asks_once(
    portal: SandboxPortal, store: MemoryTokens, client: PortalClient
) -> None:
    portal.expire_tokens()
    portal.uninstall()
    for _ in range(3):
        with pytest.raises(NeedsOwner):
            client.call("profile")


def test_lost_answer_of_register_repeated_is_the_same_call(portal: SandboxPortal, client: PortalClient) -> None:
    portal.faults.add(telephony.REGISTER, "lost_answer")
    with pytest.raises(Temporary) as caught:
        client.call(*_pair(register()))
    assert caught.value.executed
    call = telephony.registered(client.call(*_pair(register())))
    assert [seen.call_id for seen in portal.calls()] == [call.call_id]


def test_lost_answer_of_finish_is_no_duplicate_and_no_error(portal: SandboxPortal, client: PortalClient) -> None:
    call = telephony.registered(client.call(*_pair(register())))
    command = telephony.finish("f", call.call_id, user_id=1, duration=7, status="200")
    portal.faults.add(telephony.FINISH, "lost_answer")
    with pytest.raises(Temporary) as caught:
        client.call(*_pair(command))
    assert caught.value.executed
    with pytest.raises(Permanent, match="finished already"):
        client.call(*_pair(command))
    done = BitrixCalls(client).finished_call(call.call_id)
    assert done is not None
    assert known(portal.call("pbx1-1").finish).duration == 7
    assert portal.call("pbx1-1").refused_finishes == 1


@pytest.mark.parametrize(
    ("kind", "code", "executed"),
    [
        ("html_502", "html", True),
        ("reset", "reset", True),
        ("truncated", "truncated", True),
        ("lost_answer", "reset", True),
        ("http_500", "INTERNAL_SERVER_ERROR", True),
        ("error_200", "portal_database", True),
    ],
)
def test_fault_of_the_portal_is_temporary_and_passes(
    portal: SandboxPortal, client: PortalClient, kind: str, code: str, executed: bool
) -> None:
    portal.faults.add(telephony.REGISTER, kind)
    with pytest.raises(Temporary) as caught:
        client.call(*_pair(register()))
    assert (caught.value.code, caught.value.executed) == (code, executed)
    assert telephony.registered(client.call(*_pair(register()))).call_id


def test_list_where_a_map_belongs_is_repeated(portal: SandboxPortal, client: PortalClient) -> None:
    portal.faults.add(telephony.REGISTER, "list_for_map")
    with pytest.raises(Temporary):
        telephony.registered(client.call(*_pair(register())))
    assert telephony.registered(client.call(*_pair(register()))).call_id


def test_renamed_portal_is_followed_and_remembered(
    portal: SandboxPortal, store: MemoryTokens, client: PortalClient
) -> None:
    with SandboxPortal(portal.config) as new:
        store.save(replace(issued(new), domain="old", client_endpoint=f"{portal.url}/rest/"))
        portal.switches.renamed_to = new.url
        assert telephony.registered(client.call(*_pair(register()))).call_id
        assert [call.external_call_id for call in new.calls()] == ["pbx1-1"]
        assert known(store.load()).client_endpoint == f"{new.url}/rest/"
    assert portal.calls() == []


def test_lines_are_created_renamed_and_removed(portal: SandboxPortal, client: PortalClient) -> None:
    client.call(*_pair(telephony.line_add("l", "7", "Ads")))
    client.call(*_pair(telephony.line_update("l", "7", "Radio", create=True)))
    found = telephony.lines(client.call(*_pair(telephony.line_list("l"))))
    assert Line("7", "Radio", True) in found
    client.call(*_pair(telephony.line_delete("l", "7")))
    assert "7" not in {line.number for line in telephony.lines(client.call(*_pair(telephony.line_list("l"))))}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"line": "nowhere"}, "line_not_found"),
        ({"user_id": 9999}, "user_not_found"),
        ({"user_id": None, "extension": "9999"}, "user_not_found"),
        ({"phone": "anonymous"}, "number_unsupported"),
        ({"kind": 9}, "unknown_type"),
    ],
)
def test_refusals_of_register_are_told_apart(client: PortalClient, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Failure) as caught:
        client.call(*_pair(register(**changes)))
    assert caught.value.code == code


def test_employees_and_clients_of_all_pages(portal: SandboxPortal, client: PortalClient) -> None:
    assert len(crm.employees(client)) == sum(user.active for user in portal.users.values())
    for number in range(0, 120, 40):
        adds = [Command(f"c{n}", "crm.contact.add", {"fields": {"NAME": f"N{number + n}"}}) for n in range(40)]
        client.batch(adds)
    rows = list(client.list("crm.contact.list", {"select": ["NAME"], "filter": {"%NAME": "N"}}))
    assert len({row["ID"] for row in rows}) == len(rows) >= 120


def test_attach_before_finish_waits_and_other_methods_go(portal: SandboxPortal, client: PortalClient) -> None:
    call = telephony.registered(client.call(*_pair(register())))
    with pytest.raises(Temporary) as caught:
        client.call(*_pair(telephony.attach_upload("a", call.call_id, "x.mp3")))
    assert caught.value.code == "not_finished_yet"


def test_operating_limit_on_recordings_does_not_stop_calls(connect: Connect) -> None:
    config = PortalConfig.demo(operating_limit=10.0, operating_cost={telephony.ATTACH.lower(): 11.0})
    with SandboxPortal(config) as portal:
        seed = portal.config.apps[0]
        client = connect(AppAuth(MemoryTokens(issued(portal)), seed.client_id, seed.client_secret))
        for number in range(4):
            call = telephony.registered(client.call(*_pair(register(number, line=""))))
            finish = telephony.finish("f", call.call_id, user_id=1, duration=5, status="200")
            client.call(*_pair(finish))
            attach = telephony.attach_upload("a", call.call_id, f"{number}.mp3")
            if number == 0:
                client.call(*_pair(attach))
                continue
            with pytest.raises(Temporary) as caught:
                client.call(*_pair(attach))
            assert caught.value.scope == "method"
        assert len([seen for seen in portal.calls() if seen.finished]) == 4


def test_budget_keeps_the_portal_from_ever_refusing(connect: Connect) -> None:
    clock = Clock()
    config = PortalConfig.demo(bucket_burst=20.0, bucket_drain=2.0, webhook_telephony="lenient")
    portal = SandboxPortal(config, clock=clock)
    with portal:
        limits = Limiter(MemoryLimits(), clock, clock.wait)
        limits.limits = type(limits.limits)(rate=2.0, burst=20.0)
        client = connect(portal.webhook_url(), limits=limits)
        for number in range(60):
            client.call("profile", priority=LIVE if number % 2 else BACKGROUND)
        assert portal.state.log.errors["QUERY_LIMIT_EXCEEDED"] == 0
        assert portal.state.log.http["total"] == 60


def test_click_in_the_portal_is_read_as_an_event(portal: SandboxPortal, client: PortalClient) -> None:
    call_id = portal.click_to_call(1, "+79990001122", "3")
    form = (
        "event=ONEXTERNALCALLSTART&data[PHONE_NUMBER]=%2B79990001122&data[USER_ID]=1&data[CALL_ID]="
        + call_id
        + "&ts=1&auth[member_id]=m&auth[application_token]=t"
    )
    told = events.read_event(form).data
    finish = telephony.finish("f", told["CALL_ID"], user_id=int(told["USER_ID"]), duration=0, status="486")
    assert telephony.finished(client.call(*_pair(finish))).status == "486"
