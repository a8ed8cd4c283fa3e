# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: both languages, every tab, what an employee sees, its forms, its live answers."""

from __future__ import annotations

import contextlib
import re
import threading
from typing import Any

import pytest
import requests

from itgrix_module.sandbox.portal import SandboxPortal
from itgrix_module.sandbox.portal.pages import TABS
from itgrix_module.sandbox.portal.texts import TEXTS, texts
from tests.sandbox.portal.conftest import Api, mp3


def page(portal: SandboxPortal, path: str = "/", **headers: str) -> requests.Response:
    return requests.get(portal.url + path, headers=headers, timeout=10)


def section(portal: SandboxPortal, name: str, **query: Any) -> str:
    tab = next((tab for tab, names in TABS.items() if name in names), "calls")
    answer = requests.get(portal.url + "/live", params={"tab": tab, **query}, timeout=10)
    return str(answer.json()["sections"][name])


@pytest.fixture
def busy(portal: SandboxPortal, api: Api, app_api: Api) -> SandboxPortal:
    """A portal where something of everything happened."""
    talked = api.finished(EXTERNAL_CALL_ID="a", LINE_NUMBER="74951234567", duration=65)
    offered = api.ok("telephony.externalCall.attachRecord", CALL_ID=talked, FILENAME="запись 1.mp3")
    api.session.post(offered["uploadUrl"], files={"file": mp3(4)}, timeout=10)
    broken = api.finished(phone="+79031112233", EXTERNAL_CALL_ID="b")
    offered = api.ok("telephony.externalCall.attachRecord", CALL_ID=broken, FILENAME="b.mp3")
    api.session.post(offered["uploadUrl"], files={"file": b"noise"}, timeout=10)
    api.ok("telephony.externalCall.finish", CALL_ID=api.register(USER_ID=4), USER_ID=4, STATUS_CODE="304")
    api.register(phone="+79990001122", USER_ID=3, CRM_CREATE=1, LINE_NUMBER="78127654321")
    portal.click_to_call(5, "+79057778899")
    api.ok("tasks.task.add", fields={"TITLE": "Перезвонить <b>", "RESPONSIBLE_ID": 4, "UF_CRM_TASK": ["C_1"]})
    api.ok("im.message.add", DIALOG_ID="chat1", MESSAGE="Новый лид")
    api.ok("im.notify.system.add", USER_ID=3, MESSAGE="Занято")
    api.ok("crm.timeline.comment.add", fields={"ENTITY_TYPE": "contact", "ENTITY_ID": 1, "COMMENT": "Ждал 5 с"})
    api.ok("batch", cmd={"a": "profile", "b": "crm.lead.get?id=99"})
    portal.faults.add("profile", "slow", times=3, seconds=0)
    return portal


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_tab_loads_in_both_languages(busy: SandboxPortal, tab: str, language: str) -> None:
    answer = page(busy, "/" if tab == "calls" else f"/{tab}", **{"Accept-Language": language})
    words = texts(language)
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    assert words[tab] in answer.text
    assert words["title"] in answer.text


def test_texts_are_whole_in_both_languages() -> None:
    for key, pair in TEXTS.items():
        assert all(pair), key
        assert set(re.findall(r"{\w+", pair[0])) == set(re.findall(r"{\w+", pair[1])), key


@pytest.mark.parametrize(
    ("wanted", "language"), [("ru,en;q=0.5", "ru"), ("de,en;q=0.5", "en"), ("fr", "en"), ("", "en")]
)
def test_browser_chooses_the_language(portal: SandboxPortal, wanted: str, language: str) -> None:
    assert f'<html lang="{language}">' in page(portal, **{"Accept-Language": wanted}).text


def test_chosen_language_and_employee_are_remembered(busy: SandboxPortal, session: requests.Session) -> None:
    session.get(busy.url + "/?lang=en&user=3", timeout=10)
    answer = session.get(busy.url + "/", headers={"Accept-Language": "ru"}, timeout=10)
    assert '<html lang="en">' in answer.text
    assert '<option value="3" selected>' in answer.text
    assert "SameSite=Strict" in session.get(busy.url + "/?lang=ru", timeout=10).headers["Set-Cookie"]


def test_page_needs_nothing_from_elsewhere_and_says_so(busy: SandboxPortal) -> None:
    answer = page(busy)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'")
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*src=)|style=|\son\w+=|https?://", answer.text)
    for link in re.findall(r'(?:href|src)="(/(?:static/|icon)[^"]+)"', answer.text):
        assert page(busy, link).status_code == 200
    assert page(busy, "/static/../portal.py").status_code == 404


