# SPDX-License-Identifier: GPL-3.0-or-later
"""Mails over real sockets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from itgrix_module.mail import MailServer, send
from tests.fakes.mail_server import MailBox, mail_box
from tests.fakes.ports import free_port


def server_of(box: MailBox) -> MailServer:
    return MailServer("127.0.0.1", box.port)


def mail(server: MailServer, *recipients: str, subject: str = "Сбой") -> None:
    send(server, "itgrix@pbx.example", recipients or ("anna@example.org",), subject, "АТС не отвечает.\n")


def test_mail_arrives_whole_in_any_script() -> None:
    with mail_box() as box:
        mail(server_of(box), "anna@example.org", "boris@example.org")
    (recipients, message) = box.mails[0]
    assert recipients == ("anna@example.org", "boris@example.org")
    assert (message["Subject"], message["From"]) == ("Сбой", "itgrix@pbx.example")
    assert message.get_content().strip() == "АТС не отвечает."
    assert message["Date"]
    assert message["Auto-Submitted"] == "auto-generated"


def test_line_breaks_in_a_subject_add_no_headers() -> None:
    with mail_box() as box:
        mail(server_of(box), subject="down\r\nBcc: all@example.org\n\nbody")
    (recipients, message) = box.mails[0]
    assert recipients == ("anna@example.org",)
    assert message["Bcc"] is None
    assert message["Subject"] == "down Bcc: all@example.org body"


def test_login_is_made_where_it_is_set() -> None:
    with mail_box(login=("itgrix", "secret")) as box:
        mail(replace(server_of(box), user="itgrix", password="secret"))
        assert len(box.mails) == 1
        with pytest.raises(NeedsOwner, match="refuses the login") as caught:
            mail(replace(server_of(box), user="itgrix", password="wrong"))
    assert "wrong" not in str(caught.value)


@pytest.mark.parametrize(("answer", "kind"), [("550 nobody", Permanent), ("450 later", Temporary)])
def test_refused_recipient(answer: str, kind: type[Failure]) -> None:
    with mail_box() as box:
        box.refused["anna@example.org"] = answer
        with pytest.raises(kind, match="takes no mail"):
            mail(server_of(box))


def test_recipient_who_alone_is_refused_is_named_and_the_others_get_it() -> None:
    with mail_box() as box:
        box.refused["boris@example.org"] = "550 nobody"
        with pytest.raises(Permanent, match=r"no mail for boris@example\.org"):
            mail(server_of(box), "anna@example.org", "boris@example.org")
    assert [recipients for recipients, _ in box.mails] == [("anna@example.org",)]


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("no-such-host.invalid", "no machine of that name"),
        ("a..b", "no machine of that name"),
        ("x" * 80, "no machine"),
    ],
)
def test_name_that_leads_nowhere_is_told(host: str, why: str) -> None:
    with pytest.raises(Temporary, match=why) as caught:
        mail(MailServer(host, 25))
    assert "alerts.mail_server" in caught.value.hint


def test_password_that_no_mail_server_takes_is_told() -> None:
    with mail_box(login=("itgrix", "secret")) as box, pytest.raises(NeedsOwner, match="Latin letters") as caught:
        mail(replace(server_of(box), user="itgrix", password="пароль"))
    assert "пароль" not in f"{caught.value} {caught.value.hint}"


def test_login_at_a_server_that_offers_none_is_told() -> None:
    with mail_box() as box, pytest.raises(Temporary, match="neither the encryption nor the login"):
        mail(replace(server_of(box), user="itgrix", password="secret"))


def test_server_that_is_away_is_temporary() -> None:
    with pytest.raises(Temporary, match="does not take mail: nothing listens there") as caught:
        mail(MailServer("127.0.0.1", free_port()))
    assert caught.value.hint


def test_server_without_tls_is_not_spoken_to_in_the_clear() -> None:
    with mail_box() as box:
        for tls in ("starttls", "tls"):
            with pytest.raises(Temporary):
                mail(replace(server_of(box), tls=tls))
        assert box.mails == []


def test_password_is_not_shown() -> None:
    assert "secret" not in repr(MailServer("h", 25, password="secret"))
