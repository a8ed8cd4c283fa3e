# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with the way to the AMI, and what an administrator does about it. One table, no I/O."""

from __future__ import annotations

import re
import socket
import ssl

from itgrix_module.app.dial_ports import NO_ROUTE
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary

CHECK_RUNNING = "Check that Asterisk runs, that manager.conf has enabled = yes, and that port and bindaddr are right."
CHECK_ACCOUNT = (
    "Check name and secret in manager.conf, that its permit line admits this machine, then `manager reload`."
)
CHECK_PORT = "The AMI listens on port 5038 by default, with TLS on 5039 (manager.conf)."
CHECK_TLS = "Switch TLS on in the AMI settings, or use the port without TLS (5038 by default)."
CHECK_NO_TLS = "Switch TLS off in the AMI settings, or use the port of tlsbindaddr (5039 by default)."
CHECK_CERTIFICATE = "Give the CA file of the PBX's certificate, check its name and dates, or switch the check off."
CHECK_FIREWALL = "Check the address, the route and the firewall between this machine and the PBX."

_SEEN = (
    (b"SSH-", "an SSH server"),
    (b"HTTP/", "a web server"),
    (b"<", "a web server"),
    (b"220", "a mail or FTP server"),
    (b"SIP/2.0", "a SIP server"),
    (b"+OK", "a POP3 server"),
    (b"* OK", "an IMAP server"),
)
_NO_EXTENSION = re.compile(r"extension\b.*\bexist", re.IGNORECASE)  # Asterisk: Extension does not exist.
_TLS_RECORD = (b"\x15\x03", b"\x16\x03")
_WRONG_TLS = (
    "WRONG_VERSION_NUMBER",
    "UNKNOWN_PROTOCOL",
    "HTTP_REQUEST",
    "PACKET_LENGTH_TOO_LONG",
    "RECORD_LAYER_FAILURE",
)


def opening(error: Exception, where: str) -> Failure:
    """Why no connection came about. ``where``: host and port, for the text."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, ssl.SSLError):
        return _tls(error, where)
    if isinstance(error, socket.gaierror):
        return Temporary("dns", f"the name of {where} cannot be resolved: {error.strerror}", CHECK_FIREWALL)
    if isinstance(error, ConnectionRefusedError):
        return Temporary("refused", f"{where} refuses the connection: nothing listens there", CHECK_RUNNING)
    if isinstance(error, TimeoutError):
        return Temporary("timeout", f"{where} does not answer", CHECK_FIREWALL)
    if isinstance(error, ConnectionError):
        return closed_at_once(where)
    return Temporary("unreachable", f"{where} cannot be reached: {error}", CHECK_FIREWALL)


def _tls(error: ssl.SSLError, where: str) -> Failure:
    if isinstance(error, ssl.SSLCertVerificationError):
        text = f"the certificate of {where} is not trusted: {error.verify_message}"
        return NeedsOwner("tls_certificate", text, CHECK_CERTIFICATE)
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Temporary("tls", f"{where} closed the connection during the TLS handshake", CHECK_NO_TLS)
    if any(sign in (error.reason or "").upper() for sign in _WRONG_TLS):
        return NeedsOwner("tls_not_spoken", f"{where} does not speak TLS", CHECK_NO_TLS)
    return NeedsOwner("tls", f"no TLS connection with {where}: {error.reason or error}", CHECK_CERTIFICATE)


def ca_file(path: str, error: Exception) -> Failure:
    """The CA file of the settings cannot be used."""
    return NeedsOwner("tls_ca_file", f"the CA file {path} cannot be read: {error}", CHECK_CERTIFICATE)


def closed_at_once(where: str) -> Failure:
    """The peer hung up before its greeting."""
    hint = f"{CHECK_RUNNING} Asterisk also closes at once when authlimit sessions are waiting to log in."
    return Temporary("closed", f"{where} closed the connection before a greeting", hint)


def silent(where: str, seconds: float) -> Failure:
    """Connected, but nothing was said, not even after a nudge."""
    return Temporary("silent", f"{where} said nothing within {seconds:g} s, so it is no AMI or it is stuck", CHECK_PORT)


def not_ami(seen: bytes, where: str) -> Failure:
    """Something else answers on that port; the text names it."""
    if seen.startswith(_TLS_RECORD):
        return NeedsOwner("tls_needed", f"{where} speaks TLS", CHECK_TLS)
    kind = next((name for start, name in _SEEN if seen.lstrip().startswith(start)), "something else")
    text = f"{kind} answers at {where}, not an Asterisk manager: {printable(seen)}"
    return NeedsOwner("not_ami", text, CHECK_PORT)


def printable(seen: bytes, most: int = 60) -> str:
    """First line of foreign bytes, safe to show."""
    line = seen.strip().splitlines()[0][:most] if seen.strip() else b""
    shown = "".join(c if c.isprintable() else "?" for c in line.decode("utf-8", "replace"))
    return f'"{shown}"'


def login(message: str, username: str, where: str) -> Failure:
    """The PBX refused the account."""
    text = f"{where} refuses the login of {username or 'an empty user name'}: {message or 'no reason given'}"
    return NeedsOwner("auth", text, CHECK_ACCOUNT, method="Login")


def answer(action: str, message: str) -> Failure:
    """The PBX answered ``Response: Error`` to an action."""
    if message.lower().startswith("permission denied"):
        hint = f"The AMI user lacks a right for {action}: extend its write line in manager.conf, then `manager reload`."
        return NeedsOwner("permission", "permission denied", hint, method=action)
    if _NO_EXTENSION.match(message):
        return Permanent(NO_ROUTE, message, method=action)
    return Permanent("rejected", message or "refused without a reason", method=action)


def no_answer(action: str, seconds: float) -> Failure:
    """The wait for an answer is over; whether the action was executed is unknown."""
    return Temporary("timeout", f"no answer within {seconds:g} s", method=action, executed=True)


def lost(action: str, reason: str, *, executed: bool) -> Failure:
    """The connection broke."""
    return Temporary("lost", f"the AMI connection is lost: {reason}", CHECK_RUNNING, method=action, executed=executed)


def bad_header(action: str, reason: str) -> Failure:
    """The action cannot be written in the protocol, or would smuggle in another one."""
    return Permanent("bad_header", reason, method=action)
