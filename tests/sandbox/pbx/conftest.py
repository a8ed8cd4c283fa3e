# SPDX-License-Identifier: GPL-3.0-or-later
"""PBXs and clients that are gone after the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from itgrix_module.sandbox.pbx import HandClock, PbxConfig, SandboxPbx
from itgrix_module.sandbox.pbx.clock import Clock
from tests.sandbox.pbx.ami import Ami

MakePbx = Callable[..., SandboxPbx]
Connect = Callable[[SandboxPbx], Ami]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def make_pbx(stack: ExitStack) -> MakePbx:
    """A running PBX; its time stands still unless a clock is given. Arguments change the configuration."""

    def make(clock: Clock | None = None, **changes: Any) -> SandboxPbx:
        config = replace(PbxConfig(auth_delay=0.05), **changes)
        return stack.enter_context(SandboxPbx(config, clock=clock or HandClock()))

    return make


@pytest.fixture
def connect(stack: ExitStack) -> Connect:
    """A connection that has not logged in."""
    return lambda pbx: stack.enter_context(Ami(pbx.port))


@pytest.fixture
def pbx(make_pbx: MakePbx) -> SandboxPbx:
    return make_pbx()


@pytest.fixture
def ami(pbx: SandboxPbx, connect: Connect) -> Ami:
    """Logged in."""
    client = connect(pbx)
    assert client.login()["Response"] == "Success"
    return client
