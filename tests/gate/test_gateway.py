# SPDX-License-Identifier: GPL-3.0-or-later
"""The service's side of the hand-over: only what the gate signed for this request now, and only once."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from flask import Request, Response
from werkzeug.datastructures import Headers
from werkzeug.test import Client, EnvironBuilder

from tests.gate import stage
from tests.module.interpreter import php
from web.access import CHANGE, SEE, Viewer
from web.gateway import FRESH, MOST_NONCES, Gateway, Nonces, Refused, claims_of, signature, viewer

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
NOW = 1_795_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def sealed(target: str = "/", method: str = "GET", key: str = stage.KEY, **changes: Any) -> str:
    claims: dict[str, Any] = {"u": "admin", "r": [SEE, CHANGE], "t": f"{NOW:.6f}", "n": "0" * 32}
    claims |= {"p": stage.GATE, "h": "pbx.example", "s": "https", "a": "10.0.0.7"} | changes
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"{payload}.{signature(key.encode(), method, target, payload)}"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(key_file: Path, clock: Clock) -> Client:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        found = viewer(request)
        name = "nobody" if found is None else f"{found.name} {sorted(found.rights)}"
        relayed = [word for word in dict(request.headers) if word.startswith("X-Forwarded")]
        answer = Response(" ".join([name, request.url, str(request.remote_addr), *relayed]))
        answer.set_cookie("s", "1")
        return answer(environ, start_response)

    return Client(Gateway(app, key_file, clock))


def ask(client: Client, header: str | None, path: str = "/", method: str = "GET") -> tuple[int, str]:
    headers = Headers() if header is None else Headers({"X-Itgrix-Gate": header})
    environ = EnvironBuilder(path=path, method=method, headers=headers).get_environ()
    answer = client.run_wsgi_app(environ)
    return int(answer[1].split()[0]), b"".join(answer[0]).decode()


def test_a_visitor_of_the_gate_is_known_and_sees_the_gates_address(client: Client) -> None:
    assert ask(client, sealed("/calls/?a=1"), "/calls/?a=1") == (
        200,
        f"admin ['change', 'see'] https://pbx.example{stage.GATE}/calls/?a=1 10.0.0.7",
    )


def test_without_a_header_nobody_is_known(client: Client) -> None:
    assert ask(client, None)[1].startswith("nobody http://localhost/")


def test_cookies_are_kept_below_the_gate(client: Client) -> None:
    environ = EnvironBuilder(headers=Headers({"X-Itgrix-Gate": sealed()})).get_environ()
    _, _, headers = client.run_wsgi_app(environ)
    assert headers["Set-Cookie"] == f"s=1; Path={stage.GATE}/"


def test_the_same_header_is_taken_once(client: Client, clock: Clock) -> None:
    assert ask(client, sealed())[0] == 200
    clock.now += 1
    assert ask(client, sealed())[0] == 403


@pytest.mark.parametrize(("passed", "status"), [(FRESH - 1, 200), (FRESH + 1, 403), (-1, 200), (-5, 403)])
def test_a_header_is_valid_for_half_a_minute(client: Client, clock: Clock, passed: float, status: int) -> None:
    made = sealed(t=str(NOW + 100))
    clock.now = NOW + 100 + passed
    assert ask(client, made)[0] == status


def test_what_was_made_before_this_process_is_not_taken(client: Client) -> None:
    assert ask(client, sealed(t=str(NOW - 1)))[0] == 403


@pytest.mark.parametrize(
    "header",
    [
        "",
        "x",
        "x.y",
        ".",
        sealed(key="another"),
        sealed(method="POST"),
        sealed("/other"),
        sealed("/?a=1"),
        sealed()[:-1],
        sealed() + "0",
        "A" + sealed(),
        sealed(t="nan"),
        sealed(t="inf"),
        sealed(t=None),
        sealed(n="short"),
        sealed(p="/../evil"),
        sealed(p='/"><script>'),
        sealed(r=5),
        "é" * 20,
        "x" * 5000,
    ],
    ids=lambda text: text[:12] or "empty",
)
def test_anything_else_is_refused_and_never_taken_for_no_header(client: Client, header: str) -> None:
    assert ask(client, header) == (403, "refused\n")


def test_unknown_rights_give_nothing(client: Client) -> None:
    assert ask(client, sealed(r=["root", SEE]))[1].startswith("admin ['see']")


def test_without_a_key_no_header_is_taken(tmp_path: Path, clock: Clock) -> None:
    gate = Gateway(lambda _environ, _start: [], tmp_path / "missing", clock)
    assert ask(Client(gate), sealed(key=""))[0] == 403


def test_the_gui_cannot_be_reached_by_a_forged_environment(client: Client) -> None:
    """What a request puts into X-Forwarded-… is not what the panel sees."""
    headers = Headers({"X-Itgrix-Gate": sealed(), "X-Forwarded-Host": "evil"})
    environ = EnvironBuilder(headers=headers).get_environ()
    assert b"".join(client.run_wsgi_app(environ)[0]).endswith(f"https://pbx.example{stage.GATE}/ 10.0.0.7".encode())


def test_nonces_are_forgotten_after_their_time_and_bounded() -> None:
    clock = Clock()
    nonces = Nonces(clock)
    nonces.take("a" * 32, NOW)
    clock.now += FRESH + 10
    nonces.take("b" * 32, clock.now)
    assert list(nonces._taken) == ["b" * 32]
    for number in range(MOST_NONCES - 1):
        nonces.take(f"{number:032}", clock.now)
    with pytest.raises(Refused):
        nonces.take("c" * 32, clock.now)


def test_viewer_is_nobody_for_a_request_of_this_machine() -> None:
    assert viewer(Request(EnvironBuilder().get_environ())) is None
    assert Viewer("x").may(SEE)


def test_php_signs_what_python_reads() -> None:
    script = Path(__file__).parent / "seal.php"
    done = subprocess.run([php(), script], input=json.dumps(VECTORS), capture_output=True, text=True, check=True)
    for vector, header in zip(VECTORS, json.loads(done.stdout), strict=True):
        target = vector["target"].encode().decode("latin-1")  # as WSGI gives it
        assert claims_of(vector["key"].encode(), vector["method"], target, header) == vector["claims"]
        with pytest.raises(Refused):
            claims_of(vector["key"].encode(), vector["method"], target + "x", header)


def test_somebody_without_rights_is_no_viewer_and_not_of_this_machine(client: Client) -> None:
    headers = Headers({"X-Itgrix-Gate": sealed(u="", r=[]), "X-Forwarded-For": "127.0.0.1"})
    environ = EnvironBuilder(headers=headers).get_environ()
    said = b"".join(client.run_wsgi_app(environ)[0])
    assert said.startswith(b"nobody ")
    assert said.endswith(b" X-Forwarded-For")
