# SPDX-License-Identifier: GPL-3.0-or-later
"""Events: who gets them, what they carry, how they travel; and the offline queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from itgrix_module.sandbox.portal import SandboxPortal
from itgrix_module.sandbox.portal.config import AppSeed, OutgoingWebhookSeed
from tests.sandbox.portal.conftest import Api, Clock, Receiver

Start = Callable[..., SandboxPortal]


def bind(api: Api, receiver: Receiver, *events: str) -> None:
    for event in events:
        assert api.ok("event.bind", event=event, handler=receiver.url) is True


def settled(portal: SandboxPortal) -> None:
    assert portal.couriers.drain(10)


def test_call_tells_its_beginning_its_end_and_what_it_made(app_api: Api, receiver: Receiver) -> None:
    bind(app_api, receiver, "ONVOXIMPLANTCALLINIT", "ONVOXIMPLANTCALLEND", "ONCRMLEADADD", "ONCRMACTIVITYADD")
    call_id = app_api.finished(phone="+79990001122", CRM_CREATE=1, duration=9)
    settled(app_api.portal)
    assert [event["event"] for event in receiver.events] == [
        "ONCRMLEADADD",
        "ONVOXIMPLANTCALLINIT",
        "ONCRMACTIVITYADD",
        "ONVOXIMPLANTCALLEND",
    ]
    lead, begun, activity, ended = (event["data"] for event in receiver.events)
    assert lead == {"FIELDS": {"ID": "2"}}
    assert begun == {"CALL_ID": call_id, "CALL_TYPE": "2", "CALLER_ID": "+79990001122", "REST_APP_ID": "1"}
    assert (ended["CALL_ID"], ended["CALL_DURATION"], ended["CALL_FAILED_CODE"]) == (call_id, "9", "200")
    assert ended["CRM_ACTIVITY_ID"] == activity["FIELDS"]["ID"]


def test_token_of_an_event_acts_for_the_user_who_caused_it(
    app_api: Api, receiver: Receiver, session: requests.Session
) -> None:
    bind(app_api, receiver, "ONEXTERNALCALLSTART")
    app_api.portal.click_to_call(5, "+79062195047")
    settled(app_api.portal)
    auth = receiver.events[0]["auth"]
    assert "refresh_token" not in auth
    assert Api(app_api.portal, session, auth["access_token"]).ok("profile")["ID"] == "5"


def test_events_may_carry_refresh_tokens(start: Start, session: requests.Session, receiver: Receiver) -> None:
    portal = start(event_refresh_tokens=True)
    bind(Api(portal, session, portal.issue_tokens().access), receiver, "ONEXTERNALCALLSTART")
    portal.click_to_call(5, "+79062195047")
    settled(portal)
    assert "refresh_token" in receiver.events[0]["auth"]


def test_events_can_be_forged(portal: SandboxPortal, receiver: Receiver) -> None:
    genuine = portal.events.payload(portal.application(), "onCrmLeadAdd", {"FIELDS": {"ID": 1}}, 3)
    portal.events.send(receiver.url, genuine | {"ts": 1, "auth": genuine["auth"] | {"application_token": "wrong"}})
    settled(portal)
    event = receiver.events[0]
    assert (event["event"], event["ts"], event["auth"]["application_token"]) == ("onCrmLeadAdd", "1", "wrong")
    assert event["auth"]["member_id"] == portal.state.member_id


def test_no_event_before_the_application_is_installed_or_without_scope(
    start: Start, session: requests.Session, receiver: Receiver
) -> None:
    for seed in (AppSeed(installed=False), AppSeed(scopes=("telephony",))):
        portal = start(apps=(seed,))
        api = Api(portal, session, portal.issue_tokens().access)
        bind(api, receiver, "ONCRMLEADADD")
        Api(portal, session).ok("crm.lead.add", fields={"TITLE": "x"})
        settled(portal)
    assert receiver.events == []


def test_outgoing_webhook_gets_events_without_tokens(
    start: Start, session: requests.Session, receiver: Receiver
) -> None:
    hook = OutgoingWebhookSeed(receiver.url, ("ONCRMLEADADD", "ONEXTERNALCALLSTART"), token="t1")
    portal = start(outgoing_webhooks=(hook,), webhook_telephony="strict")
    Api(portal, session).ok("crm.lead.add", fields={"TITLE": "x"})
    portal.click_to_call(3, "+79062195047")
    settled(portal)
    assert [event["event"] for event in receiver.events] == ["ONCRMLEADADD"]
    auth = receiver.events[0]["auth"]
    assert auth["application_token"] == "t1"
    assert set(auth) == {"domain", "client_endpoint", "server_endpoint", "member_id", "application_token"}


def test_outgoing_webhook_of_a_lenient_portal_gets_clicks(start: Start, receiver: Receiver) -> None:
    portal = start(outgoing_webhooks=(OutgoingWebhookSeed(receiver.url, ("ONEXTERNALCALLSTART",)),))
    portal.click_to_call(3, "+79062195047")
    settled(portal)
    assert len(receiver.named("ONEXTERNALCALLSTART")) == 1


def test_failed_delivery_is_not_repeated(app_api: Api, receiver: Receiver) -> None:
    receiver.status = 500
    bind(app_api, receiver, "ONEXTERNALCALLSTART")
    app_api.portal.click_to_call(3, "+79062195047")
    settled(app_api.portal)
    assert [(view.status, view.dropped) for view in app_api.portal.deliveries] == [(500, False)]
    assert len(receiver.events) == 1


def test_handler_that_is_away_costs_the_event_and_nothing_else(app_api: Api, receiver: Receiver) -> None:
    receiver.close()
    bind(app_api, receiver, "ONEXTERNALCALLSTART")
    app_api.portal.click_to_call(3, "+79062195047")
    settled(app_api.portal)
    assert [(view.status, view.error) for view in app_api.portal.deliveries] == [(0, "ConnectionError")]


def test_events_can_be_lost_and_doubled(app_api: Api, receiver: Receiver) -> None:
    portal = app_api.portal
    bind(app_api, receiver, "ONEXTERNALCALLSTART")
    portal.weather.drop_rate = 1.0
    portal.click_to_call(3, "+79062195047")
    portal.weather.drop_rate, portal.weather.duplicate_rate = 0.0, 1.0
    call_id = portal.click_to_call(3, "+79031112233")
    settled(portal)
    assert [event["data"]["CALL_ID"] for event in receiver.events] == [call_id, call_id]
    assert [view.dropped for view in portal.deliveries] == [True, False, False]


def test_events_keep_their_order_unless_told_otherwise(app_api: Api, receiver: Receiver) -> None:
    portal = app_api.portal
    portal.weather.delay = (0.0, 0.05)
    bind(app_api, receiver, "ONEXTERNALCALLSTART")
    sent = [portal.click_to_call(3, "+79062195047") for _ in range(20)]
    settled(portal)
    assert [event["data"]["CALL_ID"] for event in receiver.events] == sent
    portal.weather.reorder = True
    again = [portal.click_to_call(3, "+79062195047") for _ in range(20)]
    settled(portal)
    arrived = [event["data"]["CALL_ID"] for event in receiver.events[20:]]
    assert sorted(arrived) == sorted(again)
    assert arrived != again


def test_slow_handler_does_not_hold_others_up_and_is_visited_less(app_api: Api, receiver: Receiver) -> None:
    portal = app_api.portal
    other = Receiver()
    try:
        portal.weather.slow_after = 0.0
        bind(app_api, receiver, "ONEXTERNALCALLSTART")
        bind(app_api, other, "ONEXTERNALCALLSTART")
        receiver.hold.clear()
        portal.click_to_call(3, "+79062195047")
        portal.wait(lambda _: other.events, 5)
        assert len(receiver.events) <= 1
        receiver.hold.set()
        settled(portal)
        assert portal.couriers.penalty(receiver.url) >= 1.0
    finally:
        other.close()


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        ({"event": "ONNOTHING", "handler": "https://x"}, (400, "ERROR_EVENT_NOT_FOUND", "Event not found")),
        ({"event": "ONCRMLEADADD"}, (400, "ERROR_ARGUMENT", "Argument 'handler' is null or empty")),
        ({"handler": "https://x"}, (400, "ERROR_ARGUMENT", "Argument 'event' is null or empty")),
    ],
)
def test_bind_refusals(app_api: Api, params: dict[str, str], refusal: tuple[int, str, str]) -> None:
    assert app_api.refused("event.bind", **params) == refusal


def test_bind_twice_is_refused_and_unbind_counts(app_api: Api) -> None:
    address = {"event": "OnCrmLeadAdd", "handler": "https://pbx.example/e"}
    app_api.ok("event.bind", **address)
    status, code, text = app_api.refused("event.bind", **address)
    assert (status, code) == (400, "ERROR_CORE")
    assert text.startswith("Unable to set event handler")
    assert app_api.ok("event.get") == [
        {"event": "ONCRMLEADADD", "handler": "https://pbx.example/e", "auth_type": "0", "offline": 0}
    ]
    assert app_api.ok("event.unbind", **address) == {"count": 1}
    assert app_api.ok("event.unbind", **address) == {"count": 0}


def test_only_administrators_bind_offline_or_for_others(portal: SandboxPortal, session: requests.Session) -> None:
    api = Api(portal, session, portal.issue_tokens(user_id=3).access)
    assert api.refused("event.bind", event="ONCRMLEADADD", event_type="offline") == (
        403,
        "ACCESS_DENIED",
        "Access denied! Offline events binding requires administrator access rights",
    )
    assert api.refused("event.bind", event="ONCRMLEADADD", handler="https://x", auth_type=1)[1] == "ACCESS_DENIED"
    assert api.refused("event.offline.get")[:2] == (403, "ACCESS_DENIED")
    assert api.ok("event.bind", event="ONCRMLEADADD", handler="https://x") is True


def test_catalogue_and_test_event(app_api: Api, receiver: Receiver) -> None:
    assert "ONEXTERNALCALLSTART" in app_api.ok("events", SCOPE="telephony")
    assert {"ONCRMLEADADD", "ONAPPTEST"} < set(app_api.ok("events", FULL=True))
    bind(app_api, receiver, "ONAPPTEST")
    assert app_api.ok("event.test", hello="world") == 1
    settled(app_api.portal)
    assert receiver.events[0]["data"]["QUERY"] == {"hello": "world"}


def offline(api: Api, *events: str, **changes: str) -> None:
    for event in events:
        api.ok("event.bind", event=event, event_type="offline", **changes)


def test_offline_queue_keeps_the_last_state_per_object(app_api: Api, clock: Clock) -> None:
    offline(app_api, "ONCRMLEADUPDATE", "ONEXTERNALCALLSTART")
    for title in ("a", "b"):
        clock.advance(1)
        app_api.ok("crm.lead.update", id=1, fields={"TITLE": title})
    call_id = app_api.portal.click_to_call(3, "+79062195047")
    answer = app_api.ok("event.offline.get")
    assert answer["process_id"] is None
    assert [(event["EVENT_NAME"], event["EVENT_DATA"]) for event in answer["events"]] == [
        ("ONCRMLEADUPDATE", {"FIELDS": {"ID": 1}}),
        (
            "ONEXTERNALCALLSTART",
            {
                "PHONE_NUMBER": "+79062195047",
                "PHONE_NUMBER_INTERNATIONAL": "+79062195047",
                "EXTENSION": "",
                "USER_ID": 3,
                "CALL_LIST_ID": 0,
                "LINE_NUMBER": "",
                "IS_MOBILE": 0,
                "CALL_ID": call_id,
                "CRM_ENTITY_TYPE": "CONTACT",
                "CRM_ENTITY_ID": 1,
            },
        ),
    ]
    assert app_api.ok("event.offline.get")["events"] == []


def test_reserved_events_belong_to_one_process_until_they_are_cleared(app_api: Api) -> None:
    offline(app_api, "ONCRMLEADADD")
    for title in "abc":
        app_api.ok("crm.lead.add", fields={"TITLE": title})
    first = app_api.ok("event.offline.get", clear=0, limit=2)
    second = app_api.ok("event.offline.get", clear=0)
    assert (len(first["events"]), len(second["events"])) == (2, 1)
    assert first["process_id"] != second["process_id"]
    one, two = (event["MESSAGE_ID"] for event in first["events"])
    app_api.ok("event.offline.error", process_id=first["process_id"], message_id=[one])
    app_api.ok("event.offline.clear", process_id=first["process_id"], message_id=[two])
    rows = app_api.answer("event.offline.list")
    assert (rows["total"], [row["ERROR"] for row in rows["result"]]) == (2, [1, 0])
    failed = app_api.ok("event.offline.get", error=1)["events"]
    assert [event["MESSAGE_ID"] for event in failed] == [one]
    app_api.ok("event.offline.clear", process_id=second["process_id"])
    assert app_api.answer("event.offline.list")["total"] == 0
    assert app_api.refused("event.offline.clear")[1] == "ERROR_ARGUMENT"


def test_connector_does_not_hear_its_own_echo(app_api: Api) -> None:
    offline(app_api, "ONCRMLEADADD", auth_connector="pbx")
    app_api.ok("crm.lead.add", fields={"TITLE": "own"}, auth_connector="pbx")
    app_api.ok("crm.lead.add", fields={"TITLE": "other"})
    events = app_api.ok("event.offline.get", auth_connector="pbx")["events"]
    assert [event["EVENT_DATA"] for event in events] == [{"FIELDS": {"ID": 3}}]


def test_signal_of_the_offline_queue_comes_at_most_once_in_its_time(
    app_api: Api, receiver: Receiver, clock: Clock
) -> None:
    offline(app_api, "ONCRMLEADADD")
    options: dict[str, Any] = {"minTimeout": 5}
    app_api.ok("event.bind", event="ONOFFLINEEVENT", handler=receiver.url, options=options)
    for pause in (0, 1, 5):
        clock.advance(pause)
        app_api.ok("crm.lead.add", fields={"TITLE": "x"})
    settled(app_api.portal)
    assert len(receiver.named("ONOFFLINEEVENT")) == 2
    assert "refresh_token" in receiver.events[0]["auth"]
