# SPDX-License-Identifier: GPL-3.0-or-later
"""One question of the dialplan by AGI: environment in, decision, variables out; bounded in time and in bytes."""

from __future__ import annotations

import logging
import re
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from itgrix_module.app.route_ports import harmless, limit_of

log = logging.getLogger("itgrix.routing")

READ = 1.0  # seconds for the question to come in
WRITE = 1.0  # seconds beyond the limit for the answer to be taken
LINE, ALL = 4096, 65536  # bytes of one line, of one question
LINES = 200
SCRIPT = "responsible"


@dataclass(frozen=True)
class AgiCall:
    """A channel that asks. ``line``: the DID; ``linkedid``: of its call; ``limit``: seconds, 0 for the usual ones."""

    number: str
    line: str = ""
    destination: str = ""
    linkedid: str = ""
    limit: float = 0.0


@dataclass(frozen=True)
class AgiAnswer:
    """``extension``: empty for the usual way. ``name``: for the caller's name, empty to leave it as it is."""

    extension: str
    reason: str
    name: str = ""
    caller_name: str = ""


class Over(Exception):
    """The question is too long, too slow, no question at all, or the channel is gone."""


class Question:
    """One session: environment in, decision, variables out."""

    def __init__(self, answer: Callable[[AgiCall], AgiAnswer], limit: Callable[[], float]) -> None:
        self._answer, self._limit = answer, limit

    def ask(self, sock: socket.socket) -> None:
        """Answer one channel. Raises Over or OSError when it is no use."""
        began = time.monotonic()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = _Wire(sock, began + READ)
        environment = _environment(wire)
        path, options = _script(environment)
        if path != SCRIPT:
            log.warning("the dialplan asks for /%s, there is only /%s", _shown(path), SCRIPT)
            return
        call = _call(environment, options, wire)
        wire.until = time.monotonic() + (call.limit or self._limit()) + WRITE
        _tell(wire, self._answer(call))


class _Wire:
    """Lines of bytes, none of them long, all of them soon. ``until``: monotonic seconds."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock, self.until = sock, until
        self._rest = b""
        self._taken = 0

    def line(self) -> str:
        while b"\n" not in self._rest:
            if len(self._rest) > LINE:
                raise Over
            self._rest += self._received()
        line, _, self._rest = self._rest.partition(b"\n")
        if len(line) > LINE:
            raise Over
        return line.rstrip(b"\r").decode("utf-8", "replace")

    def command(self, text: str) -> str:
        """What Asterisk answers, without notices in between."""
        self._wait()
        self._sock.sendall(text.encode("utf-8", "replace") + b"\n")
        while True:
            answer = self.line()
            if answer[:3].isdecimal():
                return answer

    def _received(self) -> bytes:
        self._wait()
        data = self._sock.recv(LINE)
        self._taken += len(data)
        if not data or self._taken > ALL:
            raise Over
        return data

    def _wait(self) -> None:
        left = self.until - time.monotonic()
        if left <= 0:
            raise Over
        self._sock.settimeout(left)


def _environment(wire: _Wire) -> dict[str, str]:
    found: dict[str, str] = {}
    for _ in range(LINES):
        line = wire.line()
        if not line:
            return found
        name, colon, value = line.partition(":")
        if not colon or not name.startswith("agi_"):
            raise Over
        found.setdefault(name, value.strip())
    raise Over


def _script(environment: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Name and options of ``responsible?name=sales``."""
    path, _, query = environment.get("agi_network_script", "").partition("?")
    options = parse_qs(query[:LINE], max_num_fields=20) if query.count("&") < 20 else {}
    return path.strip("/"), {name: values[0] for name, values in options.items()}


def _call(environment: Mapping[str, str], options: Mapping[str, str], wire: _Wire) -> AgiCall:
    """Arguments of the application count first, then the address's options, then what the channel knows."""
    linkedid, did = _of_channel(wire)
    number = environment.get("agi_arg_1") or options.get("number") or _known(environment, "agi_callerid")
    line = environment.get("agi_arg_2") or options.get("line") or did
    return AgiCall(
        number,
        line or _known(environment, "agi_dnid"),
        options.get("name", ""),
        linkedid or environment.get("agi_uniqueid", ""),
        limit_of(options.get("limit_ms", "")),
    )


def _known(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    return "" if value == "unknown" else value


def _of_channel(wire: _Wire) -> tuple[str, str]:
    """Linkedid and DID, in one question."""
    answer = wire.command('GET FULL VARIABLE "${CHANNEL(linkedid)}|${FROM_DID}"')
    found = re.fullmatch(r"200 result=1 \((.*)\)", answer)
    linkedid, _, did = found[1].partition("|") if found else ("", "", "")
    return linkedid.strip(), did.strip()


def _tell(wire: _Wire, answer: AgiAnswer) -> None:
    """The extension comes last: without it the dialplan takes its usual way, whatever else has arrived."""
    if answer.caller_name:
        _set(wire, "CALLERID(name)", answer.caller_name)
    _set(wire, "ITGRIX_NAME", answer.name)
    _set(wire, "ITGRIX_REASON", answer.reason)
    _set(wire, "ITGRIX_EXTENSION", answer.extension)


def _set(wire: _Wire, name: str, value: str) -> None:
    answer = wire.command(f'SET VARIABLE {name} "{harmless(value)}"')
    if not answer.startswith("200"):
        raise Over


def _shown(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text[:60])
