# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that nobody heard of are found in the PBX's records, reach the portal once, late and quietly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from itgrix_module.app.alerts import is_worth_telling
from itgrix_module.app.health import Check, Level
from itgrix_module.app.reconcile_ports import Order, Progress
from itgrix_module.domain.failures import Failure
from itgrix_module.metrics import page
from itgrix_module.sandbox.pbx import SandboxPbx, Situation, Truth
from itgrix_module.sandbox.pbx.plots import KINDS
from itgrix_module.sandbox.portal import SandboxPortal
from itgrix_module.sandbox.portal.views import CallView
from tests.service.house import House, furnished, sandboxes, short, the_call, until, user_of
from tests.service.record_book import RecordBook

STATUS = {"answered": "200", "missed": "304", "busy": "486", "cancelled": "603-S", "no_answer": "480", "failed": "404"}
SECOND = 1.1
SOON = {"reconcile.grace_seconds": 0}


class Book(Protocol):
    """Where the PBX writes its records. ``url``: for ``cdr.url``."""

    url: str

    def write(self, pbx: SandboxPbx, *kinds: str) -> None:
        """What the PBX wrote since the last time."""


class Place:
    """Sandboxes, and a service that comes and goes between them."""

    def __init__(self, folder: Path, pbx: SandboxPbx, portal: SandboxPortal) -> None:
        self.folder, self.pbx, self.portal = folder, pbx, portal
        self.book: Book = RecordBook(folder / "records.db")

    @contextmanager
    def service(self, settings: Mapping[str, Any] | None = None) -> Iterator[House]:
        every = {"cdr.url": self.book.url, **SOON, **(settings or {})}
        with furnished(self.folder, self.pbx, self.portal, every) as found:
            found.wait_ready()
            yield found

    def play(self, *situations: Situation, write: tuple[str, ...] = ("cdr", "cel")) -> list[Truth]:
        """To their end; the PBX writes its records."""
        truths = [played.wait(30) for played in [self.pbx.begin(each) for each in situations]]
        self.book.write(self.pbx, *write)
        return truths

    def call(self, truth: Truth) -> CallView | None:
        return the_call(self.portal, f"pbx1-{truth.linkedid}")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with sandboxes(tmp_path, pbx={"cel": True}) as (pbx, portal):
        yield Place(tmp_path, pbx, portal)


SITUATIONS = tuple(
    short(kind, client=f"791612345{number:02}", talk=1.6, talk_after=1.6, extension="")
    for number, kind in enumerate(sorted(set(KINDS) - {"internal"}))
)
FEW = (short(talk=2.0), short("missed", client="79161234568"))


def assert_as_it_was(call: CallView | None, truth: Truth) -> None:
    assert call is not None, truth
    assert call.finish is not None, "it is still open in the portal"
    assert call.finish.status == STATUS[truth.outcome]
    assert call.finish.duration == pytest.approx(truth.talk if truth.outcome == "answered" else 0.0, abs=SECOND)
    assert call.started == pytest.approx(truth.started, abs=SECOND)
    assert call.phone.lstrip("+") == truth.client
    if truth.last_talker and truth.last_talker.isdigit() and len(truth.last_talker) < 5:
        assert call.finish.user_id == user_of(truth.last_talker)
    assert not call.cards, "a call of the past opens no card"


def ready(place: Place, truths: list[Truth]) -> bool:
    """Have all reached the portal, with their recordings?"""
    calls = [place.call(truth) for truth in truths]
    return all(
        call is not None and call.finished and (call.record is not None or truth.outcome != "answered")
        for call, truth in zip(calls, truths, strict=True)
    )


def unready(place: Place, here: House, truths: list[Truth]) -> list[Any]:
    """What still has to come."""
    return [(truth.kind, here.told(truth), here.steps(truth)) for truth in truths if not ready(place, [truth])]


def compared(here: House, order: Order) -> Progress:
    """By hand, to the end."""
    progress = here.service.reconciling.begin(order)
    until(lambda: progress.ended is not None, 20, progress.data)
    return progress


def whole_day(truth: Truth) -> Order:
    return Order(truth.started - 3600, truth.started + 3600, who="test")


@pytest.mark.parametrize("write", [("cdr", "cel"), ("cel",)], ids=["cel and cdr", "cel"])
def test_calls_while_the_service_was_down_reach_the_portal_as_they_were(place: Place, write: tuple[str, ...]) -> None:
    with place.service() as here:
        first = here.ring()
        here.wait_finished(first)
        place.book.write(place.pbx, *write)
    truths = place.play(*SITUATIONS, write=write)
    with place.service() as here:
        until(lambda: ready(place, truths), 60, lambda: unready(place, here, truths))
        here.wait_delivered()
        assert compared(here, whole_day(first)).counts["added"] == 0
    for truth in truths:
        assert_as_it_was(place.call(truth), truth)
    assert len(place.portal.calls()) == len(truths) + 1


def test_calls_within_a_gap_of_the_link_are_found_while_the_service_runs(place: Place) -> None:
    with place.service() as here:
        here.wait_finished(here.ring())
        until(lambda: here.service.reconciling._books.done_until("pbx1"), 20)
        place.pbx.faults.cut(refuse=60.0)
        until(lambda: here.service.pbx.state.phase != "up", 20)
        truths = place.play(*FEW)
        place.pbx.faults.admit()
        until(lambda: ready(place, truths), 60, lambda: [(truth, place.call(truth)) for truth in truths])
        here.wait_delivered()
    for truth in truths:
        assert_as_it_was(place.call(truth), truth)


