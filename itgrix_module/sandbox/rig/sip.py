# SPDX-License-Identifier: GPL-3.0-or-later
"""SIP messages as bytes and back, and the state that a dialog needs to make the next one (RFC 3261)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

SHORT = {"i": "call-id", "f": "from", "t": "to", "m": "contact", "v": "via", "l": "content-length"}
REASONS = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    302: "Moved Temporarily",
    404: "Not Found",
    480: "Temporarily Unavailable",
    481: "Call Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    503: "Service Unavailable",
    603: "Decline",
}
TAG = re.compile(r"tag=([^;>\s]+)")
ADDRESS = re.compile(r"<([^>]+)>")
USER = re.compile(r"sip:([^@>;]+)@")


def token() -> str:
    return secrets.token_hex(6)


@dataclass(frozen=True)
class SipMessage:
    """A request or a response; header names in lower case, in the order of the wire."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def code(self) -> int:
        """Status of a response, 0 for a request."""
        return int(self.start.split(" ")[1]) if self.start.startswith("SIP/2.0") else 0

    @property
    def method(self) -> str:
        return self.get("cseq").split()[1] if self.code else self.start.split(" ")[0]

    @property
    def number(self) -> int:
        """The CSeq number."""
        return int(self.get("cseq").split()[0])

    @property
    def dialled(self) -> str:
        """User part of the address that a request goes to."""
        return first(USER, self.start.split(" ")[1])

    def get(self, name: str) -> str:
        return next((value for header, value in self.headers if header == name), "")

    def all(self, name: str) -> list[str]:
        return [value for header, value in self.headers if header == name]


def first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def parse(datagram: bytes) -> SipMessage:
    head, _, body = datagram.partition(b"\r\n\r\n")
    start, *lines = head.decode("utf-8", "replace").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = ((name.strip().lower(), value.strip()) for name, _, value in pairs)
    return SipMessage(start, tuple((SHORT.get(name, name), value) for name, value in headers), body)


def render(start: str, headers: Iterable[str], body: bytes = b"") -> bytes:
    lines = [start, *headers]
    if body:
        lines.append("Content-Type: application/sdp")
    lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


@dataclass(frozen=True)
class Endpoint:
    """One end: who it is, where it listens, and the address of the Asterisk it talks with."""

    user: str
    address: str
    port: int
    server: tuple[str, int]

    @property
    def contact(self) -> str:
        return f"<sip:{self.user}@{self.address}:{self.port}>"

    def uri(self, number: str) -> str:
        """Address of a number at the Asterisk."""
        return f"sip:{number}@{self.server[0]}:{self.server[1]}"


@dataclass
class Dialog:
    """Addresses and counters of one call.

    ``local`` and ``remote``: From and To as we write them, tags included. ``target``: where requests go.
    """

    end: Endpoint
    call_id: str
    local: str
    remote: str
    target: str
    number: int = 100

    @property
    def local_tag(self) -> str:
        return first(TAG, self.local)

    @property
    def remote_tag(self) -> str:
        return first(TAG, self.remote)

    def request(
        self,
        method: str,
        body: bytes = b"",
        extra: Iterable[str] = (),
        number: int | None = None,
        branch: str | None = None,
    ) -> bytes:
        """Next request; ``number`` and ``branch`` only where it belongs to an earlier one (ACK, CANCEL)."""
        if number is None:
            self.number += 1
            number = self.number
        headers = [
            f"Via: SIP/2.0/UDP {self.end.address}:{self.end.port};branch={branch or new_branch()}",
            "Max-Forwards: 70",
            f"From: {self.local}",
            f"To: {self.remote}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {number} {method}",
            f"Contact: {self.end.contact}",
            *extra,
        ]
        return render(f"{method} {self.target} SIP/2.0", headers, body)


def new_branch() -> str:
    return f"z9hG4bK{token()}"


def respond(request: SipMessage, code: int, end: Endpoint, tag: str, body: bytes = b"", contact: str = "") -> bytes:
    """Response to a request; ``contact``: another address than our own (302)."""
    to = request.get("to")
    if "tag=" not in to and code > 100:
        to += f";tag={tag}"
    headers = [
        *(f"Via: {via}" for via in request.all("via")),
        f"From: {request.get('from')}",
        f"To: {to}",
        f"Call-ID: {request.get('call-id')}",
        f"CSeq: {request.get('cseq')}",
        f"Contact: {contact or end.contact}",
    ]
    return render(f"SIP/2.0 {code} {REASONS.get(code, 'Error')}", headers, body)
