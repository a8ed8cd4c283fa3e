# SPDX-License-Identifier: GPL-3.0-or-later
"""FastAGI under anything that may come over the network and out of the CRM: no crash, and no command but our own."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itgrix_module.asterisk.fastagi import AgiAnswer, AgiCall, FastAgiServer
from tests.asterisk.agi_client import PATIENCE, AgiChannel

TEXT = st.text(
    alphabet=st.sampled_from("0123456789+*#,;|&$`{}[]()<>\"'\\\r\n\t\0 =:@/_.-abcEXITЖ٣\u2028\x85"), max_size=40
)
NAME = st.sampled_from(["network_script", "callerid", "dnid", "arg_1", "arg_2", "uniqueid", "extension", "x"])
HEADER = st.tuples(NAME, TEXT | st.just("responsible")).map(lambda item: f"agi_{item[0]}: {item[1]}\n".encode())
BODY = st.lists(HEADER | st.binary(max_size=60), max_size=12).map(b"".join)
# What a dialplan may be told: one variable of ours, or one question, on one line, with nothing to be evaluated in it.
COMMAND = re.compile(
    r'GET FULL VARIABLE "?\$\{CHANNEL\(linkedid\)\}\|\$\{FROM_DID\}"?( \S+)?'
    r'|SET VARIABLE "?(ITGRIX_(EXTENSION|REASON|NAME)|CALLERID\(name\))"? "[^"\\$`{}\x00-\x1f\x7f]*"'
)


class Desk:
    """Answers as told."""

    answer = AgiAnswer("101", "responsible", "Анна", "Анна")

    def __call__(self, call: AgiCall) -> AgiAnswer:
        assert all(char.isprintable() for char in call.number + call.line + call.linkedid)
        return self.answer


DESK = Desk()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with FastAgiServer("127.0.0.1", 0, DESK, lambda: PATIENCE) as server:
        yield server.port


def said(port: int, data: bytes) -> list[str]:
    """What the server says until it hangs up; every command is obeyed."""
    found: list[str] = []
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock, sock.makefile("rb") as lines:
        try:
            sock.sendall(data + b"\n\n")
            while line := lines.readline():
                found.append(line.decode().rstrip("\n"))
                sock.sendall(b"200 result=1\n")
        except ConnectionError:
            pass  # hung up before it had read all
    return found


@settings(max_examples=150, deadline=None)
@given(BODY)
def test_any_question_is_answered_with_our_commands_or_not_at_all(port: int, data: bytes) -> None:
    DESK.answer = Desk.answer
    for line in said(port, data):
        assert COMMAND.fullmatch(line), line
    with AgiChannel(port) as channel:
        assert channel.ask()["ITGRIX_EXTENSION"] == "101"


@settings(max_examples=150, deadline=None)
@given(TEXT, TEXT, TEXT, TEXT)
def test_nothing_of_the_crm_becomes_a_command(port: int, extension: str, reason: str, name: str, shown: str) -> None:
    DESK.answer = AgiAnswer(extension, reason, name, shown)
    found = said(port, b"agi_network_script: responsible\nagi_callerid: 89161234567\n")
    assert any(line.startswith("SET VARIABLE") for line in found), found
    for line in found:
        assert COMMAND.fullmatch(line), line
