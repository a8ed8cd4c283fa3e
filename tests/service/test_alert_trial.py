# SPDX-License-Identifier: GPL-3.0-or-later
"""A test of the alerts by the ways that are saved: what arrives, what does not and why, and what it leaves alone."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from itgrix_module.alert_desk import AlertBoard
from itgrix_module.alerting import channels_of
from itgrix_module.app.alert_ports import Outcome, Trial
from itgrix_module.app.alerts import Alert
from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.storage.alerts import SqlTold
from itgrix_module.storage.audit import AuditFilter
from tests.fakes.mail_server import MailBox, mail_box
from tests.fakes.ports import free_port
from tests.service.house import House, house, until


def named(box: MailBox, **changes: Any) -> dict[str, Any]:
    return {
        "alerts.user": 1,
        "alerts.chat": "chat1",
        "alerts.mail_to": ["anna@example.org"],
        "alerts.mail_server": f"127.0.0.1:{box.port}",
        "alerts.mail_from": "itgrix@pbx.example",
    } | changes


@contextmanager
def told_house(folder: Path, **changes: Any) -> Iterator[tuple[House, MailBox]]:
    with mail_box() as box, house(folder, named(box, **changes), ready=False) as here:
        yield here, box


@contextmanager
def silent_server() -> Iterator[int]:
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield int(listening.getsockname()[1])
    until(lambda: not [each for each in threading.enumerate() if each.name == "alert-test"])


def outcome(trial: Trial, kind: str) -> Outcome:
    return next(each for each in trial.outcomes if each.way.kind == kind)


def code(trial: Trial, kind: str) -> str:
    failure = outcome(trial, kind).failure
    return failure.code if failure else "sent"


def notices(here: House) -> list[str]:
    return [item.text for item in here.portal.notifications if item.user_id == 1]


def test_test_arrives_by_every_way_and_says_that_it_is_one(tmp_path: Path) -> None:
    with told_house(tmp_path) as (here, box):
        board = AlertBoard(here.service)
        trial = board.test()
        assert trial.failed == []
        heard = [*notices(here), *(item.text for item in here.portal.messages if item.dialog == "chat1")]
        heard += [message.get_content().strip() for _, message in box.mails]
        assert len(heard) == 3
        assert all(each.startswith("Проверка оповещений Itgrix") for each in heard)
        assert board.last() == trial
        assert [str(way) for way in board.ways()] == trial.sent


def test_test_speaks_the_language_of_the_portal(tmp_path: Path) -> None:
    with told_house(tmp_path, **{"portal.language": "en"}) as (here, box):
        AlertBoard(here.service).test()
        assert box.mails[0][1]["Subject"].startswith("Test of the alerts of Itgrix on")


def test_test_neither_replaces_a_real_notice_nor_counts_as_one(tmp_path: Path) -> None:
    with told_house(tmp_path) as (here, _):
        told = SqlTold(here.service.core.database, here.service.node)
        real = Alert("pbx", "ЫЫЫ", "", 1000.0)
        channels_of(here.service)[0].tell(real)
        told.put("pbx", 1000.0)
        told.put("long gone", 2000.0)
        board = AlertBoard(here.service, rest=0.0)
        board.test()
        board.test()
        assert len(notices(here)) == 2  # the second test took the place of the first
        assert "ЫЫЫ" in notices(here)[0]
        assert told.load() == {"pbx": 1000.0, "long gone": 2000.0}
        assert [(each.part, each.is_watched) for each in board.standing()] == [("pbx", True), ("long gone", False)]


def test_mail_that_is_refused_leaves_the_others_alone(tmp_path: Path) -> None:
    with told_house(tmp_path) as (here, box):
        box.refused["anna@example.org"] = "550 nobody"
        trial = AlertBoard(here.service).test()
        assert (code(trial, "user"), code(trial, "chat"), code(trial, "mail")) == ("sent", "sent", "mail_refused")
        assert outcome(trial, "mail").hint == "Check alerts.mail_to."


def test_mail_server_that_hangs_is_given_up(tmp_path: Path) -> None:
    with silent_server() as port, told_house(tmp_path, **{"alerts.mail_server": f"127.0.0.1:{port}"}) as (here, _):
        trial = AlertBoard(here.service, patience=3.0).test()
        assert (code(trial, "user"), code(trial, "chat"), code(trial, "mail")) == ("sent", "sent", "no_answer")
        assert "alerts.mail_server" in outcome(trial, "mail").hint


def test_portal_that_is_away_leaves_the_mail_alone(tmp_path: Path) -> None:
    with told_house(tmp_path) as (here, box):
        address = f"http://127.0.0.1:{free_port()}/rest/1/secretcode1/"
        here.service.core.settings.save({"portal.webhook_url": address})
        trial = AlertBoard(here.service).test()
        assert trial.sent == ["mail anna@example.org"]
        assert len(box.mails) == 1
        failed = outcome(trial, "user")
        assert failed.failure is not None
        assert failed.hint
        assert "secretcode1" not in f"{failed.failure} {failed.hint}"


def test_user_and_chat_that_are_not_there_are_told(tmp_path: Path) -> None:
    with told_house(tmp_path, **{"alerts.user": 77777, "alerts.chat": "chat77777", "alerts.mail_to": []}) as (here, _):
        trial = AlertBoard(here.service).test()
        assert trial.sent == []
        assert all(each.hint for each in trial.outcomes)


def test_pause_of_deliveries_stops_no_alert(tmp_path: Path) -> None:
    with told_house(tmp_path) as (here, _):
        here.service.pause(True)
        assert AlertBoard(here.service).test().failed == []


def test_panel_sends_the_test_and_notes_it(tmp_path: Path) -> None:
    with told_house(tmp_path) as (here, box), requests.Session() as browser:
        page = browser.get(f"{here.panel}/alerts/?lang=en", timeout=20).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token
        order = {"csrf_token": token[1]}
        answer = browser.post(f"{here.panel}/alerts/test", data=order, timeout=20)
        assert "The test was sent by every way." in answer.text
        again = browser.post(f"{here.panel}/alerts/test", data=order, timeout=20)
        assert "A test was made a moment ago." in again.text
        assert "The last test:" in again.text
        assert len(box.mails) == 1
        entries = here.service.operations.journal.page(AuditFilter(), 10)
    assert [(entry.who, entry.action) for entry in entries] == [("local", "alerts.test")]


def test_nobody_named_is_said(tmp_path: Path) -> None:
    nobody = {"alerts.user": 0, "alerts.chat": "", "alerts.mail_to": []}
    with told_house(tmp_path, **nobody) as (here, box):
        board = AlertBoard(here.service)
        with pytest.raises(NeedsOwner, match="nobody is named"):
            board.test()
        assert (board.ways(), board.last(), box.mails) == ((), None, [])
