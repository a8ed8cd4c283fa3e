# SPDX-License-Identifier: GPL-3.0-or-later
"""Event handlers of our application are compared with the portal's and mended."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from itgrix_module.app.application import Bound, Mended, Placed
from itgrix_module.bitrix24.auth import WebhookAuth
from itgrix_module.bitrix24.client import PortalClient
from itgrix_module.bitrix24.handlers import CRM, OF_CALLS, Wanted, epoch, mend
from itgrix_module.bitrix24.limiter import Limiter
from itgrix_module.bitrix24.memory import MemoryLimits
from itgrix_module.domain.failures import Failure
from itgrix_module.sandbox.portal import PortalConfig, SandboxPortal
from itgrix_module.sandbox.portal.config import UserSeed
from itgrix_module.sandbox.portal.model import Binding
from tests.service.test_line_sync import authorised

HANDLER, OLD, FOREIGN = "https://pbx.example/bitrix24/events", "https://old.example/x", "https://other.example/y"


class Bench:
    def __init__(self, portal: SandboxPortal, client: PortalClient) -> None:
        self.portal, self.client = portal, client

    def mend(self, wanted: Wanted, *ours: str) -> Mended:
        def is_ours(bound: Bound) -> bool:
            return "poll" in ours if bound.offline else bound.handler in ours

        return mend(self.client, wanted, is_ours, self.portal.state.now)

    def bind(self, event: str, handler: str = "", *, offline: bool = False, connector: str = "") -> None:
        state = self.portal.state
        made = Binding(state.next_id(), event, handler, offline=offline, connector=connector)
        self.portal.application().bindings.append(made)

    @property
    def there(self) -> set[tuple[str, str, bool]]:
        return {(each.event, each.handler, each.offline) for each in self.portal.application().bindings}


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    config = getattr(request, "param", None) or PortalConfig()
    with SandboxPortal(config) as portal:
        limits = Limiter(MemoryLimits(), lambda: 0.0, lambda _: None)
        with PortalClient(authorised(portal, "app"), limits=limits) as client:
            yield Bench(portal, client)


def test_everything_is_bound_in_two_requests_and_looked_at_in_one(bench: Bench) -> None:
    found = bench.mend(Wanted(HANDLER))
    assert {name for name, *_ in bench.there} >= {*OF_CALLS, *CRM, "ONUSERADD", "ONAPPUPDATE", "ONAPPUNINSTALL"}
    assert (found.added, found.removed, found.missing) == (len(bench.there), 0, {})
    assert (found.user_id, found.is_admin, found.is_installed) == (1, True, True)
    assert bench.portal.http["batch"] == 2
    again = bench.mend(Wanted(HANDLER))
    assert (again.added, again.removed) == (0, 0)
    assert bench.portal.http["batch"] == 3


def test_what_somebody_unbound_is_bound_again(bench: Bench) -> None:
    bench.mend(Wanted(HANDLER))
    bindings = bench.portal.application().bindings
    bindings[:] = [each for each in bindings if each.event != "ONEXTERNALCALLSTART"]
    assert bench.mend(Wanted(HANDLER)).added == 1
    assert ("ONEXTERNALCALLSTART", HANDLER, False) in bench.there


def test_old_address_is_unbound_and_that_of_another_service_stays(bench: Bench) -> None:
    bench.bind("ONEXTERNALCALLSTART", OLD)
    bench.bind("ONTASKADD", OLD)
    bench.bind("ONEXTERNALCALLSTART", FOREIGN)
    found = bench.mend(Wanted(HANDLER), OLD, HANDLER)
    assert found.removed == 2
    assert found.is_clean
    handlers = {handler for _, handler, _ in bench.there}
    assert handlers == {HANDLER, FOREIGN}


def test_event_that_is_no_longer_wanted_is_unbound(bench: Bench) -> None:
    bench.mend(Wanted(HANDLER))
    assert bench.mend(Wanted(HANDLER, crm=False), HANDLER).removed == len(CRM)
    assert not any(name.startswith("ONCRM") for name, *_ in bench.there)
    bench.mend(Wanted(None), HANDLER)
    assert bench.there == set()


def test_queue_takes_the_place_of_the_address_and_the_other_way_round(bench: Bench) -> None:
    bench.mend(Wanted(HANDLER))
    bench.bind("ONCRMLEADADD", offline=True, connector="somebody")
    bench.mend(Wanted(""), HANDLER)
    assert all(offline for *_, offline in bench.there)
    bench.mend(Wanted(HANDLER), "poll")
    left = [each for each in bench.portal.application().bindings if each.offline]
    assert [each.connector for each in left] == ["somebody"]


def test_trial_event_is_sent_while_the_sender_is_not_known(bench: Bench) -> None:
    bench.mend(Wanted(HANDLER, learn=True))
    assert ("ONAPPTEST", HANDLER, False) in bench.there
    assert any(request.method == "event.test" for request in bench.portal.requests)
    bench.mend(Wanted(HANDLER), HANDLER)
    assert ("ONAPPTEST", HANDLER, False) not in bench.there


@pytest.mark.parametrize(
    "bench",
    [dataclasses.replace(PortalConfig(), apps=(dataclasses.replace(PortalConfig().apps[0], scopes=("crm",)),))],
    indirect=True,
)
def test_event_that_the_portal_refuses_is_named(bench: Bench) -> None:
    found = bench.mend(Wanted(HANDLER))
    assert set(found.missing) <= set(OF_CALLS)
    assert all(isinstance(failure, Failure) for failure in found.missing.values())


@pytest.mark.parametrize(
    "bench", [dataclasses.replace(PortalConfig(), users=(UserSeed(1, "Анна", "", "101", admin=False),))], indirect=True
)
def test_queue_without_an_administrator_is_told(bench: Bench) -> None:
    found = bench.mend(Wanted(""))
    assert not found.is_admin
    assert set(found.missing) >= set(OF_CALLS)
    assert bench.there == set()


def test_webhook_has_no_events(bench: Bench) -> None:
    limits = Limiter(MemoryLimits(), lambda: 0.0, lambda _: None)
    auth = WebhookAuth(bench.portal.webhook_url())
    with PortalClient(auth, limits=limits) as client, pytest.raises(Failure):
        mend(client, Wanted(HANDLER), lambda _: False, lambda: 0.0)


def test_placement_that_lacks_is_bound_once(bench: Bench) -> None:
    card = Placed("CALL_CARD", "https://pbx.example/card", "Itgrix")
    for _ in range(2):
        bench.mend(Wanted(HANDLER, placements=(card,)))
    placed = bench.portal.application().placements
    assert [(each.placement, each.handler) for each in placed] == [("CALL_CARD", "https://pbx.example/card")]


def test_clock_of_the_portal_is_measured(bench: Bench) -> None:
    found = mend(bench.client, Wanted(HANDLER), lambda _: False, lambda: bench.portal.state.now() - 600.0)
    assert found.offset is not None
    assert 595 < found.offset < 605


@pytest.mark.parametrize("value", [None, "", "yesterday", "2026-01-01T00:00:00", [], {}, "9999-12-31T23:59:59-23:59x"])
def test_moment_that_is_none_is_not_guessed(value: object) -> None:
    assert epoch(value) is None
