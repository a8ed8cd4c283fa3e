# SPDX-License-Identifier: GPL-3.0-or-later
"""house_ports.Leases, rest_ports.TokenStore and rest_ports.LimitStore over each kind of store."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from itgrix_module.app.rest_ports import LimitState, Tokens
from itgrix_module.domain.failures import NeedsOwner, Temporary
from itgrix_module.storage.engine import open_database
from itgrix_module.storage.holder import holder_name, surely_dead
from itgrix_module.storage.stores import Stores
from itgrix_module.storage.tokens import SqlTokenStore
from itgrix_module.storage.vault import open_vault
from tests.storage.contract import Ports
from tests.storage.samples import NOW

PAIR = Tokens(
    access_token="access-0123456789",
    refresh_token="refresh-0123456789",
    expires_at=NOW + 3600.5,
    member_id="a1",
    domain="portal.example",
    client_endpoint="https://portal.example/rest/",
    server_endpoint="https://oauth.example/rest/",
    application_token="app-0123456789",
    scope=frozenset({"telephony", "crm"}),
    user_id=7,
)


def test_duty_has_one_owner_at_a_time(ports: Ports) -> None:
    assert ports.leases.take("sync", "a", NOW, 30) is True
    assert ports.leases.take("sync", "b", NOW + 29, 30) is False
    assert ports.leases.take("other", "b", NOW, 30) is True


def test_owner_may_renew_his_duty(ports: Ports) -> None:
    ports.leases.take("sync", "a", NOW, 30)
    assert ports.leases.take("sync", "a", NOW + 20, 30) is True
    assert ports.leases.take("sync", "b", NOW + 49, 30) is False


def test_duty_is_free_when_its_time_is_over(ports: Ports) -> None:
    ports.leases.take("sync", "a", NOW, 30)
    assert ports.leases.take("sync", "b", NOW + 30, 30) is True
    assert ports.leases.take("sync", "a", NOW + 31, 30) is False


def test_duty_given_back_is_free_at_once(ports: Ports) -> None:
    ports.leases.take("sync", "a", NOW, 30)
    ports.leases.release("sync", "a")
    assert ports.leases.take("sync", "b", NOW, 30) is True


def test_only_the_owner_gives_a_duty_back(ports: Ports) -> None:
    ports.leases.take("sync", "a", NOW, 30)
    ports.leases.release("sync", "b")
    assert ports.leases.take("sync", "b", NOW, 30) is False


def test_holder_that_lives_is_not_dead() -> None:
    assert surely_dead(holder_name()) is False


def test_holder_whose_process_is_gone_is_dead() -> None:
    program = "from itgrix_module.storage.holder import holder_name; print(holder_name())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert surely_dead(done.stdout.strip()) is True


def test_holder_whose_number_another_process_has_now_is_dead() -> None:
    machine, _, started, chance = holder_name().split("/")
    assert surely_dead(f"{machine}/{os.getpid()}/{int(started) - 1}/{chance}") is True


@pytest.mark.parametrize("name", ["", "x", "elsewhere/1/1/a", "a/b/c", "//"])
def test_nobody_knows_about_holders_elsewhere(name: str) -> None:
    assert surely_dead(name) is False


def test_no_tokens_yet(ports: Ports) -> None:
    assert ports.tokens.load() is None


def test_tokens_come_back_and_the_newest_counts(ports: Ports) -> None:
    ports.tokens.save(Tokens("a", "r", 1.0, "m", "d", "c", "s"))
    ports.tokens.save(PAIR)
    assert ports.tokens.load() == PAIR


def test_tokens_are_not_readable_in_the_database(stores: Stores) -> None:
    stores.tokens.save(PAIR)
    with stores.database.read() as connection:
        sealed = str(connection.exec_driver_sql("SELECT sealed FROM itgrix_portal_tokens").scalar())
    assert sealed.startswith("v1:")
    assert not any(secret in sealed for secret in (PAIR.access_token, PAIR.refresh_token, PAIR.application_token))


def test_tokens_under_a_lost_key_ask_for_the_owner(stores: Stores, tmp_path: Path) -> None:
    stores.tokens.save(PAIR)
    other = SqlTokenStore(stores.database, open_vault(tmp_path / "other key"))
    with pytest.raises(NeedsOwner) as lost:
        other.load()
    assert lost.value.code == "key_wrong"
    assert PAIR.access_token not in str(lost.value)


def test_forgotten_tokens_are_gone(stores: Stores) -> None:
    stores.tokens.save(PAIR)
    stores.tokens.forget()
    assert stores.tokens.load() is None


def test_one_thread_at_a_time_has_its_turn(ports: Ports) -> None:
    inside: list[int] = []
    most: list[int] = []

    def refresh() -> None:
        with ports.tokens.exclusive():
            inside.append(1)
            most.append(len(inside))
            ports.tokens.save(PAIR)
            inside.pop()

    threads = [threading.Thread(target=refresh) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most == [1] * 5


def test_failed_refresh_gives_its_turn_back(ports: Ports) -> None:
    with pytest.raises(ZeroDivisionError), ports.tokens.exclusive():
        raise ZeroDivisionError
    with ports.tokens.exclusive():
        ports.tokens.save(PAIR)
    assert ports.tokens.load() == PAIR


def test_turn_that_does_not_come_is_told(stores: Stores, tables_url: str) -> None:
    with closing(open_database(tables_url)) as database:
        waiting = SqlTokenStore(database, stores.vault, wait_seconds=0.2)
        with stores.tokens.exclusive(), pytest.raises(Temporary) as busy, waiting.exclusive():
            pass
        assert busy.value.code == "token_busy"
        with waiting.exclusive():
            pass


def test_holder_elsewhere_who_never_came_back_is_followed_after_the_lease(stores: Stores) -> None:
    now = [NOW]
    store = SqlTokenStore(stores.database, stores.vault, wait_seconds=0.0, clock=lambda: now[0])
    stores.leases.take("tokens.main", "elsewhere/1/1/abc", NOW, 60)
    with pytest.raises(Temporary), store.exclusive():
        pass
    now[0] += 60
    with store.exclusive():
        pass


def test_no_account_yet(ports: Ports) -> None:
    assert ports.limits.load() == LimitState()


def test_account_comes_back(ports: Ports) -> None:
    state = LimitState(12.5, NOW, {"crm.lead.add": (30.25, NOW + 60)}, {"*": NOW + 5, "user.get": NOW + 9})
    with ports.limits.locked():
        ports.limits.save(state)
        assert ports.limits.load() == state
    assert ports.limits.load() == state


def test_account_saved_without_the_lock_comes_back(ports: Ports) -> None:
    ports.limits.save(LimitState(1.0, NOW))
    ports.limits.save(LimitState(2.0, NOW + 1))
    assert ports.limits.load() == LimitState(2.0, NOW + 1)


def test_exception_under_the_lock_leaves_the_account_as_it_was(ports: Ports) -> None:
    def change_and_fail() -> None:
        with ports.limits.locked():
            ports.limits.save(LimitState(5.0, NOW))
            raise ZeroDivisionError

    ports.limits.save(LimitState(1.0, NOW))
    with pytest.raises(ZeroDivisionError):
        change_and_fail()
    assert ports.limits.load() == LimitState(1.0, NOW)
    with ports.limits.locked():
        ports.limits.save(LimitState(2.0, NOW))
    assert ports.limits.load().level == 2.0
