# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from flask import Response, request

from itgrix_module.core import open_core
from itgrix_module.sandbox.portal import SandboxPortal
from tests.journeys.rules.bench import Bench, bench
from tests.journeys.rules.ground import Clock, Ground
from tests.service.house import place_of, portal_config

Open = Callable[..., Bench]
MODES = {"classic": 1, "simple": 2}
# For variations of a rule that another journey shows in both modes already.
in_one_mode = pytest.mark.parametrize("mode", ["simple"], indirect=True)


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock()


REFUSALS = {
    "rate": (503, "QUERY_LIMIT_EXCEEDED", "Too many requests"),
    "denied": (403, "ACCESS_DENIED", "Access denied!"),
    "revoked": (401, "NO_AUTH_FOUND", "Wrong authorization data"),
}
MENDED = 100.0  # seconds after which the owner of the portal has given the authorisation anew


class Front:
    """Stands before the portal: counts requests and makes one of them fail as the portal itself would."""

    def __init__(self, portal: SandboxPortal, clock: Clock) -> None:
        self._portal, self._clock = portal, clock
        self.strike("", -1)

    def strike(self, kind: str, place: int) -> None:
        """``rate``: 503, too many requests; ``denied``: 403; ``revoked``: 401 for MENDED seconds.

        ``operating``: 429, the methods' time is used up; ``expired``: 401, until the tokens are refreshed.
        """
        self._kind, self._place, self._until = kind, place, 0.0
        self.count = self.refused = 0

    def _before(self) -> Response | None:
        if not request.path.startswith("/rest/"):
            return None
        place, self.count = self.count, self.count + 1
        if place == self._place and self._kind == "revoked":
            self._until = self._clock.now + MENDED
        if place != self._place and self._clock.now >= self._until:
            return None
        self.refused += 1
        if self._kind == "operating":
            self._portal.state.operating.limit = -1.0
        elif self._kind == "expired":
            self._portal.expire_tokens()
        elif self._kind:
            status, error, words = REFUSALS[self._kind]
            text = json.dumps({"error": error, "error_description": words})
            return Response(text, status, content_type="application/json")
        return None

    def _after(self, response: Response) -> Response:
        self._portal.state.operating.limit = self._portal.config.operating_limit
        return response

    def stand(self) -> None:
        """Before the portal opens."""
        self._portal.app.before_request(self._before)
        self._portal.app.after_request(self._after)


@pytest.fixture(scope="session")
def ends(clock: Clock) -> Iterator[tuple[SandboxPortal, Front]]:
    """One portal for all, with what stands before it."""
    made = SandboxPortal(portal_config(), clock=clock)
    front = Front(made, clock)
    front.stand()
    with made:
        yield made, front


@pytest.fixture(scope="session")
def portal(ends: tuple[SandboxPortal, Front]) -> SandboxPortal:
    """Each bench begins with ``reset``."""
    return ends[0]


@pytest.fixture
def front(ends: tuple[SandboxPortal, Front]) -> Iterator[Front]:
    """What stands before the portal; strikes nobody any more afterwards."""
    yield ends[1]
    ends[1].strike("", -1)


@pytest.fixture(scope="session")
def ground(portal: SandboxPortal, clock: Clock) -> Iterator[Ground]:
    """A database for all; in memory where the system has such a folder, since each commit waits for the disk."""
    memory = Path("/dev/shm")
    where = memory if os.access(memory, os.W_OK) else None
    with TemporaryDirectory(dir=where) as folder, open_core(place_of(Path(folder))) as core:
        yield Ground(core.database, portal, clock)


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """Both CRM modes."""
    found: str = request.param
    return found


@pytest.fixture
def house(tmp_path: Path, ground: Ground, mode: str) -> Iterator[Open]:
    """Opens a bench with these settings (``__`` for a dot)."""
    with ExitStack() as stack:

        def opened(**settings: Any) -> Bench:
            given = {key.replace("__", "."): value for key, value in settings.items()}
            return stack.enter_context(bench(ground, tmp_path, given, MODES[mode]))

        yield opened
