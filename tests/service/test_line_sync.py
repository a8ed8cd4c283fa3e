# SPDX-License-Identifier: GPL-3.0-or-later
"""External lines in the portal follow the settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from itgrix_module.app.line_sync import LineSync
from itgrix_module.app.lines import LineRule
from itgrix_module.bitrix24.auth import AppAuth, Auth, WebhookAuth
from itgrix_module.bitrix24.client import PortalClient
from itgrix_module.bitrix24.limiter import Limiter
from itgrix_module.bitrix24.lines import BitrixLines
from itgrix_module.bitrix24.memory import MemoryLimits, MemoryTokens
from itgrix_module.sandbox.portal import PortalConfig, SandboxPortal
from itgrix_module.storage.engine import Database, open_engine
from itgrix_module.storage.portal_lines import SqlLineStore
from tests.bitrix24.conftest import pair
from tests.fakes.migrated import migrated


class Bench:
    """A portal, our memory of its lines, and the settings."""

    def __init__(self, portal: SandboxPortal, database: Database, client: PortalClient) -> None:
        self.portal, self.rules = portal, list[LineRule]()
        self.lines = BitrixLines(client)
        self.sync = LineSync(self.lines, SqlLineStore(database), lambda: self.rules, lambda: True, lambda: 1.0)

    def want(self, *rules: LineRule) -> tuple[str, ...]:
        """Settings with these lines; returns what was done."""
        self.rules = list(rules)
        return self.sync.sync().done

    @property
    def there(self) -> dict[str, str]:
        return dict(self.lines.external_lines())

    @property
    def asked(self) -> list[str]:
        return [request.method.rpartition(".")[2] for request in self.portal.requests]


def authorised(portal: SandboxPortal, way: str) -> Auth:
    """As the portal's application, or by a webhook."""
    if way == "webhook":
        return WebhookAuth(portal.webhook_url())
    token, seed = portal.issue_tokens(), portal.config.apps[0]
    ends = {"server_endpoint": f"{portal.oauth_url}/rest/", "member_id": portal.state.member_id}
    return AppAuth(
        MemoryTokens(pair(portal.url, token.access, token.refresh, **ends)), seed.client_id, seed.client_secret
    )


@pytest.fixture(params=["app"])
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    migrated(url)
    database = Database(open_engine(url))
    with SandboxPortal(PortalConfig()) as portal:
        limits = Limiter(MemoryLimits(), lambda: 0.0, lambda _: None)
        with PortalClient(authorised(portal, request.param), limits=limits) as client:
            yield Bench(portal, database, client)
    database.close()


def test_line_is_made_renamed_and_removed(bench: Bench) -> None:
    assert bench.want(LineRule("74950000001", line="7", name="Сайт")) == (
        "external line 7 was made in the portal as Сайт",
    )
    assert bench.there == {"7": "Сайт"}
    assert bench.want(LineRule("74950000001", line="7", name="Радио")) == (
        "external line 7 was renamed in the portal from Сайт to Радио",
    )
    assert bench.there == {"7": "Радио"}
    assert bench.want() == ("external line 7 was removed from the portal",)
    assert bench.there == {}


def test_nothing_is_done_when_all_is_as_wanted(bench: Bench) -> None:
    bench.want(LineRule("74950000001", line="7", name="Сайт"))
    before = len(bench.asked)
    assert bench.want(LineRule("74950000001", line="7", name="Сайт")) == ()
    assert bench.asked[before:] == ["get"]


def test_portal_is_not_asked_when_no_line_is_wanted(bench: Bench) -> None:
    bench.want(LineRule("74950000001", source="ADV"))
    assert bench.asked == []


def test_lines_of_others_are_neither_renamed_nor_removed(bench: Bench) -> None:
    bench.lines.add_line("3", "Главная", create=False)
    bench.want(LineRule("74950000001", line="3"))
    bench.want()
    assert bench.there == {"3": "Главная"}


def test_line_that_was_removed_by_hand_is_forgotten(bench: Bench) -> None:
    bench.want(LineRule("74950000001", line="7"))
    bench.lines.remove_line("7")
    assert bench.want() == ()
    bench.lines.add_line("7", "Чужая", create=False)
    assert bench.want() == ()
    assert bench.there == {"7": "Чужая"}


@pytest.mark.parametrize("bench", ["webhook"], indirect=True)
def test_webhook_that_may_not_make_lines_says_what_to_do(bench: Bench) -> None:
    bench.want(LineRule("74950000001", line="7"))
    failure = bench.sync.state.failures[""]
    assert "only its application" in str(failure)
    assert "local application" in failure.hint
