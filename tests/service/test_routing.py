# SPDX-License-Identifier: GPL-3.0-or-later
"""Smart routing in the running service: over AGI and HTTP, from portal, PBX and past calls, into the timeline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest

from itgrix_module.app.route_ports import Asked
from itgrix_module.sandbox.portal.config import ClientSeed, UserSeed
from itgrix_module.sandbox.rig.configuration import Reservation
from tests.asterisk.agi_client import AgiChannel
from tests.service.house import ADMIN, EXTENSIONS, House, house, short, until, user_of

NUMBER = "+79161234567"
CONTACT = ClientSeed(
    "CONTACT", {"NAME": "Иван", "LAST_NAME": "Петров", "PHONE": [{"VALUE": NUMBER}], "ASSIGNED_BY_ID": user_of(102)}
)
USERS = (
    UserSeed(ADMIN, "Admin", "", "", admin=True),
    *(
        UserSeed(
            user_of(number), f"Employee {number}", "", str(number), timeman="PAUSED" if number == 103 else "OPENED"
        )
        for number in EXTENSIONS
    ),
)
SETTINGS: dict[str, Any] = {"routing.listen": "127.0.0.1:0", "routing.limit_ms": 5000}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("routing"), SETTINGS, portal={"clients": (CONTACT,), "users": USERS}) as found:
        yield found


def ask(found: House, caller: str = "89161234567", script: str = "responsible", linkedid: str = "") -> dict[str, str]:
    with AgiChannel(found.service.route_door.port, linkedid) as channel:
        return channel.ask(script, caller=caller)


def asked(found: House) -> int:
    return len([request for request in found.portal.requests if request.method.endswith("searchcrmentities")])


def test_dialplan_connects_the_client_with_his_responsible(running: House) -> None:
    before = asked(running)
    answer = ask(running)
    assert (answer["ITGRIX_EXTENSION"], answer["ITGRIX_REASON"]) == ("102", "responsible")
    assert answer["CALLERID(name)"] == "Иван Петров"
    ask(running)
    assert asked(running) <= before + 1


def test_http_says_the_same(running: House) -> None:
    with urlopen(f"{running.panel}/route?number=%2B79161234567", timeout=10) as answer:
        assert (answer.read(), answer.headers["X-Itgrix-Reason"]) == (b"102", "responsible")


def test_stranger_goes_the_usual_way(running: House) -> None:
    answer = ask(running, "+70000000001")
    assert (answer["ITGRIX_EXTENSION"], answer["ITGRIX_REASON"]) == ("", "unknown")
    assert "CALLERID(name)" not in answer


def test_employee_who_talks_is_busy_and_the_decision_is_in_the_timeline(running: House) -> None:
    played = running.pbx.begin(short(client="79031112233", extension="102", talk=3.0))
    live = running.service.core.calls.live
    until(lambda: [item for item in live() if item.call.phase == "talking"], what=live)
    linkedid = live()[0].call.linkedid
    until(lambda: ask(running, linkedid=linkedid)["ITGRIX_REASON"] == "busy")
    truth = played.wait()
    until(lambda: "smart routing: the usual way, 102 is busy" in running.told(truth), what=lambda: running.told(truth))


def test_destination_looks_for_who_talked_last(running: House) -> None:
    running.service.core.settings.save({"routing.destinations": {"last one": {"choices": ["last"]}}})
    truth = running.ring(client="79161234567", extension="104")
    running.wait_finished(truth)
    answer = ask(running, script="responsible?name=last%20one")
    assert (answer["ITGRIX_EXTENSION"], answer["ITGRIX_REASON"]) == ("104", "last")


def test_event_of_the_portal_brings_the_new_responsible(running: House) -> None:
    ask(running)
    client = running.portal.contacts[0]
    running.service.portal.client.call(
        "crm.contact.update", {"ID": client.id, "fields": {"ASSIGNED_BY_ID": user_of(105)}}
    )
    assert ask(running)["ITGRIX_EXTENSION"] == "102"
    running.service.routing.warmth.heard("ONCRMCONTACTUPDATE", str(client.id))
    assert ask(running)["ITGRIX_EXTENSION"] == "105"


def test_employee_in_a_pause_is_not_at_work(running: House) -> None:
    running.service.core.settings.save({"routing.hours": "timeman"})
    seed = {"NAME": "Пётр", "PHONE": [{"VALUE": "+79169999999"}], "ASSIGNED_BY_ID": user_of(103)}
    running.service.portal.client.call("crm.contact.add", {"fields": seed})
    answer = ask(running, "+79169999999")
    assert (answer["ITGRIX_EXTENSION"], answer["ITGRIX_REASON"]) == ("", "not_working")
    methods = [request.method for request in running.portal.requests]
    assert "timeman.status" not in methods  # the search had said it


def test_other_address_is_listened_at_when_the_setting_changes(running: House) -> None:
    before = running.service.route_door.port
    running.service.core.settings.save({"routing.listen": ""})
    assert running.service.route_door.port == 0
    running.service.core.settings.save({"routing.listen": "localhost:0"})
    assert running.service.route_door.port not in (0, before)
    assert ask(running)["ITGRIX_REASON"]


def test_port_that_is_taken_is_shown_and_tried_again(running: House) -> None:
    with Reservation() as take:  # of ports that no outgoing connection gets
        running.service.core.settings.save({"routing.listen": f"127.0.0.1:{take.tcp('127.0.0.1')}"})
        assert running.check("routing").code == "agi_port_taken"
    running.service.route_door.retry()
    assert running.check("routing").code == "routing_ok"
    assert running.service.routing.route(Asked(NUMBER)).decision.name == "Иван Петров"
