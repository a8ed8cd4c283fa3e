# SPDX-License-Identifier: GPL-3.0-or-later
"""The rate bucket and the operating time, on a clock that tests move."""

from __future__ import annotations

from collections.abc import Callable

import requests
from hypothesis import given
from hypothesis import strategies as some

from itgrix_module.sandbox.portal import PortalConfig, SandboxPortal
from itgrix_module.sandbox.portal.limits import RateBucket
from tests.sandbox.portal.conftest import Api, Clock, wav

Start = Callable[..., SandboxPortal]
METHOD = "telephony.externalCall.show"


def test_standard_bucket_takes_fifty_at_once_and_two_a_second_after(
    start: Start, session: requests.Session, clock: Clock
) -> None:
    api = Api(start(bucket_burst=None), session)
    statuses = [api.post("profile").status_code for _ in range(52)]
    assert statuses == [200] * 50 + [503] * 2
    assert api.refused("profile") == (503, "QUERY_LIMIT_EXCEEDED", "Too many requests")
    clock.advance(1.0)
    assert [api.post("profile").status_code for _ in range(3)] == [200, 200, 503]
    assert api.portal.state.bucket.refused == 4


def test_enterprise_plan_has_the_wider_bucket() -> None:
    config = PortalConfig(plan="ent")
    assert (config.burst, config.drain) == (250, 5)


def test_batch_is_one_request_for_the_bucket(start: Start, session: requests.Session) -> None:
    api = Api(start(bucket_burst=1), session)
    result = api.ok("batch", cmd=["profile"] * 50)
    assert len(result["result"]) == 50
    assert api.post("profile").status_code == 503


def _upload(api: Api) -> int:
    call_id = api.finished()
    offered = api.ok("telephony.externalCall.attachRecord", CALL_ID=call_id, FILENAME="a.wav")
    return api.session.post(offered["uploadUrl"], files={"file": wav(0.1)}, timeout=10).status_code


def test_upload_is_not_counted_by_default(start: Start, session: requests.Session) -> None:
    assert _upload(Api(start(bucket_burst=3), session)) == 200


def test_upload_is_counted_on_demand(start: Start, session: requests.Session) -> None:
    assert _upload(Api(start(bucket_burst=3, count_uploads=True), session)) == 503


@given(some.lists(some.floats(0, 30), max_size=60))
def test_bucket_never_lets_more_through_than_burst_and_drain_allow(pauses: list[float]) -> None:
    bucket = RateBucket(10, 2)
    now, taken = 0.0, 0
    for pause in pauses:
        now += pause
        taken += bucket.take("here", now)
        assert taken <= 10 + 2 * now
        assert 0 <= bucket.level("here", now) <= 10


def test_sources_do_not_share_a_bucket() -> None:
    bucket = RateBucket(1, 1)
    assert [bucket.take(source, 0) for source in ("a", "a", "b")] == [True, False, True]


def test_method_over_its_operating_time_is_blocked_until_its_oldest_minute_leaves(
    start: Start, session: requests.Session, clock: Clock
) -> None:
    portal = start(operating_cost={METHOD: 200.0})
    api = Api(portal, session)
    first = api.answer(METHOD, CALL_ID="x")["time"]
    assert 200 <= first["operating"] < 201
    assert first["operating_reset_at"] == int(clock.now) + 600
    clock.advance(60)
    assert [api.post(METHOD, CALL_ID="x").status_code for _ in range(3)] == [200, 200, 429]
    assert api.refused(METHOD)[1:] == (
        "OPERATION_TIME_LIMIT",
        "Method is blocked due to operation time limit.",
    )
    assert api.post("profile").status_code == 200
    clock.advance(540)
    assert api.post(METHOD, CALL_ID="x").status_code == 200


def test_operating_time_is_counted_per_client(start: Start, session: requests.Session) -> None:
    portal = start(operating_limit=10, operating_cost={METHOD: 20})
    api = Api(portal, session)
    assert [api.post(METHOD).status_code for _ in range(2)] == [200, 429]
    assert Api(portal, session, portal.issue_tokens().access).post(METHOD).status_code == 200


def test_operating_time_is_counted_for_commands_and_not_for_batch(start: Start, session: requests.Session) -> None:
    api = Api(start(operating_limit=10, operating_cost={METHOD: 20, "batch": 20}), session)
    body = api.answer("batch", cmd={"a": METHOD, "b": METHOD})
    assert body["result"]["result_error"]["b"]["error"] == "OPERATION_TIME_LIMIT"
    assert body["result"]["result_time"]["a"]["operating"] >= 20
    assert "operating" not in body["time"]
    assert api.post("batch", cmd={}).status_code == 200


def test_operating_fields_can_be_left_out(start: Start, session: requests.Session) -> None:
    told = Api(start(omit_operating=True), session).answer("profile")["time"]
    assert set(told) == {"start", "finish", "duration", "processing", "date_start", "date_finish"}
