# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Asterisk 22 and a real Asterisk 16 with phones around them, once per test session.

Where they can't be had (no root, no network for the first time) the tests fail and say so: they are never skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from itgrix_module.sandbox.rig.pbx import RealPbx
from itgrix_module.sandbox.rig.rig import Played, Rig
from itgrix_module.sandbox.rig.rootfs import Version
from itgrix_module.sandbox.rig.situations import ALL
from tests.fakes.mariadb import mariadb_server
from tests.live.installation import Installation, installation

SECONDS = 600  # for one test with all that it has to start first; the packages may have to be fetched


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.fixture(scope="session")
def pbx22(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPbx]:
    with RealPbx("22", tmp_path_factory.mktemp("pbx22")) as pbx:
        yield pbx


@pytest.fixture(scope="session")
def pbx16(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPbx]:
    with RealPbx("16", tmp_path_factory.mktemp("pbx16")) as pbx:
        yield pbx


@pytest.fixture(scope="session")
def rig22(pbx22: RealPbx) -> Iterator[Rig]:
    with Rig(pbx22) as rig:
        yield rig


@pytest.fixture(scope="session")
def rig16(pbx16: RealPbx) -> Iterator[Rig]:
    with Rig(pbx16) as rig:
        yield rig


@pytest.fixture(scope="session", params=["22", "16"])
def version(request: pytest.FixtureRequest) -> Version:
    """Every test that uses ``version``, ``pbx`` or ``rig`` runs on both."""
    chosen: Version = request.param
    return chosen


@pytest.fixture(scope="session")
def pbx(version: Version, request: pytest.FixtureRequest) -> RealPbx:
    running: RealPbx = request.getfixturevalue(f"pbx{version}")
    return running


@pytest.fixture(scope="session")
def rig(version: Version, request: pytest.FixtureRequest) -> Rig:
    running: Rig = request.getfixturevalue(f"rig{version}")
    return running


@pytest.fixture(scope="session")
def installations(
    pbx22: RealPbx, pbx16: RealPbx, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[Version, Installation]]:
    """The product for each PBX: on SQLite beside the one, on MariaDB beside the other."""
    home22, home16 = tmp_path_factory.mktemp("home22"), tmp_path_factory.mktemp("home16")
    with (
        mariadb_server() as server,
        installation(pbx22, home22, f"sqlite:///{home22 / 'itgrix.db'}") as on22,
        installation(pbx16, home16, server.create_database("itgrix_live")) as on16,
    ):
        yield {"22": on22, "16": on16}


@pytest.fixture(scope="session")
def played(rig22: Rig, rig16: Rig, installations: dict[Version, Installation]) -> dict[Version, dict[str, Played]]:
    """Everything, on both versions at the same time, with the product listening."""
    assert set(installations) == {"22", "16"}
    with ThreadPoolExecutor(2) as pool:
        on22, on16 = pool.submit(rig22.play, *ALL), pool.submit(rig16.play, *ALL)
        return {"22": on22.result(), "16": on16.result()}
