# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock is set back by hours: what waits and what is held does not wait for them."""

from __future__ import annotations

from itgrix_module.storage.clock import LONGEST_LEASE, pull_back
from itgrix_module.storage.stores import Stores
from tests.storage.samples import NOW, add_call, claim_one, done, settle, step

BACK = 7200.0
THEN = NOW - BACK  # what the clock shows after it
OURS = "pbx.example:home"


def test_what_was_due_is_due_as_early_as_before(stores: Stores) -> None:
    add_call(stores.calls, "1.1", step(due_at=NOW + 20))
    add_call(stores.calls, "1.2", step(due_at=NOW - 5), step("finish", due_at=NOW + 40))
    assert stores.outbox.claim("w", THEN, 60, 10) == []
    assert pull_back(stores.database, BACK, THEN, OURS) == 2
    first = claim_one(stores.outbox, now=THEN)
    assert first.call.linkedid == "1.2"
    assert settle(stores.outbox, first, done(first.steps[0].id), now=THEN)
    assert stores.outbox.next_due(THEN) == THEN + 20
    assert [lane.call.linkedid for lane in stores.outbox.claim("w", THEN + 45, 60, 10)] == ["1.1", "1.2"]


def test_what_a_dead_worker_of_ours_holds_ends_when_it_would_have_ended(stores: Stores) -> None:
    add_call(stores.calls, "1.1", step())
    claim_one(stores.outbox, f"{OURS}:77:delivery-1", lease=90.0)
    pull_back(stores.database, BACK, THEN, OURS)
    assert stores.outbox.claim("w", THEN + 89, 60, 10) == []
    assert claim_one(stores.outbox, now=THEN + 91).call.linkedid == "1.1"


def test_lease_that_the_new_clock_gave_and_one_of_another_node_stay(stores: Stores) -> None:
    add_call(stores.calls, "1.2", step())
    claim_one(stores.outbox, "spb.example:home:5:delivery-1", now=NOW, lease=90.0)
    add_call(stores.calls, "1.1", step(due_at=THEN - 1))
    claim_one(stores.outbox, f"{OURS}:77:delivery-1", now=THEN, lease=LONGEST_LEASE)
    assert pull_back(stores.database, BACK, THEN, OURS) == 0
    assert stores.outbox.claim("w", THEN + LONGEST_LEASE - 1, 60, 10) == []


def test_duties_of_the_dead_are_taken_over_and_a_refresh_of_tokens_is_left_to_its_own_rules(stores: Stores) -> None:
    stores.leases.take("events-poll", "dead", NOW, 90)
    stores.leases.take("tokens.portal", "dead", NOW, 90)
    pull_back(stores.database, BACK, THEN, OURS)
    assert stores.leases.take("events-poll", "b", THEN + 91, 90)
    assert not stores.leases.take("tokens.portal", "b", THEN + 91, 90)
