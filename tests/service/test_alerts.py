# SPDX-License-Identifier: GPL-3.0-or-later
"""A PBX that is away: its administrator hears of it by every way that the settings name, in his language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from itgrix_module.alerting import alerts
from tests.fakes.mail_server import mail_box
from tests.fakes.ports import free_port
from tests.service.house import house
from tests.service.test_pbx_faults import tried_often

MINUTE = 60.0


def test_administrator_hears_in_the_portal_and_by_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_box() as box:
        told: dict[str, Any] = {
            "alerts.user": 1,
            "alerts.chat": "chat1",
            "alerts.mail_to": ["anna@example.org"],
            "alerts.mail_server": f"127.0.0.1:{box.port}",
            "alerts.mail_from": "itgrix@pbx.example",
            "ami.port": free_port(),
        }
        with house(tmp_path, told, ready=False) as here:
            tried_often(here)
            service, ahead = here.service, [0.0]
            real = service.clock
            monkeypatch.setattr(service, "clock", lambda: real() + ahead[0])
            look = alerts(service)
            look()
            ahead[0] = 6 * MINUTE
            look()
            service.core.settings.save({"ami.port": here.pbx.port})
            here.wait_ready()
            look()
            ahead[0] = 8 * MINUTE
            look()
            notices = [item.text for item in here.portal.notifications if item.user_id == 1]
            messages = [item.text for item in here.portal.messages if item.dialog == "chat1"]
        mails = [message.get_content() for _, message in box.mails]
    for heard in (messages, mails):
        assert len(heard) == 2, heard
        assert heard[0].startswith("Itgrix на")
        assert "исправлено" in heard[1]
    assert notices
    assert "исправлено" in notices[-1]
