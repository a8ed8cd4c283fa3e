# SPDX-License-Identifier: GPL-3.0-or-later
"""FastAGI over real sockets: variables for good questions, the end of the line for all others."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from itgrix_module.asterisk.fastagi import AT_ONCE, AgiAnswer, AgiCall, FastAgiServer
from itgrix_module.domain.failures import NeedsOwner
from tests.asterisk.agi_client import PATIENCE, AgiChannel
from tests.asterisk.support import wait_for

ANNA = AgiAnswer("101", "responsible", "Иван Петров", "Иван Петров")


class Desk:
    """Decides as told, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answer: AgiAnswer | Exception = ANNA
        self.asked: list[AgiCall] = []
        self.go = threading.Event()
        self.go.set()
        self.limit = PATIENCE

    def __call__(self, call: AgiCall) -> AgiAnswer:
        self.asked.append(call)
        assert self.go.wait(PATIENCE)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


Serve = Callable[..., FastAgiServer]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def serve(desk: Desk) -> Iterator[Serve]:
    with ExitStack() as stack:

        def made(admits: Callable[[str], bool] = lambda _: True, at_once: int = AT_ONCE) -> FastAgiServer:
            return stack.enter_context(FastAgiServer("127.0.0.1", 0, desk, lambda: desk.limit, admits, at_once))

        yield made
        desk.go.set()


def test_dialplan_gets_extension_reason_and_name(serve: Serve, desk: Desk) -> None:
    with AgiChannel(serve().port) as channel:
        assert channel.ask() == {
            "CALLERID(name)": "Иван Петров",
            "ITGRIX_NAME": "Иван Петров",
            "ITGRIX_REASON": "responsible",
            "ITGRIX_EXTENSION": "101",
        }
    assert channel.order[-1] == "ITGRIX_EXTENSION"
    assert desk.asked == [AgiCall("89161234567", "74951234567", "", "1795.1")]


def test_usual_way_leaves_the_extension_empty_and_the_callers_name_alone(serve: Serve, desk: Desk) -> None:
    desk.answer = AgiAnswer("", "busy", "Иван", "")
    with AgiChannel(serve().port) as channel:
        assert channel.ask() == {"ITGRIX_NAME": "Иван", "ITGRIX_REASON": "busy", "ITGRIX_EXTENSION": ""}


@pytest.mark.parametrize(
    ("script", "args", "call"),
    [
        ("responsible?name=sales", (), AgiCall("89161234567", "74951234567", "sales", "1795.1")),
        (
            "responsible?name=%D0%BE%D1%82%D0%B4%D0%B5%D0%BB%201&destination=3&limit_ms=250",
            (),
            AgiCall("89161234567", "74951234567", "отдел 1", "1795.1", 0.25),
        ),
        ("responsible?number=8999&line=7000", (), AgiCall("8999", "7000", "", "1795.1")),
        ("responsible?number=8999", ("8000", "7111"), AgiCall("8000", "7111", "", "1795.1")),
        ("/responsible/", (), AgiCall("89161234567", "74951234567", "", "1795.1")),
        ("responsible?limit_ms=nonsense&&&=", (), AgiCall("89161234567", "74951234567", "", "1795.1")),
    ],
)
def test_question_may_say_more_than_the_channel(
    serve: Serve, desk: Desk, script: str, args: tuple[str, ...], call: AgiCall
) -> None:
    with AgiChannel(serve().port) as channel:
        assert channel.ask(script, *args)["ITGRIX_EXTENSION"] == "101"
    assert desk.asked == [call]


def test_channel_without_did_tells_what_was_dialled(serve: Serve, desk: Desk) -> None:
    with AgiChannel(serve().port, linkedid="", did="") as channel:
        channel.ask(caller="unknown", dnid="4951112233")
    assert desk.asked == [AgiCall("", "4951112233", "", "1795.9")]


def test_notice_of_a_hang_up_is_no_answer(serve: Serve) -> None:
    with AgiChannel(serve().port) as channel:
        channel.notice = "HANGUP\n"
        assert channel.ask()["ITGRIX_EXTENSION"] == "101"


def test_dead_channel_is_left_alone(serve: Serve, desk: Desk) -> None:
    with AgiChannel(serve().port) as channel:
        channel.refusal = "511 Command Not Permitted on a dead channel"
        assert channel.ask() == {}
    assert len(desk.asked) == 1


