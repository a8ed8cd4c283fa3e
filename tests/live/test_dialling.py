# SPDX-License-Identifier: GPL-3.0-or-later
"""A click in the CRM makes real phones ring, on Asterisk 22 and 16: straight to the phone, and by a Local channel."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from itgrix_module.app.happenings import Happening
from itgrix_module.sandbox.portal.views import CallView
from itgrix_module.sandbox.rig.leg import Leg
from itgrix_module.sandbox.rig.pbx import RealPbx
from itgrix_module.sandbox.rig.rig import Play, Rig, Situation
from itgrix_module.sandbox.rig.stage import BEFORE_ANSWER, Stage
from itgrix_module.sandbox.rig.truth import Truth
from tests.live.installation import Installation, installation, until, user_of

pytestmark = pytest.mark.live

WAYS = ("device", "extension")
FINISHED = 40.0  # seconds


@pytest.fixture(scope="module")
def installed(pbx: RealPbx, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    home = tmp_path_factory.mktemp("dialling")
    with installation(pbx, home, f"sqlite:///{home / 'itgrix.db'}") as found:
        yield found


class Clicked:
    """A click, what the people do then, and what the portal shows in the end."""

    def __init__(self, rig: Rig, installed: Installation, way: str) -> None:
        self._rig, self._installed = rig, installed
        installed.service.core.settings.save({"dial.phone": way, "dial.timeout": 6, "numbers.country": ""})
        self.call_id = ""

    async def click(self, stage: Stage) -> None:
        await self.click_for(stage.phones[0].number, stage.client)

    async def click_for(self, extension: str, number: str) -> None:
        """An employee clicks a number."""
        await asyncio.to_thread(self._click, extension, number)

    @contextmanager
    def extension(self, wrong: str) -> Iterator[None]:
        """The administrator has given 101 a number that is none."""
        settings = self._installed.service.core.settings
        settings.save({"employees.overrides": {wrong: user_of("101")}})
        try:
            yield
        finally:
            settings.save({"employees.overrides": {}})

    def _click(self, extension: str, number: str) -> None:
        user = user_of(extension)
        self.call_id = self._installed.portal.click_to_call(user, number)
        data = {"CALL_ID": self.call_id, "USER_ID": str(user), "PHONE_NUMBER": number}
        now = time.time()
        heard = self._installed.service.dialling.heard
        heard(Happening("ONEXTERNALCALLSTART", data, now, now, self.call_id))
        heard(Happening("ONEXTERNALCALLSTART", data, now, now, f"{self.call_id} again"))

    @contextmanager
    def scripted(self, answer: str) -> Iterator[list[dict[str, Any]]]:
        """With a customization that answers so; yields what it was given."""
        place, settings = self._installed.service.core.place, self._installed.service.core.settings
        given: list[dict[str, Any]] = []
        heard = place.home / "given.json"
        (place.hooks / "process_originate_params.sh").write_text(f"cat > '{heard}'\necho '{answer}'\n")
        settings.save({"hooks.enabled": True, "hooks.active": ["process_originate_params"], "hooks.seconds": 10.0})
        try:
            yield given
            given.append(json.loads(heard.read_text()))
        finally:
            settings.save({"hooks.enabled": False, "hooks.active": []})

    def play(self, play: Play, phones: tuple[str, ...] = ("101",)) -> CallView:
        """Returns the portal's call, once it is closed."""
        (played,) = self._rig.play(Situation(play, phones, alone=True)).values()
        assert played.failure is None, played.failure
        assert until(lambda: self.view().finished, FINISHED), (self.view(), self._rows())
        found = self.view()
        assert (found.refused_finishes, found.open_cards) == (0, frozenset())
        return found

    def view(self, call_id: str = "") -> CallView:
        """The portal's call; the last one that was clicked where none is named."""
        wanted = call_id or self.call_id
        return next(each for each in self._installed.portal.calls() if each.call_id == wanted)

    def _rows(self) -> object:
        return self._installed.service.core.calls.newest(3)


@pytest.fixture(params=WAYS)
def clicked(request: pytest.FixtureRequest, rig: Rig, installed: Installation) -> Clicked:
    return Clicked(rig, installed, request.param)


def status(call: CallView) -> tuple[str, int]:
    assert call.finish is not None
    return call.finish.status, call.finish.user_id


async def gone(leg: Leg) -> list[Truth]:
    await leg.ended.wait()
    return []


def test_both_answer_and_talk(clicked: Clicked) -> None:
    async def click_talk(stage: Stage) -> list[Truth]:
        await clicked.click(stage)
        leg = await stage.answers(stage.phones[0])
        client = await stage.answers(stage.provider, stage.client)
        await stage.pass_time(2.0)
        client.hang_up()
        return await gone(leg)

    call = clicked.play(click_talk)
    assert status(call) == ("200", user_of("101"))
    assert call.finish is not None
    assert call.finish.duration == pytest.approx(2, abs=1)


