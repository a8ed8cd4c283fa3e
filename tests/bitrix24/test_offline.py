# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal's queue: nothing is forgotten there before it is stored here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from itgrix_module.app.happenings import Happening, Inbox, Kept
from itgrix_module.bitrix24.client import PortalClient
from itgrix_module.bitrix24.limiter import Limiter
from itgrix_module.bitrix24.memory import MemoryLimits
from itgrix_module.bitrix24.offline import PORTION, reserved, take
from itgrix_module.domain.failures import Failure, NeedsOwner, Temporary
from itgrix_module.event_poll import Poller
from itgrix_module.sandbox.portal import PortalConfig, SandboxPortal
from itgrix_module.sandbox.portal.model import Binding
from tests.service.test_line_sync import authorised


class Store:
    """Keeps events as long as the test; ``broken``: takes none."""

    def __init__(self) -> None:
        self.kept: dict[str, Happening] = {}
        self.broken = False

    def add(self, happenings: Sequence[Happening]) -> int:
        if self.broken:
            raise Temporary("database_locked", "the database is locked")
        new = {each.key: each for each in happenings if each.key not in self.kept}
        self.kept.update(new)
        return len(new)

    def due(self, now: float, limit: int, *, calls: bool) -> Sequence[Kept]:
        return ()

    def next_due(self, *, calls: bool) -> float | None:
        return None

    def done(self, id: int, now: float, state: str = "done", note: str = "") -> None: ...  # noqa: A002

    def later(self, id: int, at: float, note: str) -> None: ...  # noqa: A002


class Bench:
    def __init__(self, portal: SandboxPortal, client: PortalClient) -> None:
        self.portal, self.client, self.store = portal, client, Store()
        self.behind = 0.0
        self.active = True
        self.poller = self.restarted()

    def now(self) -> float:
        return self.portal.state.now() - self.behind

    def restarted(self) -> Poller:
        inbox = Inbox(self.store, self.now, lambda: None)
        inbox.on("ON*", lambda _: None)
        pace = lambda *, more: 0.0 if more else 1.0  # noqa: E731
        self.poller = Poller(lambda: self.client, inbox, lambda: self.active, pace, self.now)
        return self.poller

    def leads(self, count: int) -> None:
        for number in range(count):
            self.portal.state.publish("ONCRMLEADADD", {"FIELDS": {"ID": number + 1}}, 1, "")

    @property
    def queue(self) -> list[str]:
        client_id = self.portal.application().client_id
        return [item.message for item in self.portal.state.offline[client_id].all()]


@pytest.fixture
def bench() -> Iterator[Bench]:
    with SandboxPortal(PortalConfig(bucket_burst=10_000)) as portal:
        for event in ("ONCRMLEADADD", "ONEXTERNALCALLSTART", "ONCRMCONTACTUPDATE"):
            portal.application().bindings.append(Binding(portal.state.next_id(), event, "", offline=True))
        limits = Limiter(MemoryLimits(), lambda: 0.0, lambda _: None)
        with PortalClient(authorised(portal, "app"), limits=limits) as client:
            yield Bench(portal, client)


def test_events_come_once_and_the_queue_is_emptied(bench: Bench) -> None:
    bench.leads(3)
    for _ in range(3):
        bench.poller.poll()
    assert len(bench.store.kept) == 3
    assert bench.queue == []


def test_idle_look_costs_one_request(bench: Bench) -> None:
    bench.poller.poll()
    before = bench.portal.http["total"]
    bench.poller.poll()
    assert bench.portal.http["total"] - before == 1


def test_more_than_a_portion_comes_in_several_looks_without_a_pause(bench: Bench) -> None:
    bench.leads(2 * PORTION + 5)
    pauses = []
    for _ in range(4):
        bench.poller.poll()
        pauses.append(bench.poller.idle())
    assert len(bench.store.kept) == 2 * PORTION + 5
    assert pauses[:3] == [0.0, 0.0, 1.0]
    assert bench.queue == []


def test_what_could_not_be_stored_stays_in_the_portal(bench: Bench) -> None:
    bench.leads(3)
    bench.store.broken = True
    with pytest.raises(Temporary):
        bench.poller.poll()
    assert len(bench.queue) == 3
    bench.store.broken = False
    bench.poller.poll()
    bench.poller.poll()
    assert len(bench.store.kept) == 3
    assert bench.queue == []


def test_portion_of_a_process_that_died_is_found_again(bench: Bench) -> None:
    bench.leads(PORTION + 20)
    lost = take(bench.client, (), bench.now())
    also = take(bench.client, (), bench.now())
    assert (len(lost.happenings), len(also.happenings)) == (PORTION, 20)
    assert len(reserved(bench.client, bench.now())) == 2
    bench.restarted().poll()
    bench.poller.poll()
    assert len(bench.store.kept) == PORTION + 20
    assert bench.queue == []


def test_answer_that_is_lost_loses_no_event(bench: Bench) -> None:
    bench.poller.poll()
    bench.leads(3)
    bench.portal.faults.add("batch", "lost_answer")
    bench.poller.poll()
    assert isinstance(bench.poller.failure, Failure)
    bench.poller.poll()
    bench.poller.poll()
    assert len(bench.store.kept) == 3
    assert bench.queue == []
    assert bench.poller.failure is None


def test_delay_is_measured_by_the_portals_own_clock(bench: Bench) -> None:
    bench.behind = 3600.0
    bench.leads(1)
    bench.poller.poll()
    assert bench.poller.delay is not None
    assert bench.poller.delay.longest < 60
    (kept,) = bench.store.kept.values()
    assert abs(kept.at - bench.now()) < 60


def test_click_that_waited_too_long_is_not_acted_on(bench: Bench) -> None:
    bench.portal.click_to_call("101", "+79161234567")
    bench.portal.state.offline[bench.portal.application().client_id].all()[0].at = "2020-01-01T00:00:00+03:00"
    bench.poller.poll()
    bench.poller.poll()
    assert bench.store.kept == {}
    assert bench.queue == []


def test_portal_that_refuses_is_asked_seldom_and_told_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.portal.users[1].admin = False
    for _ in range(3):
        bench.poller.poll()
    assert bench.poller.failure is not None
    assert bench.poller.idle() == 60.0
    assert len([line for line in caplog.records if "cannot be fetched" in line.message]) == 1
    assert not isinstance(bench.poller.failure, Temporary)
    bench.portal.users[1].admin = True
    bench.poller.poll()
    assert bench.poller.failure is None


def test_nothing_is_asked_while_it_is_not_wanted(bench: Bench) -> None:
    bench.active = False
    before = bench.portal.http["total"]
    assert bench.poller.poll() == 0
    assert bench.portal.http["total"] == before


def test_portal_that_is_not_set_up_is_no_crash(bench: Bench) -> None:
    def none() -> PortalClient:
        raise NeedsOwner("not_configured", "No portal is set up.", "Set one up.")

    inbox = Inbox(bench.store, bench.now, lambda: None)
    poller = Poller(none, inbox, lambda: True, lambda *, more: 1.0 + more, bench.now)
    poller.poll()
    assert poller.failure is not None


def test_queue_tells_numbers_and_a_form_tells_texts_and_both_are_one_event(bench: Bench) -> None:
    call_id = bench.portal.click_to_call(1, "+79161234567")
    bench.poller.poll()
    (click,) = bench.store.kept.values()
    assert click.data["CALL_ID"] == call_id
    assert (click.data["USER_ID"], click.data["IS_MOBILE"]) == ("1", "0")
    assert all(isinstance(leaf, str) for leaf in click.data.values())
