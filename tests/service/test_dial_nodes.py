# SPDX-License-Identifier: GPL-3.0-or-later
"""Two PBXs with one portal: each order of the portal is acted on once, by the PBX whose extension it is for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from itgrix_module import dialling
from itgrix_module.sandbox.pbx import SandboxPbx
from itgrix_module.sandbox.portal import SandboxPortal
from tests.service.click import NUMBER, QUICK, click, event, finished, form, notices, originates, view
from tests.service.house import House, pbx_config, sandboxes, until, user_of
from tests.service.join import app_settings, wait_bound
from tests.service.nodes import node

SPB = {"dial.extensions": ["102", "10Х"]}  # the second letter is Cyrillic, as people type it
MSK = {"dial.extensions": ["101"]}


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[tuple[SandboxPbx, SandboxPbx, SandboxPortal]]:
    with (
        sandboxes(tmp_path, pbx={"click": QUICK}) as (pbx, portal),
        SandboxPbx(pbx_config(tmp_path / "monitor2", click=QUICK)) as other,
    ):
        yield pbx, other, portal


@pytest.fixture
def both(tmp_path: Path, ends: tuple[SandboxPbx, SandboxPbx, SandboxPortal]) -> Iterator[tuple[House, House]]:
    pbx, other, portal = ends
    with node(tmp_path, "", pbx, portal, MSK) as first, node(tmp_path, "spb", other, portal, SPB) as second:
        for each in (first, second):
            each.wait_ready()
            each.service.core.settings.poll()
        yield first, second


@pytest.mark.parametrize(("extension", "home"), [("101", 0), ("102", 1), ("105", 1)])
@pytest.mark.parametrize("arrives", [0, 1])
def test_click_rings_on_the_pbx_of_its_extension_wherever_it_arrives(
    both: tuple[House, House], extension: str, home: int, arrives: int
) -> None:
    call_id = click(both[arrives], extension)
    both[arrives].service.dialling.heard(event(call_id, extension))
    call = finished(both[0], call_id)
    assert call.finish is not None
    assert (call.finish.status, call.finish.user_id) == ("200", user_of(extension))
    assert [len(originates(each)) for each in both] == [1 - home, home]
    both[home].wait_delivered()
    finishes = [each for each in both[0].portal.requests if each.method.endswith("finish")]
    assert [each.params["CALL_ID"] for each in finishes if call_id in str(each.params)] == [call_id]


def test_extension_that_nobody_names_rings_where_the_click_arrives(both: tuple[House, House]) -> None:
    for each in both:
        each.service.core.settings.save({"dial.extensions": []})
    for each in both:
        each.service.core.settings.poll()
    finished(both[1], click(both[1], "101"))
    assert [len(originates(each)) for each in both] == [0, 1]


def test_form_is_called_back_by_the_pbx_of_whom_it_is_for(both: tuple[House, House]) -> None:
    both[0].service.core.settings.save({"callback.to": "102", "callback.hours": "always"})
    both[1].service.core.settings.poll()
    both[0].service.dialling.callback(form())
    both[0].service.dialling.callback(form())
    until(lambda: both[1].service.dialling.callbacks(("done",)), 20)
    assert [len(originates(each)) for each in both] == [0, 1]


def test_click_for_a_pbx_that_is_away_is_finished_by_another_one(
    tmp_path: Path, ends: tuple[SandboxPbx, SandboxPbx, SandboxPortal], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialling, "LATE", 0.1)
    pbx, other, portal = ends
    with node(tmp_path, "", pbx, portal, {**MSK, "dial.max_age": 5}) as first:
        with node(tmp_path, "spb", other, portal, SPB):
            pass
        first.wait_ready()
        first.service.core.settings.poll()
        call_id = click(first, "102")
        call = finished(first, call_id, 20)
        assert call.finish is not None
        assert (call.finish.status, call.finish.user_id) == ("603-S", user_of("102"))
        until(lambda: notices(first, "102"))
        assert not originates(first)
        with node(tmp_path, "spb", other, portal, SPB) as second:
            second.wait_ready()
            until(lambda: not second.service.way_in.store.counted().waiting)
            assert not originates(second)
        assert view(first, call_id).refused_finishes == 0


def test_queue_of_events_is_asked_by_one_and_the_next_takes_over(
    tmp_path: Path, ends: tuple[SandboxPbx, SandboxPbx, SandboxPortal]
) -> None:
    pbx, other, portal = ends
    joined = {**app_settings(portal), "portal.webhook_url": "", "portal.events": "poll"}
    with node(tmp_path, "", pbx, portal, joined) as first:
        portal.application().redirect_uri = "http://127.0.0.1:1/nowhere"
        page = requests.get(first.service.way_in.authorise() + "&user_id=900", timeout=10, allow_redirects=False)
        query = parse_qs(urlsplit(page.headers["Location"]).query)
        first.service.way_in.authorised(query["state"][0], query["code"][0], query["server_domain"][0])
        wait_bound(first)
        until(lambda: first.service.way_in.duty.is_mine)
        with node(tmp_path, "spb", other, portal, {**joined, **SPB}) as second:
            second.wait_ready()
            wait_bound(second)
            first.wait_ready()
            first.service.core.settings.poll()
            assert not second.service.way_in.poller.poll()
            assert (first.service.way_in.duty.is_mine, second.service.way_in.duty.is_mine) == (True, False)
            finished(first, portal.click_to_call(user_of("102"), NUMBER), 20)
            assert [len(originates(each)) for each in (first, second)] == [0, 1]

            def is_handed_over() -> bool:
                first.service.way_in.duty.release()
                second.service.way_in.duty._next = 0.0
                return second.service.way_in.duty.held()

            until(is_handed_over)
            assert not first.service.way_in.duty.held()
            finished(second, portal.click_to_call(user_of("103"), NUMBER), 20)
            assert len(originates(second)) == 2
