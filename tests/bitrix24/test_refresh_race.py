# SPDX-License-Identifier: GPL-3.0-or-later
"""Many find the token expired at once: exactly one refresh, and everybody's call succeeds."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from itgrix_module.app.rest_ports import Tokens
from itgrix_module.bitrix24.auth import AppAuth
from itgrix_module.bitrix24.memory import MemoryTokens
from itgrix_module.domain.failures import Failure
from tests.bitrix24.conftest import Clock, Connect, Serve, pair
from tests.bitrix24.file_tokens import FileTokens
from tests.bitrix24.wires import Request, Server, error, reply, result
from tests.known import known

THREADS = 20


class RotatingPortal:
    """Tokens rotate as at Bitrix24: each refresh kills the pair before. The first calls wait for one another."""

    def __init__(self, together: int) -> None:
        self.generation = 0  # the token A0 is handed out as expired
        self.refreshes = 0
        self.spent = 0
        self._lock = threading.Lock()
        self._together = threading.Barrier(together)

    def portal(self, request: Request) -> bytes:
        if request.json["auth"] == "A0":
            self._together.wait(30)
            return error(401, "expired_token")
        with self._lock:
            good = request.json["auth"] == f"A{self.generation}"
        return result("ok") if good else error(401, "expired_token")

    def authorisation(self, request: Request) -> bytes:
        given = parse_qs(urlsplit(request.path).query)["refresh_token"][0]
        with self._lock:
            self.refreshes += 1
            if given != f"R{self.generation}":
                self.spent += 1
                return error(400, "invalid_grant")
            self.generation += 1
            return reply({"access_token": f"A{self.generation}", "refresh_token": f"R{self.generation}"})


def first_pair(portal: Server, authority: Server) -> Tokens:
    return pair(portal.url, "A0", "R0", server_endpoint=f"{authority.url}/rest/")


def test_twenty_threads_make_one_refresh(serve: Serve, connect: Connect) -> None:
    rotating = RotatingPortal(THREADS)
    store = MemoryTokens(first_pair(serve(rotating.portal), serve(rotating.authorisation)))
    client = connect(AppAuth(store, "i", "s"), pool=THREADS)
    with ThreadPoolExecutor(THREADS) as pool:
        answers = [pool.submit(client.call, "profile") for _ in range(THREADS)]
        assert [answer.result() for answer in answers] == ["ok"] * THREADS
    assert (rotating.refreshes, rotating.spent) == (1, 0)
    assert known(store.load()).access_token == "A1"


def test_two_processes_with_five_threads_each_make_one_refresh(serve: Serve, tmp_path: Path) -> None:
    rotating = RotatingPortal(10)
    path = tmp_path / "tokens.json"
    FileTokens(path).save(first_pair(serve(rotating.portal), serve(rotating.authorisation)))
    command = [sys.executable, "-m", "tests.bitrix24.file_tokens", str(path), "5"]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0] for process in started]
    assert [json.loads(output) for output in outputs] == [["ok"] * 5] * 2
    assert (rotating.refreshes, rotating.spent) == (1, 0)
    assert known(FileTokens(path).load()).refresh_token == "R1"


def test_refresh_that_fails_is_tried_once_for_all_who_waited(serve: Serve, connect: Connect) -> None:
    asked: list[Request] = []

    def authorisation(request: Request) -> bytes:
        asked.append(request)
        return error(500, "server_error")

    together = threading.Barrier(THREADS)

    def portal(request: Request) -> bytes:
        together.wait(30)
        return error(401, "expired_token")

    store = MemoryTokens(first_pair(serve(portal), serve(authorisation)))
    client = connect(AppAuth(store, "i", "s", clock=lambda: 0.0), pool=THREADS)
    with ThreadPoolExecutor(THREADS) as pool:
        answers = [pool.submit(client.call, "profile") for _ in range(THREADS)]
        failures = [answer.exception() for answer in answers]
    assert {failure.code for failure in failures if isinstance(failure, Failure)} == {"oauth_unavailable"}
    assert len(asked) == 1
    assert len({id(failure) for failure in failures}) == THREADS  # each thread raises its own


def test_failed_refresh_is_tried_again_later(serve: Serve, connect: Connect, clock: Clock) -> None:
    rotating = RotatingPortal(1)
    served = serve(rotating.portal)
    fails = [True]
    authority = serve(lambda r: error(500, "x") if fails.pop() else rotating.authorisation(r))
    fails.insert(0, False)
    client = connect(AppAuth(MemoryTokens(first_pair(served, authority)), "i", "s", clock=clock))
    with pytest.raises(Failure):
        client.call("profile")
    clock.wait(10)
    assert client.call("profile") == "ok"
