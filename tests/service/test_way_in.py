# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal's application and its events, with the whole service."""

from __future__ import annotations

import dataclasses
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from itgrix_module.app.happenings import Happening
from itgrix_module.app.health import Level
from itgrix_module.app.route_ports import Asked
from itgrix_module.domain.failures import Temporary
from itgrix_module.sandbox.portal import PortalConfig
from itgrix_module.sandbox.portal.config import ClientSeed
from itgrix_module.sandbox.portal.model import User
from tests.service.house import House, sandboxes, until, user_of
from tests.service.house import house as running_house
from tests.service.join import EVENTS, bound, household, install_app, joined, listening, wait_bound

CLICK = "ONEXTERNALCALLSTART"
SWIFT: dict[str, Any] = {"event_delay": (0.0, 0.01)}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An application that is installed, with a public address."""
    with household(tmp_path, portal=SWIFT) as made:
        yield made


def settle(house: House) -> None:
    """Until the portal has sent everything and it is acted on."""
    assert house.portal.couriers.drain()
    until(lambda: not house.service.way_in.store.counted().waiting)


def forged(house: House, **changes: Any) -> dict[str, Any]:
    """A click as the portal would send it, with another authorisation."""
    made = house.portal.events.payload(
        house.portal.application(), CLICK, {"CALL_ID": "externalCall.forged", "PHONE_NUMBER": "+79160000000"}, 1
    )
    made["auth"] = {**made["auth"], **changes}
    return made


def post(house: House, payload: dict[str, Any]) -> int:
    """As anybody on the internet may."""
    house.portal.events.send(house.panel + EVENTS, payload)
    assert house.portal.couriers.drain()
    return house.portal.deliveries[-1].status


def test_installed_application_gets_clicks_once_and_hears_of_calls(house: House) -> None:
    heard = listening(house.service, CLICK)
    house.portal.weather.duplicate_rate = 1.0
    call_id = house.portal.click_to_call("101", "+79161234567")
    until(lambda: heard, 10, lambda: house.portal.deliveries)
    settle(house)
    assert [each.data["CALL_ID"] for each in heard] == [call_id]
    assert {each.status for each in house.portal.deliveries if each.event == CLICK} == {200}
    assert house.check("events").level is Level.OK


@pytest.mark.parametrize(
    "changes",
    [{"application_token": "0" * 32}, {"application_token": ""}, {"member_id": "0" * 32}],
    ids=["token", "no-token", "member"],
)
def test_forged_click_is_refused(house: House, changes: dict[str, str]) -> None:
    heard = listening(house.service, CLICK)
    assert post(house, forged(house, **changes)) == 403
    assert post(house, forged(house)) == 200
    until(lambda: heard)
    assert len(heard) == 1


def test_event_waits_for_its_listener_over_a_restart(tmp_path: Path) -> None:
    asked = list[Happening]()

    def busy(happening: Happening) -> None:
        asked.append(happening)
        raise Temporary("busy", "the PBX is away", retry_after=0.5)

    with sandboxes(tmp_path, portal=SWIFT) as (pbx, portal):
        with joined(tmp_path, pbx, portal) as first:
            first.service.core.settings.save({"portal.public_url": first.panel})
            install_app(first)
            wait_bound(first)
            first.service.way_in.inbox.on("ONTASKADD", busy)
            assert post(first, forged(first) | {"event": "ONTASKADD"}) == 200
            until(lambda: asked)
        with joined(tmp_path, pbx, portal) as second:
            heard = listening(second.service, "ONTASKADD")
            until(lambda: heard, 15)
            until(lambda: not second.service.way_in.store.counted().waiting)
        with joined(tmp_path, pbx, portal) as third:
            again = listening(third.service, "ONTASKADD")
            third.wait_ready()
            assert (len(heard), again) == (1, [])


def test_what_was_unbound_while_the_service_was_away_is_bound_at_its_start(tmp_path: Path) -> None:
    with sandboxes(tmp_path, portal=SWIFT) as (pbx, portal):
        with joined(tmp_path, pbx, portal) as first:
            first.service.core.settings.save({"portal.public_url": first.panel})
            install_app(first)
            wait_bound(first)
        bindings = portal.application().bindings
        bindings[:] = [each for each in bindings if each.event != CLICK]
        with joined(tmp_path, pbx, portal) as second:
            until(lambda: CLICK in bound(portal), 15, lambda: second.service.way_in.overview())


def test_update_brings_a_new_token_and_everything_is_bound_again(house: House) -> None:
    heard = listening(house.service, CLICK)
    before = house.portal.application().application_token
    house.portal.happenings.update()
    assert house.portal.application().application_token != before
    until(lambda: CLICK in bound(house.portal), 10)
    house.portal.click_to_call("101", "+79161234567")
    until(lambda: heard, 10, lambda: house.portal.deliveries)


def test_update_keeps_the_person_that_was_chosen(house: House) -> None:
    known = house.service.way_in.application.known()
    house.portal.happenings.update()
    until(lambda: CLICK in bound(house.portal), 10)
    now = house.service.way_in.application.known()
    assert known is not None
    assert now is not None
    assert (now.refresh_token, now.user_id) == (known.refresh_token, known.user_id)
    assert now.application_token != known.application_token


def test_uninstallation_stops_calls_until_it_is_installed_again(house: House) -> None:
    house.portal.uninstall()
    until(lambda: house.service.way_in.application.known() is None)
    house.wait_check("events", "events_unauthorised")
    truth = house.ring()
    until(lambda: house.check("portal").level is Level.ERROR, 15, house.service.health)
    install_app(house)
    wait_bound(house)
    assert house.wait_finished(truth, 30).finished


def test_uninstallation_without_the_token_is_ignored(house: House) -> None:
    payload = forged(house, application_token="0" * 32) | {"event": "ONAPPUNINSTALL"}
    assert post(house, payload) == 403
    assert house.service.way_in.application.known() is not None


def test_second_installation_replaces_the_first(house: House) -> None:
    before = house.service.way_in.application.known()
    house.portal.install(url=house.panel + EVENTS)
    until(lambda: house.service.way_in.application.known() != before, 10)
    settle(house)
    assert house.check("events").level is Level.OK


def test_installation_of_another_application_of_the_portal_changes_nothing(tmp_path: Path) -> None:
    ours = PortalConfig().apps[0]
    other = dataclasses.replace(ours, client_id="local.other.1", title="Other")
    with household(tmp_path, portal={**SWIFT, "apps": (ours, other)}) as house:
        before = house.service.way_in.application.known()
        house.portal.install("local.other.1", url=house.panel + EVENTS)
        settle(house)
        until(lambda: house.service.way_in.store.counted().failed == 1)
        assert house.service.way_in.application.known() == before


def test_lost_authorisation_is_given_again_through_the_panels_link(tmp_path: Path) -> None:
    with household(tmp_path, portal=SWIFT) as house:
        heard = listening(house.service, CLICK)
        house.portal.application().redirect_uri = house.panel + EVENTS
        house.service.core.tokens.forget()
        house.service.way_in._left()
        house.wait_check("events", "events_unauthorised")
        answer = requests.get(house.service.way_in.authorise(), timeout=10)
        assert answer.status_code == 200
        assert answer.url.startswith(house.panel + EVENTS)
        known = house.service.way_in.application.known()
        assert known is not None
        # Nobody has told the application's token: the portal is asked for a trial event, which proves itself.
        until(lambda: (now := house.service.way_in.application.known()) and now.application_token, 15)
        house.portal.click_to_call("101", "+79161234567")
        until(lambda: heard, 10, lambda: house.portal.deliveries)


def test_answer_of_the_portals_page_counts_once(house: House) -> None:
    house.portal.application().redirect_uri = house.panel + EVENTS
    page = house.service.way_in.authorise()
    back = requests.get(page, timeout=10, allow_redirects=False).headers["Location"]
    assert requests.get(back, timeout=10).status_code == 200
    assert requests.get(back, timeout=10).status_code == 400
    stranger = requests.get(page.replace("state=", "state=x"), timeout=10)
    assert stranger.status_code == 400
    assert parse_qs(urlsplit(back).query)["code"][0] not in stranger.text


def test_dismissed_installer_is_replaced_by_authorising_again(house: House) -> None:
    house.portal.users[900].active = False
    house.portal.users[1].admin = True
    house.service.way_in.handlers.doubt()
    house.wait_check("events", "authorization_error", 15)
    house.portal.application().redirect_uri = house.panel + EVENTS
    page = house.service.way_in.authorise() + "&user_id=1"
    assert requests.get(page, timeout=10).status_code == 200
    wait_bound(house)
    until(lambda: house.check("events").level is Level.OK, 10, lambda: house.check("events"))
    assert house.service.way_in.overview().user_id == 1


def test_renamed_portal_is_followed_and_may_install_from_its_new_name(house: House) -> None:
    new = house.portal.url.replace("127.0.0.1", "localhost")
    house.portal.switches.renamed_to = new
    until(lambda: house.service.way_in.mend() is not None)
    until(lambda: house.service.core.settings.current["portal.domain"] == new.partition("://")[2])
    known = house.service.way_in.application.known()
    assert known is not None
    assert known.client_endpoint == f"{new}/rest/"
    heard = listening(house.service, CLICK)
    house.portal.click_to_call("101", "+79161234567")
    until(lambda: heard, 10)


def test_change_in_the_crm_reaches_smart_routing_at_once(tmp_path: Path) -> None:
    fields = {"NAME": "Иван", "PHONE": [{"VALUE": "+79161234567"}], "ASSIGNED_BY_ID": user_of(102)}
    with household(tmp_path, portal={**SWIFT, "clients": (ClientSeed("CONTACT", fields),)}) as house:
        house.wait_ready()
        routing = house.service.routing

        def extension() -> str:
            return routing.route(Asked.of("+79161234567")).decision.extension

        until(lambda: extension() == "102", 10)
        number = house.portal.contacts[0].id
        changes = {"ID": number, "fields": {"ASSIGNED_BY_ID": user_of(103)}}
        house.service.portal.client.call("crm.contact.update", changes)
        until(lambda: extension() == "103", 15)


def test_new_employee_is_known_at_once(house: House) -> None:
    house.wait_ready()
    house.portal.users[77] = User(77, "Новый", "", "177", "")
    assert 77 not in {each.user_id for each in house.service.directory.state.employees}
    house.portal.state.publish("ONUSERADD", {"ID": 77}, 1, "")
    until(lambda: 77 in {each.user_id for each in house.service.directory.state.employees}, 15)


def test_public_address_that_changes_is_bound_and_the_old_one_unbound(house: House) -> None:
    old = house.panel + EVENTS
    new = house.panel.replace("127.0.0.1", "localhost")
    house.service.core.settings.save({"portal.public_url": new})
    until(lambda: {each.handler for each in house.portal.application().bindings} == {new + EVENTS}, 10)
    assert old not in {each.handler for each in house.portal.application().bindings}
    house.service.core.settings.save({"portal.events": "off"})
    until(lambda: not house.portal.application().bindings, 10)


def test_events_come_through_the_queue_where_there_is_no_address(tmp_path: Path) -> None:
    with household(tmp_path, way="poll", install=False, portal=SWIFT) as house:
        house.portal.application().redirect_uri = "http://127.0.0.1:1/nowhere"
        page = requests.get(house.service.way_in.authorise() + "&user_id=900", timeout=10, allow_redirects=False)
        query = parse_qs(urlsplit(page.headers["Location"]).query)
        house.service.way_in.authorised(query["state"][0], query["code"][0], query["server_domain"][0])
        wait_bound(house)
        assert CLICK in bound(house.portal, offline=True)
        heard = listening(house.service, CLICK)
        call_id = house.portal.click_to_call("101", "+79161234567")
        until(lambda: heard, 15)
        assert [each.data["CALL_ID"] for each in heard] == [call_id]
        until(lambda: house.check("events").code == "events_delay")
        assert house.service.way_in.overview().delay is not None
        house.service.core.settings.save({"portal.public_url": house.panel})
        until(lambda: CLICK in bound(house.portal) and not bound(house.portal, offline=True), 10)


def test_webhook_has_neither_events_nor_requests_for_them(tmp_path: Path) -> None:
    with running_house(tmp_path) as house:
        assert house.service.way_in.check() is None
        seen = house.service.way_in.overview(recent=True)
        assert (seen.mode, seen.way, seen.is_set_up) == ("webhook", "none", True)
        assert seen.lacks
        assert house.service.way_in.test().is_enough
        asked = {request.method for request in house.portal.requests if request.method.startswith("event.")}
        assert asked <= {"event.get"}


def test_secrets_are_in_no_page_and_no_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    known = house.service.way_in.application.known()
    assert known is not None
    seed = house.portal.config.apps[0]
    pages = ""
    for path in ("/portal/", "/status", "/"):
        with urllib.request.urlopen(house.panel + path, timeout=10) as answer:
            pages += answer.read().decode()
    pages += caplog.text
    for secret in (known.access_token, known.refresh_token, known.application_token, seed.client_secret):
        assert secret not in pages
    raw = (house.service.core.place.home / "itgrix.db").read_bytes()
    assert known.refresh_token.encode() not in raw
