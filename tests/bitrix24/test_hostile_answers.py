# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a portal answers, the client and its readers end in a value or in a Failure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from itgrix_module.app.rest_ports import Command
from itgrix_module.bitrix24 import crm, selftest, telephony
from itgrix_module.bitrix24.auth import AppAuth, WebhookAuth
from itgrix_module.bitrix24.batches import settle
from itgrix_module.bitrix24.calls import BitrixCalls
from itgrix_module.bitrix24.client import PortalClient
from itgrix_module.bitrix24.encoding import reference
from itgrix_module.bitrix24.limiter import Limiter
from itgrix_module.bitrix24.memory import MemoryLimits, MemoryTokens
from itgrix_module.domain.failures import Failure
from tests.bitrix24.conftest import Clock, pair
from tests.bitrix24.wires import Request, Server, reply, serving

NAMES = st.sampled_from(
    [
        "result",
        "error",
        "error_description",
        "time",
        "total",
        "next",
        "result_error",
        "result_next",
        "result_total",
        "result_time",
        "items",
        "operating",
        "operating_reset_at",
        "CALL_ID",
        "uploadUrl",
        "fieldName",
        "CRM_CREATED_ENTITIES",
        "ENTITY_TYPE",
        "ENTITY_ID",
        "ID",
        "UF_DEPARTMENT",
        "ASSIGNED_BY",
        "task",
        "id",
        "LEAD",
        "CONTACT",
        "ADMIN",
        "INSTALLED",
        "ERRORS",
        "access_token",
        "refresh_token",
        "member_id",
        "expires_in",
    ]
) | st.text(max_size=5)
WORDS = st.sampled_from(["", "0", "Y", "7", "expired_token", "QUERY_LIMIT_EXCEEDED", "Call is not found", "https://x/"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)
STATUS = st.sampled_from([200, 201, 204, 302, 400, 401, 403, 404, 429, 500, 502, 503])
LAX = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

COMMANDS = [
    Command("a", telephony.REGISTER, {}),
    Command("b", telephony.SHOW, {"CALL_ID": reference("a", "CALL_ID")}),
    Command("0", "profile", {}),
]


class Said:
    """What the portal answers next."""

    def __init__(self) -> None:
        self.bytes = b""

    def __call__(self, request: Request) -> bytes:
        return self.bytes


@pytest.fixture(scope="module")
def said() -> Said:
    return Said()


@pytest.fixture(scope="module")
def server(said: Said) -> Iterator[Server]:
    with serving(said) as running:
        yield running


def use(client: PortalClient) -> None:
    """Everything that asks the portal and reads its answer."""
    uses = (
        lambda: client.call("profile"),
        lambda: client.batch(COMMANDS),
        lambda: list(client.list("user.get")),
        lambda: list(client.list("crm.contact.list")),
        lambda: crm.employees(client),
        lambda: crm.duplicates(client, ["1"]),
        lambda: selftest.examine(client, "app"),
        lambda: telephony.finished(client.call("telephony.externalcall.finish")),
        lambda: BitrixCalls(client).finished_call("externalCall.1"),
    )
    for step in uses:
        with suppress(Failure):
            step()


def limiter(clock: Clock) -> Limiter:
    return Limiter(MemoryLimits(), clock, clock.wait)


@LAX
@given(STATUS, JSON)
@example(200, {"result": {"result": {"a": None}, "result_error": {"b": None}}})
@example(200, {"result": [], "time": {"operating": "nan", "operating_reset_at": 10**400}})
@example(200, {"result": {"result_error": [[]], "result": {"0": float("nan")}}})
def test_any_json_ends_in_a_value_or_a_failure(said: Said, server: Server, status: int, answer: object) -> None:
    said.bytes = reply(answer, status)
    clock = Clock()
    with PortalClient(WebhookAuth(server.webhook), limits=limiter(clock)) as client:
        use(client)


@LAX
@given(STATUS, st.binary(max_size=200))
@example(200, b"")
@example(200, b"\xff\xfe{")
@example(200, b'{"result": 1')
@example(200, b"[" * 5000)
@example(200, b"1" * 5000)
def test_any_bytes_end_in_a_value_or_a_failure(said: Said, server: Server, status: int, body: bytes) -> None:
    said.bytes = reply(body, status)
    with PortalClient(WebhookAuth(server.webhook), limits=limiter(Clock())) as client:
        for _ in range(2):
            with suppress(Failure):
                client.call("profile")


@LAX
@given(st.binary(max_size=100))
def test_bytes_that_are_no_http_end_in_a_failure(said: Said, server: Server, wire: bytes) -> None:
    said.bytes = wire + b"\r\n\r\n"
    with PortalClient(WebhookAuth(server.webhook), limits=limiter(Clock()), connect=0.2) as client, suppress(Failure):
        client.call("profile", timeout=0.05)


@LAX
@given(STATUS, JSON)
@example(200, {"access_token": "A", "refresh_token": "R", "expires_in": "nan", "scope": {}, "client_endpoint": []})
def test_any_answer_of_the_authorisation_server_ends_in_a_value_or_a_failure(
    said: Said, server: Server, status: int, answer: object
) -> None:
    said.bytes = reply(answer, status)
    tokens = pair("http://localhost:1", server_endpoint=f"{server.url}/rest/")
    auth = AppAuth(MemoryTokens(tokens), "i", "s")
    with suppress(Failure):
        auth.renew(auth.grant(), "expired_token")
    auth.close()


@given(JSON)
def test_any_result_is_read_or_a_failure(answer: object) -> None:
    readers = (
        telephony.registered,
        telephony.shown,
        telephony.finished,
        telephony.upload_target,
        telephony.file_id,
        telephony.clients,
        telephony.lines,
        telephony.statistics,
        crm.read_duplicates,
        crm.read_profile,
        crm.task_id,
        lambda value: crm.PortalUser.read(value if isinstance(value, dict) else {}),
        lambda value: settle(COMMANDS, value, False),
        lambda value: settle(COMMANDS, {"result": value, "result_error": value}, True),
    )
    for reader in readers:
        with suppress(Failure):
            reader(answer)


def test_these_answers_can_be_written() -> None:
    assert json.loads(reply([float("nan")]).rpartition(b"\r\n\r\n")[2]) is not None