def test_call_that_ended_in_the_gap_is_closed_when_the_records_say_it_was(place: Place) -> None:
    with place.service() as here:
        played = place.pbx.begin(short(talk=2.0))
        until(lambda: any(call.phase == "talking" for call in rows(here)), 20)
    truth = played.wait(20)
    place.book.write(place.pbx)
    with place.service() as here:
        call = here.wait_finished(truth, 30)
    assert call.finish is not None
    assert call.finish.duration == pytest.approx(truth.talk, abs=SECOND)
    assert call.registers == 1


def rows(here: House) -> list[Any]:
    return [item.call for item in here.service.core.calls.live()]


def test_calls_from_before_the_installation_are_left_alone_until_somebody_asks(place: Place) -> None:
    truths = place.play(short(talk=1.5))
    with place.service() as here:
        until(lambda: here.service.reconciling._books.done_until("pbx1"), 20)
        assert place.call(truths[0]) is None
        found = compared(here, whole_day(truths[0]))
        assert (found.state, found.counts["added"]) == ("done", 1)
        until(lambda: ready(place, truths), 30)
    assert_as_it_was(place.call(truths[0]), truths[0])


def test_call_that_the_portal_has_is_not_made_again_when_our_storage_is_lost(place: Place) -> None:
    with place.service() as here:
        truth = here.ring(talk=1.5)
        here.wait_finished(truth)
        here.wait_delivered()
        place.book.write(place.pbx)
    for file in (place.folder / "home").glob("itgrix.db*"):
        file.unlink()
    with place.service() as here:
        assert compared(here, whole_day(truth)).counts["added"] == 1
        until(lambda: here.steps(truth).get("finish") == "done", 20, lambda: here.told(truth))
        here.wait_delivered()
    call = place.call(truth)
    assert call is not None
    assert (call.registers, len(place.portal.calls())) == (1, 1)


def test_one_call_is_found_by_its_linkedid_and_a_second_time_there_is_nothing_to_do(place: Place) -> None:
    truths = place.play(short(talk=1.2), short("missed", client="79161234568"))
    with place.service() as here:
        first = compared(here, Order(calls=(truths[1].linkedid,)))
        assert [found.linkedid for found in first.found] == [truths[1].linkedid]
        until(lambda: ready(place, truths[1:]), 20)
        again = compared(here, Order(calls=(truths[1].linkedid,)))
        assert (again.counts["same"], again.found) == (1, [])
    assert place.call(truths[0]) is None


def test_dry_run_says_what_it_would_do_and_does_nothing(place: Place) -> None:
    truths = place.play(short(talk=1.2))
    with place.service() as here:
        order = whole_day(truths[0])
        found = compared(here, Order(order.since, order.until, dry=True))
        assert found.counts["added"] == 1
        assert here.service.core.calls.story("pbx1", truths[0].linkedid) is None


def test_without_records_reprocessing_says_what_to_set(place: Place) -> None:
    with place.service({"cdr.url": ""}) as here, pytest.raises(Failure, match="call records are not known"):
        here.service.reconciling.begin(Order(0.0, 1.0))


def test_unreadable_records_are_told_and_tried_again(place: Place) -> None:
    with place.service({"cdr.url": f"sqlite:///{place.folder}/nowhere/records.db"}) as here:
        found = compared(here, Order(1.0, 2.0))
        assert found.state == "failed"
        assert "cannot be read" in found.problem


def part(here: House) -> Check:
    return next(check for check in here.service.health().checks if check.part == "cdr")


def test_records_that_cannot_be_read_are_a_part_of_the_health_until_somebody_mends_it(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    with place.service() as here:
        until(lambda: here.service.reconciling._books.done_until("pbx1"), 20)
        assert part(here).level is Level.OK
    with place.service({"cdr.url": f"sqlite:///{place.folder}/nowhere/records.db"}) as here:
        until(lambda: part(here).level is Level.WARNING, 20, lambda: part(here))
        assert "cannot be read" in part(here).text
        assert part(here).hint
        assert is_worth_telling(part(here))
        assert 'itgrix_part_level{part="cdr"} 1' in page(here.service).decode()
        here.service.core.settings.save({"cdr.url": place.book.url})
        until(lambda: part(here).level is Level.OK, 20, lambda: part(here))
    said = [record.message for record in caplog.records if "compared with the PBX's records" in record.message]
    assert len(said) == 2, said
    assert said[1].endswith("again")


def test_fault_of_records_is_over_when_nobody_wants_them_any_more(place: Place) -> None:
    with place.service() as here:
        until(lambda: here.service.reconciling._books.done_until("pbx1"), 20)
    with place.service({"cdr.url": f"sqlite:///{place.folder}/nowhere/records.db"}) as here:
        until(lambda: part(here).level is Level.WARNING, 20, lambda: part(here))
        here.service.core.settings.save({"reconcile.enabled": False})
        until(lambda: part(here).level is Level.OK, 20, lambda: part(here))