@pytest.mark.parametrize(("code", "expected"), [(486, "486"), (603, "603")])
def test_employee_refuses(clicked: Clicked, code: int, expected: str) -> None:
    async def click_refused(stage: Stage) -> list[Truth]:
        await clicked.click(stage)
        leg = await stage.rings(stage.phones[0])
        await stage.pass_time(BEFORE_ANSWER)
        leg.reject(code)
        return await gone(leg)

    assert status(clicked.play(click_refused)) == (expected, user_of("101"))


def test_employee_lets_it_ring(clicked: Clicked) -> None:
    async def click_unanswered(stage: Stage) -> list[Truth]:
        await clicked.click(stage)
        return await gone(await stage.rings(stage.phones[0]))

    assert status(clicked.play(click_unanswered)) == ("480", user_of("101"))


def test_client_is_busy(clicked: Clicked) -> None:
    async def click_busy(stage: Stage) -> list[Truth]:
        await clicked.click(stage)
        leg = await stage.answers(stage.phones[0])
        client = await stage.rings(stage.provider, stage.client)
        client.reject(486)
        await stage.pass_time(BEFORE_ANSWER)
        leg.hang_up()
        return await gone(leg)

    assert status(clicked.play(click_busy)) == ("486", user_of("101"))


def test_employee_gives_up(clicked: Clicked) -> None:
    async def click_given_up(stage: Stage) -> list[Truth]:
        await clicked.click(stage)
        leg = await stage.answers(stage.phones[0])
        client = await stage.rings(stage.provider, stage.client)
        await stage.pass_time(BEFORE_ANSWER)
        leg.hang_up()
        return await gone(client)

    assert status(clicked.play(click_given_up)) == ("603-S", user_of("101"))


def test_client_is_transferred_and_the_card_moves(clicked: Clicked) -> None:
    async def click_transferred(stage: Stage) -> list[Truth]:
        anna, boris = stage.phones
        await clicked.click(stage)
        leg = await stage.answers(anna)
        client = await stage.answers(stage.provider, stage.client)
        await stage.pass_time(1.0)
        leg.refer(boris.number)
        other = await stage.answers(boris)
        await stage.pass_time(1.0)
        client.hang_up()
        return await gone(other)

    call = clicked.play(click_transferred, ("101", "102"))
    assert status(call) == ("200", user_of("102"))
    assert user_of("102") in {card.user_id for card in call.cards if card.opened}


def test_script_has_the_last_word_on_what_is_dialled(clicked: Clicked) -> None:
    async def click_scripted(stage: Stage) -> list[Truth]:
        await clicked.click(stage)
        leg = await stage.answers(stage.phones[0])
        client = await stage.answers(stage.second_provider, other)
        await stage.pass_time(1.0)
        client.hang_up()
        return await gone(leg)

    other = "79161239999"
    with clicked.scripted(f'{{"state": "success", "data": {{"extension": "9{other}", "timeout": 8}}}}') as given:
        call = clicked.play(click_scripted)
    assert status(call) == ("200", user_of("101"))
    (told,) = given
    assert told["params"]["request_data"]["CALL_ID"] == call.call_id
    assert (told["params"]["context"], told["params"]["timeout"]) == ("from-internal", 6)


def test_script_forbids_the_call_and_no_phone_rings(clicked: Clicked) -> None:
    async def click_forbidden(stage: Stage) -> list[Truth]:
        ringing = asyncio.create_task(stage.rings(stage.phones[0]))
        await clicked.click(stage)
        done, _ = await asyncio.wait([ringing], timeout=2.0)
        ringing.cancel()
        assert not done
        return []

    with clicked.scripted('{"state": "success", "data": null}'):
        assert status(clicked.play(click_forbidden)) == ("403", user_of("101"))


def test_two_clicks_at_once_are_two_calls(clicked: Clicked) -> None:
    calls: list[str] = []

    async def click_twice(stage: Stage) -> list[Truth]:
        clients = (stage.client, stage.outsider())
        for phone, client in zip(stage.phones, clients, strict=True):
            await clicked.click_for(phone.number, client)
            calls.append(clicked.call_id)
        legs = await asyncio.gather(*(stage.answers(phone) for phone in stage.phones))
        reached = await asyncio.gather(*(stage.answers(stage.provider, client) for client in clients))
        await stage.pass_time(1.0)
        for leg in reached:
            leg.hang_up()
        return [truth for leg in legs for truth in await gone(leg)]

    clicked.play(click_twice, ("101", "102"))
    assert until(lambda: all(clicked.view(call).finished for call in calls), FINISHED)
    assert [status(clicked.view(call)) for call in calls] == [("200", user_of("101")), ("200", user_of("102"))]


def test_extension_that_the_pbx_does_not_have(clicked: Clicked) -> None:
    async def click_wrong(stage: Stage) -> list[Truth]:
        await clicked.click(stage)
        await stage.pass_time(BEFORE_ANSWER)
        return []

    with clicked.extension("199"):
        found, user = status(clicked.play(click_wrong))
    assert found in ("404", "480", "503")
    assert user == user_of("101")