def test_employee_sees_his_own_cards(busy: SandboxPortal) -> None:
    mine, others = section(busy, "cards", user=3), section(busy, "cards", user=4)
    assert "+79990001122" in mine
    assert "Петербург" in mine
    assert "Мария Соколова" in mine
    assert "+79990001122" not in others
    everybody = section(busy, "cards")
    assert everybody.count('class="card ') == 2
    assert "outgoing" in everybody


def test_card_disappears_with_the_call(busy: SandboxPortal, api: Api) -> None:
    call = next(call for call in busy.calls() if call.phone == "+79990001122")
    api.ok("telephony.externalCall.finish", CALL_ID=call.call_id, USER_ID=3, DURATION=1)
    assert "+79990001122" not in section(busy, "cards", user=3)


def test_calls_have_results_and_recordings_to_play(busy: SandboxPortal) -> None:
    html = section(busy, "calls", lang="ru")
    for part in ("Отвечен", "1:05", "Пропущен", "идёт", "запись не воспроизводится", "Андрей Крылов"):
        assert part in html
    address = re.search(r'<audio[^>]*src="([^"]+)"', html)
    assert address is not None
    sound = page(busy, address.group(1), Range="bytes=0-")
    assert (sound.status_code, sound.headers["Content-Type"], sound.content) == (206, "audio/mpeg", mp3(4))


def test_tabs_show_what_came_of_the_calls(busy: SandboxPortal) -> None:
    assert "+79990001122 - Входящий звонок" in section(busy, "entities")
    assert "Входящий от Андрей Крылов" in section(busy, "activities")
    assert "Перезвонить &lt;b&gt;" in section(busy, "tasks")
    messages = section(busy, "messages")
    assert "Новый лид" in messages
    assert "Ждал 5 с" in messages
    assert "Занято" in section(busy, "notifications", user=3)
    assert "Занято" not in section(busy, "notifications", user=4)


def test_requests_tell_batches_errors_and_the_bucket(busy: SandboxPortal) -> None:
    html = section(busy, "requests", lang="en")
    assert "crm.lead.get" in html
    assert "in batch" in html
    assert busy.config.webhooks[0].code not in html
    bucket = section(busy, "bucket", lang="en")
    assert f"<dd>{busy.http['total']}</dd>" in bucket
    assert "10000" in bucket


def test_faults_and_outage_are_seen_on_the_panel(busy: SandboxPortal) -> None:
    busy.outage(True)
    assert "slow" in section(busy, "rules")
    assert "reset" in section(busy, "outage")


def test_live_waits_for_a_change(portal: SandboxPortal) -> None:
    first = requests.get(portal.url + "/live?revision=-1", timeout=10).json()
    threading.Timer(0.05, lambda: portal.click_to_call(3, "+79062195047")).start()
    second = requests.get(portal.url + "/live", params={"revision": first["revision"]}, timeout=10).json()
    assert second["revision"] > first["revision"]
    assert "+79062195047" in second["sections"]["cards"]


def test_live_does_not_keep_the_portal_from_stopping(portal: SandboxPortal) -> None:
    done = threading.Event()

    def look() -> None:
        with contextlib.suppress(requests.ConnectionError):
            requests.get(portal.url + "/live", params={"revision": portal.state.revision}, timeout=30)
        done.set()

    looking = threading.Thread(target=look)
    looking.start()
    portal.stop()
    assert done.wait(10)
    looking.join()


@pytest.mark.parametrize(
    "form",
    [
        {"action": "click", "user": "3", "phone": "+79062195047", "line": "74951234567"},
        {"action": "callback", "phone": "+79165550011", "line": ""},
        {"action": "outage", "on": "1"},
        {"action": "faults", "method": "profile", "kind": "reset", "times": "2"},
        {"action": "faults/clear"},
        {"action": "reset"},
    ],
)
def test_forms_of_the_control_panel(portal: SandboxPortal, form: dict[str, str]) -> None:
    answer = requests.post(portal.url + "/control", data=form, timeout=10, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/control?done=1")


def test_click_of_the_panel_opens_a_card(portal: SandboxPortal) -> None:
    form = {"action": "click", "user": "3", "phone": "+79062195047", "line": ""}
    done = requests.post(portal.url + "/control", data=form, headers={"Accept-Language": "en"}, timeout=10)
    assert "Done" in done.text
    assert portal.calls()[0].open_cards == {3}


def test_form_that_is_wrong_says_why(portal: SandboxPortal) -> None:
    form = {"action": "click", "user": "3", "phone": "<b>"}
    answer = requests.post(portal.url + "/control", data=form, timeout=10)
    assert answer.status_code == 400
    assert "&lt;b&gt;&#39; is no telephone number" in answer.text
    assert requests.post(portal.url + "/control", data={"action": "x"}, timeout=10).status_code == 400