def test_text_from_the_crm_cannot_become_a_command(serve: Serve, desk: Desk) -> None:
    evil = 'x"\r\nEXEC System "reboot\n${SHELL(reboot)}'
    desk.answer = AgiAnswer("101", "responsible", evil, evil)
    with AgiChannel(serve().port) as channel:
        found = channel.ask()
    assert found["ITGRIX_NAME"] == "x EXEC System reboot SHELL(reboot)"
    assert set(channel.order) == {"CALLERID(name)", "ITGRIX_NAME", "ITGRIX_REASON", "ITGRIX_EXTENSION"}


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"agi_network_script: responsible\nnonsense without a colon\n\n",
        b"agi_x: " + b"x" * 1_000_000,
        b"x" * 1_000_000,
        b"".join(b"agi_%d: 1\n" % n for n in range(300)) + b"\n",
        b"agi_network_script: other\n\n",
        b"agi_network_script: responsible/../x\n\n",
        b"\n",
        b"agi_network_script: " + b"\xff\xfe\x00" * 10 + b"\n\n",
    ],
)
def test_nonsense_is_hung_up_on_and_the_next_question_answered(serve: Serve, desk: Desk, data: bytes) -> None:
    server = serve()
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as sock:
        try:
            sock.sendall(data)
            assert sock.recv(1) == b""
        except ConnectionError:
            pass  # hung up before it had read all
    assert desk.asked == []
    with AgiChannel(server.port) as channel:
        assert channel.ask()["ITGRIX_EXTENSION"] == "101"


def test_client_that_says_nothing_is_hung_up_on(serve: Serve) -> None:
    with socket.create_connection(("127.0.0.1", serve().port), PATIENCE) as sock:
        sock.sendall(b"agi_network_script: responsible\n")
        assert sock.recv(1) == b""


def test_client_that_does_not_take_the_answer_is_hung_up_on(serve: Serve, desk: Desk) -> None:
    desk.limit = 0.01
    with AgiChannel(serve().port) as channel:
        channel.send(b"agi_network_script: responsible\n\n")
        assert channel.line().startswith("GET FULL VARIABLE")
        channel.send(b"200 result=1 (1.2|7495)\n")
        assert channel.line().startswith("SET VARIABLE")
        assert channel.line() == ""


def test_no_more_questions_at_once_than_allowed(serve: Serve, desk: Desk) -> None:
    server = serve(at_once=2)
    desk.go.clear()
    found: list[dict[str, str]] = []

    def ask() -> None:
        with AgiChannel(server.port) as channel:
            found.append(channel.ask())

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(desk.asked) == 2)
    with AgiChannel(server.port) as channel:
        assert channel.line() == ""
    desk.go.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert [one["ITGRIX_EXTENSION"] for one in found] == ["101", "101"]
    wait_for(lambda: answered(server))


def answered(server: FastAgiServer) -> bool:
    with AgiChannel(server.port) as channel:
        return bool(channel.ask())


def test_stranger_is_not_answered(serve: Serve, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    server = serve(admits=lambda address: address != "127.0.0.1")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            with AgiChannel(server.port) as channel:
                assert channel.line() == ""
    assert desk.asked == []
    assert caplog.text.count("which is not among routing.networks") == 1


def test_fault_of_the_decision_hangs_up_and_is_logged(
    serve: Serve, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.answer = ValueError("nobody foresaw it")
    server = serve()
    with AgiChannel(server.port) as channel:
        assert channel.ask() == {}
    wait_for(lambda: "nobody foresaw it" in caplog.text)
    desk.answer = ANNA
    assert answered(server)


def test_port_that_is_taken_is_told_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(NeedsOwner) as caught:
            FastAgiServer("127.0.0.1", port, lambda _: ANNA, lambda: 1.0)
    assert caught.value.code == "agi_port_taken"
    assert "routing.listen" in caught.value.hint


def test_end_hangs_up_on_whoever_waits(serve: Serve, desk: Desk) -> None:
    server = serve()
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as sock:
        sock.sendall(b"agi_network_script: responsible\n\n")
        assert sock.recv(4) == b"GET "
        server.close()
        sock.settimeout(PATIENCE)
        while sock.recv(4096):
            pass
        with pytest.raises(ConnectionError):
            socket.create_connection(("127.0.0.1", server.port), PATIENCE).close()
