# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that nobody heard of, found in the MariaDB of a FreePBX, which may be away itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from itgrix_module.app.health import Level
from itgrix_module.sandbox.pbx import Situation
from tests.fakes.freepbx_records import FreePbxRecords
from tests.fakes.mariadb import MariaDb, mariadb_server
from tests.service.house import sandboxes, until
from tests.service.test_reconcile import FEW, SITUATIONS, Place, assert_as_it_was, part, ready, unready

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDb]:
    with mariadb_server() as made:
        yield made


@pytest.fixture
def place(tmp_path: Path, server: MariaDb) -> Iterator[Place]:
    with sandboxes(tmp_path, pbx={"cel": True}) as (pbx, portal):
        made = Place(tmp_path, pbx, portal)
        made.book = FreePbxRecords(server)
        yield made


# What each kind of call looks like in events alone is the same in every database.
WRITTEN = [(("cdr", "cel"), SITUATIONS), (("cel",), FEW)]


@pytest.mark.parametrize(("write", "situations"), WRITTEN, ids=["cel and cdr", "cel"])
def test_calls_while_the_service_was_down_reach_the_portal_from_freepbx(
    place: Place, write: tuple[str, ...], situations: Sequence[Situation]
) -> None:
    with place.service() as here:
        here.wait_finished(here.ring())
        until(lambda: here.service.reconciling._books.done_until("pbx1"), 20)
        place.book.write(place.pbx, *write)
    truths = place.play(*situations, write=write)
    with place.service() as here:
        until(lambda: ready(place, truths), 90, lambda: unready(place, here, truths))
        here.wait_delivered()
    for truth in truths:
        assert_as_it_was(place.call(truth), truth)
    assert len(place.portal.calls()) == len(truths) + 1


def test_records_that_are_away_are_told_of_and_their_calls_found_when_they_are_back(
    place: Place, server: MariaDb
) -> None:
    with place.service() as here:
        until(lambda: here.service.reconciling._books.done_until("pbx1"), 20)
    truths = place.play(*FEW)
    server.stop()
    try:
        with place.service() as here:
            until(lambda: part(here).level is Level.WARNING, 30, lambda: part(here))
            assert "cannot be read" in part(here).text
            assert "secret" not in str(part(here))
            server.start()
            here.service.reconciling._next = 0.0  # five minutes later
            until(lambda: ready(place, truths), 60, lambda: unready(place, here, truths))
            assert part(here).level is Level.OK
    finally:
        if server._process is None:
            server.start()
    for truth in truths:
        assert_as_it_was(place.call(truth), truth)
