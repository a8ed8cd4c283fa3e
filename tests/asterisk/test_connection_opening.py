# SPDX-License-Identifier: GPL-3.0-or-later
"""What an administrator is told when there is no Asterisk manager at the other end, and TLS."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from itgrix_module.asterisk import faults
from itgrix_module.asterisk.connection import Connection, TlsOptions
from itgrix_module.domain.failures import Failure, NeedsOwner, Temporary
from tests.asterisk.support import Receiver, connection, logged_in
from tests.fakes.ami_server import AmiServer


@contextmanager
def peer(*, first: bytes = b"", after: bytes = b"", close: bool = False) -> Iterator[int]:
    """A port where ``first`` is said at once and ``after`` once the client has spoken."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        sock, _ = listener.accept()
        with sock:
            sock.sendall(first)
            if not close and sock.recv(1000):
                sock.sendall(after)
                sock.recv(1000)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    thread.join(10)
    listener.close()


def fault_of(port: int, **options: Any) -> Failure:
    receiver = Receiver()
    session = Connection(
        "127.0.0.1", port, on_message=receiver.on_message, on_lost=receiver.on_lost, connect_timeout=0.3, **options
    )
    with pytest.raises(Failure) as raised:
        session.open()
    assert receiver.lost == []
    assert raised.value.hint
    assert f"127.0.0.1:{port}" in raised.value.text
    return raised.value


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    fault = fault_of(port)
    assert isinstance(fault, Temporary)
    assert fault.code == "refused"


@pytest.mark.parametrize(
    ("first", "after", "named"),
    [
        (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", b"", "an SSH server"),
        (b"", b"HTTP/1.1 400 Bad Request\r\nServer: Asterisk\r\n\r\n", "a web server"),
        (b"220 mail.example.com ESMTP\r\n", b"", "a mail or FTP server"),
        (b"\xff\xfb\x01\x1b[2J\r\n", b"", "something else"),
    ],
)
def test_other_service_on_that_port_is_named(first: bytes, after: bytes, named: str) -> None:
    with peer(first=first, after=after) as port:
        fault = fault_of(port)
    assert isinstance(fault, NeedsOwner)
    assert fault.code == "not_ami"
    assert named in fault.text
    assert "\x1b" not in fault.text
    assert "5038" in fault.hint


def test_tls_port_without_tls_is_recognised() -> None:
    with peer(after=b"\x15\x03\x01\x00\x02\x02\x46") as port:
        fault = fault_of(port)
    assert isinstance(fault, NeedsOwner)
    assert fault.code == "tls_needed"


def test_port_without_tls_is_recognised_when_tls_is_asked() -> None:
    with AmiServer() as ami:
        fault = fault_of(ami.port, tls=TlsOptions())
    assert isinstance(fault, NeedsOwner)
    assert fault.code == "tls_not_spoken"


def test_peer_that_closes_at_once_may_come_back() -> None:
    with peer(close=True) as port:
        fault = fault_of(port)
    assert isinstance(fault, Temporary)
    assert fault.code == "closed"


def test_silent_peer_is_given_up_within_the_time_out() -> None:
    with peer() as port:
        fault = fault_of(port)
    assert isinstance(fault, Temporary)
    assert fault.code == "silent"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (socket.gaierror(-2, "Name or service not known"), "dns"),
        (TimeoutError("timed out"), "timeout"),
        (ConnectionResetError(104, "Connection reset by peer"), "closed"),
        (OSError(113, "No route to host"), "unreachable"),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), "tls"),
    ],
)
def test_faults_that_heal_by_themselves_are_temporary(error: OSError, code: str) -> None:
    fault = faults.opening(error, "pbx.example.com:5038")
    assert isinstance(fault, Temporary)
    assert (fault.code, bool(fault.hint)) == (code, True)


class Certificate:
    """A self-signed certificate for a name or address."""

    def __init__(self, folder: Path, name: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pbx")])
        now = datetime.datetime.now(datetime.UTC)
        alternative = x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(7)
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.file = folder / f"{name}.pem"
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.file.write_bytes(pem + private)

    @property
    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file)
        return context


def test_tls_session_works_both_ways(tmp_path: Path) -> None:
    certificate, receiver = Certificate(tmp_path, "127.0.0.1"), Receiver()
    with (
        AmiServer(tls=certificate.server) as ami,
        logged_in(ami, receiver, tls=TlsOptions(ca_file=str(certificate.file))) as session,
    ):
        for number in range(2000):
            ami.event("Newchannel", Uniqueid=f"1.{number}")
        assert session.ping().headers["Ping"] == "Pong"
        ami.event("Hangup")
        receiver.wait_for_event("Hangup")
    assert receiver.events.count("Newchannel") == 2000


def test_tls_loss_is_told(tmp_path: Path) -> None:
    certificate, receiver = Certificate(tmp_path, "127.0.0.1"), Receiver()
    with (
        AmiServer(tls=certificate.server) as ami,
        logged_in(ami, receiver, tls=TlsOptions(verify=False)),
    ):
        ami.drop_all()
        receiver.wait_for(lambda: receiver.lost)
    assert len(receiver.lost) == 1


def test_certificate_that_is_not_trusted_is_named(tmp_path: Path) -> None:
    with AmiServer(tls=Certificate(tmp_path, "127.0.0.1").server) as ami:
        fault = fault_of(ami.port, tls=TlsOptions())
    assert isinstance(fault, NeedsOwner)
    assert fault.code == "tls_certificate"
    assert "CA file" in fault.hint


def test_certificate_for_another_name_is_refused_unless_that_name_is_given(tmp_path: Path) -> None:
    certificate = Certificate(tmp_path, "pbx.example.com")
    with AmiServer(tls=certificate.server) as ami:
        fault = fault_of(ami.port, tls=TlsOptions(ca_file=str(certificate.file)))
        assert fault.code == "tls_certificate"
        named = TlsOptions(ca_file=str(certificate.file), server_name="pbx.example.com")
        with logged_in(ami, Receiver(), tls=named) as session:
            assert session.connected()


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_ca_file_that_cannot_be_used_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with AmiServer() as ami:
        session = connection(ami, Receiver(), tls=TlsOptions(ca_file=str(path)))
        with pytest.raises(NeedsOwner) as raised:
            session.open()
    assert raised.value.code == "tls_ca_file"
    assert str(path) in raised.value.text
