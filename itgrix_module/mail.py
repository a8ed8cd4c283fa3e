# SPDX-License-Identifier: GPL-3.0-or-later
"""Mails by SMTP."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from itgrix_module.domain.failures import NeedsOwner, Permanent, Temporary

_PATIENCE = 10.0  # seconds
_NAME = "Check the name in alerts.mail_server."
_ENCRYPTION = (
    "Check alerts.mail_tls and the port in alerts.mail_server: a wrong encryption often shows itself this way."
)
# What went wrong, and what to do; the first that fits counts.
_WHY: tuple[tuple[type[Exception], str, str], ...] = (
    (smtplib.SMTPNotSupportedError, "it offers neither the encryption nor the login that is set", _ENCRYPTION),
    (smtplib.SMTPSenderRefused, "it refuses the sender", "Check alerts.mail_from; some servers want a login first."),
    (smtplib.SMTPServerDisconnected, "it hung up", _ENCRYPTION),
    (smtplib.SMTPException, "it refuses the mail", "See the log of the mail server."),
    (ssl.SSLCertVerificationError, "its certificate is not trusted", _NAME),
    (ssl.SSLError, "it does not speak the encryption that is set", _ENCRYPTION),
    (socket.gaierror, "there is no machine of that name", _NAME),
    (UnicodeError, "there is no machine of that name", _NAME),
    (TimeoutError, "it does not answer", _ENCRYPTION),
    (ConnectionRefusedError, "nothing listens there", "Start the mail server, or check alerts.mail_server."),
    (OSError, "it cannot be reached", "Check alerts.mail_server and the network."),
)


@dataclass(frozen=True)
class MailServer:
    """``tls``: ``none``, ``starttls`` or ``tls``; the certificate is checked."""

    host: str
    port: int
    tls: str = "none"
    user: str = ""
    password: str = field(default="", repr=False)


def send(server: MailServer, sender: str, recipients: Sequence[str], subject: str, text: str) -> None:
    """One mail to everybody. Raises Temporary, NeedsOwner (login) or Permanent (somebody does not get it)."""
    sender = sender or f"itgrix@{socket.getfqdn()}"
    message = _message(sender, recipients, subject, text)
    try:
        with _connection(server) as smtp:
            if server.user:
                _log_in(smtp, server)
            refused = smtp.send_message(message, sender, list(recipients))
    except smtplib.SMTPAuthenticationError:
        raise NeedsOwner(
            "mail_login", "the mail server refuses the login", "Check alerts.mail_user and alerts.mail_password."
        ) from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = {code for code, _ in error.recipients.values()}
        kind = Temporary if any(400 <= code < 500 for code in codes) else Permanent
        raise kind(
            "mail_refused", "the mail server takes no mail for the given addresses", "Check alerts.mail_to."
        ) from None
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        why, hint = next((why, hint) for kind, why, hint in _WHY if isinstance(error, kind))
        raise Temporary(
            "mail_server", f"the mail server {server.host}:{server.port} does not take mail: {why}", hint
        ) from error
    if refused:
        # The others have it: to send it again would be one mail too many for them.
        raise Permanent(
            "mail_partly_refused", f"the mail server takes no mail for {', '.join(refused)}", "Check alerts.mail_to."
        )


def _log_in(smtp: smtplib.SMTP, server: MailServer) -> None:
    try:
        smtp.login(server.user, server.password)
    except UnicodeEncodeError:
        raise NeedsOwner(
            "mail_login",
            "a mail server takes Latin letters, digits and signs only in login and password",
            "Check alerts.mail_user and alerts.mail_password.",
        ) from None


def _message(sender: str, recipients: Sequence[str], subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = sender, ", ".join(recipients)
    message["Subject"] = " ".join(subject.split())
    message["Date"], message["Message-ID"] = formatdate(localtime=True), make_msgid("itgrix")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def _connection(server: MailServer) -> smtplib.SMTP:
    if server.tls == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=_PATIENCE, context=ssl.create_default_context())
    smtp = smtplib.SMTP(server.host, server.port, timeout=_PATIENCE)
    if server.tls == "starttls":
        try:
            smtp.starttls(context=ssl.create_default_context())
        except BaseException:
            smtp.close()
            raise
    return smtp
