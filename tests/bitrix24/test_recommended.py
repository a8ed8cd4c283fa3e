# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Marketplace of Bitrix24 asks of telephony before it calls it recommended, line by line.

The portal is joined by its local application, as the Marketplace wants it; the service and both vendors are whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from itgrix_module.sandbox.portal.config import ClientSeed, LineSeed
from tests.asterisk.agi_client import AgiChannel
from tests.service.conftest import hurry, quiet_libraries  # noqa: F401 - fixtures of a quick service
from tests.service.house import House, until, user_of
from tests.service.join import household

NUMBER = "+79161234567"
OWN = ClientSeed(
    "CONTACT", {"NAME": "Иван", "LAST_NAME": "Петров", "PHONE": [{"VALUE": NUMBER}], "ASSIGNED_BY_ID": user_of(103)}
)
SETTINGS: dict[str, Any] = {
    "routing.listen": "127.0.0.1:0",
    "routing.limit_ms": 5000,
    "lines": [{"match": "*", "line": "7", "source": "ADVERTISING"}],
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    portal = {"clients": (OWN,), "lines": (LineSeed("7", "Сайт"),), "event_delay": (0.0, 0.01)}
    with household(tmp_path_factory.mktemp("recommended"), settings=SETTINGS, portal=portal) as made:
        made.wait_ready()
        yield made


def test_incoming_call_is_registered_with_its_client(house: House) -> None:
    call = house.wait_finished(house.ring("incoming", client="79161234567", extension="101"))
    assert (call.type, call.phone, call.registers) == (2, NUMBER, 1)
    assert call.crm[0] == "CONTACT"
    assert call.finish is not None
    assert call.finish.user_id == user_of(101)


def test_outgoing_call_is_registered(house: House) -> None:
    call = house.wait_finished(house.ring("outgoing", client="79167654321", extension="102"))
    assert (call.type, call.phone) == (1, "+79167654321")
    assert call.finish is not None
    assert call.finish.user_id == user_of(102)


def test_number_of_the_incoming_line_is_passed(house: House) -> None:
    call = house.wait_finished(house.ring("incoming", client="79160000001"))
    assert call.line == "7"


def test_recording_is_attached(house: House) -> None:
    truth = house.ring("incoming", client="79160000002")
    house.wait_finished(truth)
    until(lambda: (call := house.call(truth)) and call.record, 30, lambda: house.steps(truth))
    call = house.call(truth)
    assert call is not None
    assert call.record is not None
    assert call.record.filename.endswith(".mp3")


def test_click_on_a_number_calls_it_and_is_registered_by_the_portal_alone(house: House) -> None:
    call_id = house.portal.click_to_call("101", "+79160000003")
    until(lambda: _by_id(house, call_id).finished, 40, lambda: _by_id(house, call_id))
    call = _by_id(house, call_id)
    assert call.click_to_call
    asked = [each for each in house.portal.requests if each.method.endswith("register")]
    assert not any("79160000003" in str(each.params) for each in asked)
    assert call.finish is not None
    assert call.finish.status == "200"
    assert [each for each in house.portal.calls() if each.phone == "+79160000003"] == [call]


def test_call_back_form_is_called_back(house: House) -> None:
    house.portal.callback_form("+79160000004", line="7", text="Перезвоните мне")
    until(
        lambda: [each for each in house.portal.calls() if each.phone == "+79160000004" and each.finished],
        40,
        lambda: house.service.way_in.store.recent(3),
    )
    (call,) = [each for each in house.portal.calls() if each.phone == "+79160000004"]
    assert call.type == 4


def test_known_client_is_led_to_his_responsible(house: House) -> None:
    with AgiChannel(house.service.route_door.port, "") as channel:
        answer = channel.ask("responsible", caller="89161234567")
    assert (answer["ITGRIX_EXTENSION"], answer["ITGRIX_REASON"]) == ("103", "responsible")


def test_card_goes_with_the_call_when_it_is_transferred(house: House) -> None:
    call = house.wait_finished(house.ring("blind_transfer", client="79160000005", extension="101", target="102"))
    assert call.shown_to == (user_of(101), user_of(102))
    assert call.open_cards == frozenset()
    hidden = [event for event in call.cards if not event.opened and event.user_id == user_of(101)]
    shown = [event for event in call.cards if event.opened and event.user_id == user_of(102)]
    assert hidden
    assert shown
    assert call.finish is not None
    assert call.finish.user_id == user_of(102)


def _by_id(house: House, call_id: str) -> Any:
    return next(each for each in house.portal.calls() if each.call_id == call_id)
