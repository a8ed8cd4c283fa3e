# SPDX-License-Identifier: GPL-3.0-or-later
"""Three PBXs, three services, one MariaDB, one portal: one budget, and the work of a dead node goes on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from itgrix_module.core import open_core
from itgrix_module.sandbox.pbx import SandboxPbx, Truth
from itgrix_module.sandbox.portal import SandboxPortal
from tests.chaos.ground import around, situation
from tests.chaos.scale import amount
from tests.fakes.mariadb import MariaDb, mariadb_server
from tests.service.house import pbx_config, portal_config, the_call, until
from tests.service.outcome import assert_whole
from tests.service.outside import Outside
from tests.service.process import served

NODES = ("msk", "spb", "ekb")
CALLS = amount(3, 40)  # of each node, at once
VICTIM = "spb"
SECONDS = 240  # at two requests a second, after a lease


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDb]:
    with mariadb_server() as made:
        yield made


def node_of(stack: ExitStack, folder: Path, name: str, portal: SandboxPortal, url: str) -> Outside:
    """A PBX of its own; the key of the secrets is copied to each home, as an administrator does."""
    home, first = folder / name, folder / NODES[0] / "secret.key"
    home.mkdir(mode=0o750)
    if first.exists():
        shutil.copy2(first, home / "secret.key")
    pbx = stack.enter_context(SandboxPbx(pbx_config(folder / f"monitor-{name}")))
    here = around(home, pbx, portal, url, name)
    with open_core(here.place) as core:
        core.settings.save({}, ("limits.rate", "limits.burst"))  # the portal's real limits count
    return here


def assert_node_whole(name: str, portal: SandboxPortal, truths: list[Truth]) -> None:
    for number, truth in enumerate(truths):
        assert_whole(portal, truth, f"{name}-{truth.linkedid}", slack=60.0 if name == VICTIM and number else 1.5)


def has_all(portal: SandboxPortal, name: str, truths: list[Truth]) -> bool:
    found = [the_call(portal, f"{name}-{truth.linkedid}") for truth in truths]
    return all(
        call and call.finished and call.records == int(truth.recorded)
        for call, truth in zip(found, truths, strict=True)
    )


def finished(portal: SandboxPortal, name: str) -> int:
    return sum(call.finished for call in portal.calls() if call.external_call_id.startswith(f"{name}-"))


@pytest.mark.live
@pytest.mark.timeout(600)
def test_work_of_a_killed_node_is_taken_over_and_its_live_calls_are_closed_on_its_return(
    server: MariaDb, tmp_path: Path
) -> None:
    url = server.create_database("itgrix_nodes")
    config = replace(portal_config(), bucket_burst=None, bucket_drain=None)
    with SandboxPortal(config) as portal, ExitStack() as stack:
        here = {name: node_of(stack, tmp_path, name, portal, url) for name in NODES}
        running = {name: stack.enter_context(served(here[name].place)) for name in NODES}
        for name in NODES:
            here[name].wait_ready(running[name])
        done = {name: [here[name].pbx.begin(situation(n, 2.0)) for n in range(CALLS)] for name in NODES}
        live = here[VICTIM].pbx.begin(situation(CALLS, 20.0))
        for name in NODES:
            for call in done[name]:
                call.wait(60)
        until(lambda: any(c.phone.endswith(f"{CALLS:07d}") for c in portal.calls()), SECONDS)
        running[VICTIM].kill()
        until(lambda: finished(portal, VICTIM) >= 1, SECONDS, portal.calls)
        live.wait(60)
        revived = stack.enter_context(served(here[VICTIM].place))
        truths = {name: [call.wait(1) for call in done[name]] for name in NODES}
        truths[VICTIM].append(live.wait(1))
        until(lambda: all(has_all(portal, name, truths[name]) for name in NODES), SECONDS, lambda: revived.lines[-30:])
        for name in NODES:
            assert_node_whole(name, portal, truths[name])
        assert len(portal.calls()) == 3 * CALLS + 1
        refused = [request for request in portal.requests if request.error == "QUERY_LIMIT_EXCEEDED"]
        assert refused == [], "one budget for all"
