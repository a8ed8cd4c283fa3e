# SPDX-License-Identifier: GPL-3.0-or-later
"""house_ports.SettingStore and people_ports.EmployeeStore over each kind of store."""

from __future__ import annotations

from pathlib import Path

import pytest

from itgrix_module.app.people_ports import Employee
from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.storage.settings_store import SqlSettingStore
from itgrix_module.storage.stores import Stores
from itgrix_module.storage.vault import open_vault
from tests.storage.conftest import is_secret
from tests.storage.contract import Ports


def test_values_of_every_kind_come_back(ports: Ports) -> None:
    values = {
        "ami.host": "127.0.0.1",
        "ami.port": 5038,
        "ami.tls": False,
        "ami.secret": "пароль",
        "limits.rate": 2.5,
        "lines": [{"match": "78120000000", "ignore": None}],
        "empty": "",
        "none": None,
    }
    ports.settings.save(values)
    assert ports.settings.load() == values


def test_save_changes_removes_and_keeps_the_rest(ports: Ports) -> None:
    ports.settings.save({"a": 1, "b": 2, "c": 3})
    ports.settings.save({"b": 20}, removed=["c", "never there"])
    assert ports.settings.load() == {"a": 1, "b": 20}


def test_version_grows_with_every_save(ports: Ports) -> None:
    versions = [ports.settings.version()]
    for number in range(3):
        ports.settings.save({"a": number})
        versions.append(ports.settings.version())
    assert versions == sorted(set(versions))


def test_value_that_json_cannot_hold_leaves_everything_as_it_was(ports: Ports) -> None:
    ports.settings.save({"a": 1})
    with pytest.raises((TypeError, ValueError)):
        ports.settings.save({"a": 2, "b": object()})
    assert ports.settings.load() == {"a": 1}


def test_names_that_differ_in_case_or_blank_are_different(ports: Ports) -> None:
    ports.settings.save({"a": 1, "A": 2})
    assert ports.settings.load() == {"a": 1, "A": 2}


def test_secrets_are_not_readable_in_the_database(stores: Stores) -> None:
    stores.settings.save({"ami.secret": "hunter2-hunter2", "ami.host": "pbx.example"})
    with stores.database.read() as connection:
        found = connection.exec_driver_sql("SELECT name, value FROM itgrix_settings").fetchall()
    rows = {str(name): str(value) for name, value in found}
    assert rows["ami.host"] == '"pbx.example"'
    assert rows["ami.secret"].startswith("v1:")
    assert "hunter2" not in rows["ami.secret"]


def test_secrets_under_a_lost_key_are_named_and_can_be_entered_anew(stores: Stores, tmp_path: Path) -> None:
    stores.settings.save({"ami.secret": "x", "ami.host": "h"})
    other = SqlSettingStore(stores.database, open_vault(tmp_path / "other key"), is_secret)
    with pytest.raises(NeedsOwner, match=r"ami\.secret") as wrong:
        other.load()
    assert wrong.value.code == "key_wrong"
    assert other.forget_unreadable() == ("ami.secret",)
    assert other.load() == {"ami.host": "h"}


def test_no_employees_were_ever_read(ports: Ports) -> None:
    assert ports.employees.load() == ((), 0.0)


def test_employees_come_back_in_their_order(ports: Ports) -> None:
    people = (
        Employee("102", 7, "Пётр", ("+79161234567",)),
        Employee("101", 5, "Анна"),
        Employee("101", 6, "Same extension"),
    )
    ports.employees.save(people, 1_700_000_000.5)
    assert ports.employees.load() == (people, 1_700_000_000.5)


def test_saved_employees_take_the_place_of_the_earlier_ones(ports: Ports) -> None:
    ports.employees.save([Employee("101", 5, "Анна"), Employee("102", 7, "Пётр")], 1.0)
    ports.employees.save([Employee("103", 9, "Олег")], 2.0)
    assert ports.employees.load() == ((Employee("103", 9, "Олег"),), 2.0)
    ports.employees.save([], 3.0)
    assert ports.employees.load() == ((), 3.0)
