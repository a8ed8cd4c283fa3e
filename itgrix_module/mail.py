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


@dataclass(frozen=True)
class MailServer:
    """``tls``: ``none``, ``starttls`` or ``tls``; the certificate is checked."""

    host: str
    port: int
    tls: str = "none"
    user: str = ""
    password: str = field(default="", repr=False)


def send(server: MailServer, sender: str, recipients: Sequence[str], subject: str, text: str) -> None:
    """One mail to everybody. Raises Temporary, NeedsOwner (login) or Permanent (nobody takes it)."""
    sender = sender or f"itgrix@{socket.getfqdn()}"
    message = _message(sender, recipients, subject, text)
    try:
        with _connection(server) as smtp:
            if server.user:
                smtp.login(server.user, server.password)
            smtp.send_message(message, sender, list(recipients))
    except smtplib.SMTPAuthenticationError:
        raise NeedsOwner(
            "mail_login", "the mail server refuses the login", "Check alerts.mail_user and alerts.mail_password."
        ) from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = {code for code, _ in error.recipients.values()}
        kind = Temporary if any(400 <= code < 500 for code in codes) else Permanent
        raise kind("mail_refused", "the mail server takes no mail for the given addresses") from None
    except (OSError, smtplib.SMTPException) as error:
        raise Temporary(
            "mail_server", f"the mail server {server.host}:{server.port} does not take mail: {type(error).__name__}"
        ) from error


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
