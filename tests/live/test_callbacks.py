# SPDX-License-Identifier: GPL-3.0-or-later
"""A form asks to be called back: real ring groups and queues first, then the client; on Asterisk 22 and 16."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest

from itgrix_module.app.happenings import Happening
from itgrix_module.sandbox.portal.views import CallView
from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.leg import Leg
from itgrix_module.sandbox.rig.pbx import RealPbx
from itgrix_module.sandbox.rig.rig import Rig, Situation
from itgrix_module.sandbox.rig.stage import BEFORE_ANSWER, Stage
from itgrix_module.sandbox.rig.truth import Truth
from tests.live.installation import Installation, installation, until, user_of

pytestmark = pytest.mark.live

SETTINGS = {
    "callback.hours": "always",
    "callback.tries": 1,
    "callback.timeout": 6,
    "callback.abroad": True,
    "numbers.country": "",
}
FINISHED = 40.0  # seconds
PATIENCE = 1.5  # seconds that phones ring before somebody picks up: long after the queue has answered by itself
Play = Callable[[Stage], Awaitable[list[Truth]]]


@pytest.fixture(scope="module")
def installed(pbx: RealPbx, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    home = tmp_path_factory.mktemp("callbacks")
    with installation(pbx, home, f"sqlite:///{home / 'itgrix.db'}") as found:
        found.service.core.settings.save(SETTINGS)
        yield found


class Asked:
    """A client asks to be called back, and what the portal shows in the end."""

    def __init__(self, rig: Rig, installed: Installation, to: str) -> None:
        self._rig, self.installed, self.to = rig, installed, to
        self.phones = plan.MEMBERS[to]
        self.client = ""
        installed.service.core.settings.save({"callback.to": to})

    async def ask(self, stage: Stage) -> None:
        self.client = stage.client
        await asyncio.to_thread(self._ask)

    def _ask(self) -> None:
        now = time.time()
        data = {"PHONE_NUMBER": self.client, "TEXT": "Жду звонка", "LINE_NUMBER": ""}
        self.installed.service.dialling.callback(Happening("ONEXTERNALCALLBACKSTART", data, now, now, self.client))

    def play(self, play: Play) -> CallView:
        """Returns the portal's call, once the form is closed and everything is told."""
        (played,) = self._rig.play(Situation(play, self.phones, alone=True)).values()
        assert played.failure is None, played.failure
        assert until(lambda: self.form in ("done", "failed"), FINISHED), self.form
        self.installed.wait_until_delivered(FINISHED)
        (call,) = [each for each in self.installed.portal.calls() if each.phone.endswith(self.client)]
        assert (call.type, call.refused_finishes, call.open_cards) == (4, 0, frozenset())
        return call

    @property
    def form(self) -> str:
        forms = self.installed.service.dialling.callbacks(("waiting", "calling", "done", "failed"), 1000)
        return next(form.state for form in forms if form.number.endswith(self.client))

    def tasks(self) -> list[str]:
        """Texts of the tasks about this client."""
        texts = [str(task.fields["DESCRIPTION"]) + str(task.fields["TITLE"]) for task in self.installed.portal.tasks]
        return [text for text in texts if self.client[1:] in text]


@pytest.fixture(params=(plan.RING_GROUP, plan.QUEUE))
def asked(request: pytest.FixtureRequest, rig: Rig, installed: Installation) -> Asked:
    return Asked(rig, installed, request.param)


def told(call: CallView) -> tuple[str, int]:
    assert call.finish is not None
    return call.finish.status, call.finish.user_id


async def not_called(stage: Stage, seconds: float) -> asyncio.Task[Leg]:
    """The client's phone must not ring for so long; returns the wait for it to go on with."""
    ringing = asyncio.create_task(stage.rings(stage.provider, stage.client))
    done, _ = await asyncio.wait([ringing], timeout=seconds)
    assert not done, "the client was called before anybody had picked up"
    return ringing


def test_who_picks_up_talks_with_the_client(asked: Asked) -> None:
    async def somebody_picks_up(stage: Stage) -> list[Truth]:
        await asked.ask(stage)
        legs = [await stage.rings(phone) for phone in stage.phones]
        ringing = await not_called(stage, PATIENCE)
        legs[1].answer()
        client = await ringing
        await stage.pass_time(BEFORE_ANSWER)
        client.answer()
        await stage.pass_time(2.0)
        client.hang_up()
        await legs[1].ended.wait()
        return []

    call = asked.play(somebody_picks_up)
    assert told(call) == ("200", user_of(asked.phones[1]))
    assert call.finish is not None
    assert call.finish.duration == pytest.approx(2, abs=1)
    assert asked.form == "done"
    assert not asked.tasks()


def test_nobody_picks_up_and_the_client_is_never_called(asked: Asked) -> None:
    async def nobody_picks_up(stage: Stage) -> list[Truth]:
        await asked.ask(stage)
        legs = [await stage.rings(phone) for phone in stage.phones]
        ringing = await not_called(stage, PATIENCE)
        for leg in legs:
            await leg.ended.wait()
        ringing.cancel()
        return []

    status, user = told(asked.play(nobody_picks_up))
    assert status == "480"
    assert user in {user_of(phone) for phone in asked.phones}, "a missed call is for who was rung last"
    assert asked.form == "failed"
    assert until(lambda: bool(asked.tasks()), FINISHED), asked.installed.portal.tasks


def test_client_is_busy(asked: Asked) -> None:
    async def client_busy(stage: Stage) -> list[Truth]:
        await asked.ask(stage)
        legs = [await stage.rings(phone) for phone in stage.phones]
        await stage.pass_time(BEFORE_ANSWER)
        legs[2].answer()
        client = await stage.rings(stage.provider, stage.client)
        client.reject(486)
        await legs[2].ended.wait()
        return []

    assert told(asked.play(client_busy)) == ("486", user_of(asked.phones[2]))
    assert asked.form == "failed"
    assert until(lambda: bool(asked.tasks()), FINISHED), asked.installed.portal.tasks


def test_link_cut_while_they_ring_is_made_up_for(asked: Asked) -> None:
    async def cut_while_ringing(stage: Stage) -> list[Truth]:
        await asked.ask(stage)
        legs = [await stage.rings(phone) for phone in stage.phones]
        users = await stage.cut_ami()
        legs[0].answer()
        await stage.pass_time(BEFORE_ANSWER)
        await stage.heal_ami(users)
        client = await stage.answers(stage.provider, stage.client)
        await stage.pass_time(2.0)
        client.hang_up()
        await legs[0].ended.wait()
        return []

    asked.installed.service.core.settings.save({"callback.timeout": 20})
    try:
        assert told(asked.play(cut_while_ringing)) == ("200", user_of(asked.phones[0]))
    finally:
        asked.installed.service.core.settings.save({"callback.timeout": SETTINGS["callback.timeout"]})
