# SPDX-License-Identifier: GPL-3.0-or-later
"""The server and the object: connections, start and stop, waiting, bounded memory, concurrency."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from itgrix_module.sandbox.portal import PortalConfig, SandboxPortal
from tests.sandbox.portal.conftest import Api

Start = Callable[..., SandboxPortal]


def raw(portal: SandboxPortal, data: bytes) -> bytes:
    """What the server answers to these bytes before it closes."""
    host, port = portal.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as sock:
        sock.sendall(data)
        answer = b""
        while piece := sock.recv(65536):
            answer += piece
    return answer


def test_one_connection_serves_many_requests(portal: SandboxPortal, api: Api) -> None:
    host, port = portal.url.removeprefix("http://").split(":")
    request = b"GET /rest/1/sandboxcode12345/server.time HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as sock:
        for _ in range(3):
            sock.sendall(request)
            assert b"200 OK" in sock.recv(65536)


def test_connection_is_closed_when_the_client_wants_it(portal: SandboxPortal) -> None:
    answer = raw(portal, b"GET /rest/1/sandboxcode12345/server.time HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"Connection: close" in answer


@pytest.mark.parametrize("length", [b"-1", b"abc", b"999999999999"])
def test_senseless_lengths_are_refused(portal: SandboxPortal, length: bytes) -> None:
    head = b"POST /rest/1/sandboxcode12345/profile HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + b"\r\n\r\n"
    assert raw(portal, head).startswith(b"HTTP/1.1 413")


def test_broken_chunks_are_refused(portal: SandboxPortal) -> None:
    head = b"POST /rest/1/x/profile HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    assert raw(portal, head).startswith(b"HTTP/1.1 413")


def test_request_that_stops_in_the_middle_is_not_executed(portal: SandboxPortal) -> None:
    host, port = portal.url.removeprefix("http://").split(":")
    head = b"POST /rest/1/sandboxcode12345/crm.lead.add HTTP/1.1\r\nHost: x\r\nContent-Length: 400\r\n"
    kind = b"Content-Type: application/x-www-form-urlencoded\r\n\r\nfields[TITLE]=x&x="
    with socket.create_connection((host, int(port)), timeout=10) as sock:
        sock.sendall(head + kind)
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(100) == b""
    assert len(portal.leads) == 1


def test_head_has_no_body(portal: SandboxPortal) -> None:
    assert requests.head(portal.url + "/", timeout=10).text == ""


def test_stop_leaves_no_thread_and_frees_the_port() -> None:
    before = set(threading.enumerate())
    portal = SandboxPortal(PortalConfig.demo())
    portal.start()
    port = int(portal.url.rpartition(":")[2])
    with requests.Session() as session:
        session.get(portal.url + "/", timeout=10)
        portal.stop()
        portal.stop()
        assert set(threading.enumerate()) == before
        with pytest.raises(requests.ConnectionError):
            session.get(portal.url + "/", timeout=10)
        portal.start(port=port)
        assert session.get(portal.url + "/", timeout=10).status_code == 200
        with pytest.raises(RuntimeError, match="started already"):
            portal.start()
    portal.stop()
    assert set(threading.enumerate()) == before


def test_restart_keeps_what_the_portal_knows(portal: SandboxPortal, api: Api) -> None:
    call_id = api.register(EXTERNAL_CALL_ID="x")
    port = int(portal.url.rpartition(":")[2])
    portal.stop()
    portal.start(port=port)
    api.session.close()
    assert api.register(EXTERNAL_CALL_ID="x") == call_id


def test_context_manager_starts_and_stops() -> None:
    with SandboxPortal() as portal:
        assert requests.post(portal.webhook_url() + "profile", timeout=10).json()["result"]["NAME"] == "Анна"
    with pytest.raises(requests.ConnectionError):
        requests.get(portal.url, timeout=10)


def test_wait_sees_the_change_or_gives_up(portal: SandboxPortal, api: Api) -> None:
    threading.Timer(0.05, lambda: api.register(EXTERNAL_CALL_ID="x")).start()
    assert portal.wait(lambda found: [call for call in found.calls() if call.external_call_id == "x"], 5)
    with pytest.raises(TimeoutError):
        portal.wait(lambda found: found.tasks, 0.05)


def test_call_by_external_id_is_exactly_one(portal: SandboxPortal, api: Api) -> None:
    with pytest.raises(LookupError, match="0 calls"):
        portal.call("x")
    for user in (2, 3):
        api.register(EXTERNAL_CALL_ID="x", USER_ID=user)
    with pytest.raises(LookupError, match="2 calls"):
        portal.call("x")


def test_views_do_not_change_afterwards(portal: SandboxPortal, api: Api) -> None:
    call_id = api.register()
    before = portal.calls()[0]
    api.ok("telephony.externalCall.finish", CALL_ID=call_id, USER_ID=2)
    assert (before.finished, before.open_cards) == (False, frozenset({2}))


def test_log_masks_secrets(portal: SandboxPortal, app_api: Api) -> None:
    app_api.finished()
    shown = repr(portal.requests)
    assert app_api.auth not in shown
    assert portal.requests[0].params["auth"] == "***"


def test_memory_is_bounded(start: Start, session: requests.Session) -> None:
    api = Api(start(keep_calls=5, keep_requests=7, keep_entities=6, keep_messages=4), session)
    for number in range(20):
        api.finished(phone=f"+7999000{number:04d}", CRM_CREATE=1, EXTERNAL_CALL_ID=str(number))
    portal, state = api.portal, api.portal.state
    assert [call.external_call_id for call in portal.calls()] == ["15", "16", "17", "18", "19"]
    assert (len(portal.requests), len(portal.leads), len(portal.activities), len(portal.messages)) == (7, 6, 6, 4)
    assert (len(state.bindings), len(state.calls.statistic), len(state.calls.open_calls())) == (6, 5, 0)
    assert portal.http["total"] == 40
    assert state.crm.find("PHONE", "+79990000000") == {}
    assert len(state.crm._index) <= 6 + 6


def test_forgotten_open_calls_leave_no_key_behind(start: Start, session: requests.Session) -> None:
    api = Api(start(keep_calls=2), session)
    for number in range(5):
        api.register(EXTERNAL_CALL_ID=str(number))
    assert len(api.portal.state.calls._open) == 2


def test_many_clients_at_once_register_each_call_once(portal: SandboxPortal) -> None:
    address = portal.webhook_url() + "telephony.externalCall.register"

    def register(number: int) -> str:
        fields = {"USER_ID": 2, "PHONE_NUMBER": "+79062195047", "TYPE": 2, "EXTERNAL_CALL_ID": str(number % 20)}
        return str(requests.post(address, json=fields, timeout=10).json()["result"]["CALL_ID"])

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(register, range(160)))
    assert len(set(ids)) == len(portal.calls()) == 20
    assert {call.registers for call in portal.calls()} == {8}
