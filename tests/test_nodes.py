# SPDX-License-Identifier: GPL-3.0-or-later
"""Several PBXs with one database: each has its own link and name, all have one portal and one set of rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from itgrix_module.core import open_core
from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.place import Place


def place_of(folder: Path, node: str) -> Place:
    """A home that all nodes of the test share: then they share the key of the secrets as well."""
    return Place(folder, f"sqlite:///{folder / 'itgrix.db'}", node)


def settings_of(folder: Path, node: str, **given: object) -> dict[str, object]:
    """What a node sees, after it has saved something. Double underscores stand for dots."""
    with open_core(place_of(folder, node)) as core:
        core.settings.save({name.replace("__", "."): value for name, value in given.items()})
        return dict(core.settings.current)


def test_each_node_has_its_own_pbx_and_all_have_one_portal(tmp_path: Path) -> None:
    settings_of(
        tmp_path, "", ami__host="10.0.0.1", ami__secret="first", portal__webhook_url="https://a.bitrix24.ru/rest/1/key/"
    )
    settings_of(tmp_path, "spb", ami__host="10.0.0.2", ami__secret="second", calls__default_user=7)
    first, second = settings_of(tmp_path, ""), settings_of(tmp_path, "spb")
    assert (first["pbx.node"], second["pbx.node"]) == ("pbx1", "spb")
    assert (first["ami.host"], second["ami.host"]) == ("10.0.0.1", "10.0.0.2")
    assert (first["ami.secret"], second["ami.secret"]) == ("first", "second")
    assert first["portal.webhook_url"] == second["portal.webhook_url"] == "https://a.bitrix24.ru/rest/1/key/"
    assert first["calls.default_user"] == second["calls.default_user"] == 7


def test_node_has_what_all_have_until_it_says_otherwise_and_again_once_it_takes_that_back(tmp_path: Path) -> None:
    settings_of(tmp_path, "", ami__port=5039)
    assert settings_of(tmp_path, "spb")["ami.port"] == 5039
    assert settings_of(tmp_path, "spb", ami__port=5040)["ami.port"] == 5040
    with open_core(place_of(tmp_path, "spb")) as core:
        core.settings.save({}, ("ami.port",))
        assert core.settings.current["ami.port"] == 5039
    assert settings_of(tmp_path, "")["ami.port"] == 5039


def test_secret_of_a_node_is_sealed(tmp_path: Path) -> None:
    settings_of(tmp_path, "spb", ami__secret="the-secret-of-spb")
    for file in tmp_path.glob("itgrix.db*"):
        assert b"the-secret-of-spb" not in file.read_bytes()


def test_name_of_a_node_that_was_named_stays(tmp_path: Path) -> None:
    assert settings_of(tmp_path, "spb", pbx__node="other")["pbx.node"] == "spb"
    assert settings_of(tmp_path, "")["pbx.node"] == "pbx1"


def test_node_whose_name_begins_another_ones_keeps_to_its_own(tmp_path: Path) -> None:
    settings_of(tmp_path, "spb", ami__port=5040)
    settings_of(tmp_path, "new-spb", ami__port=5041)
    assert settings_of(tmp_path, "spb")["ami.port"] == 5040
    assert settings_of(tmp_path, "b")["ami.port"] == 5038


@pytest.mark.parametrize("name", ["a b", "@", "узел", "x" * 33, "a\nb"])
def test_name_that_cannot_be_one_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(NeedsOwner, match="ITGRIX_NODE"):
        Place.of({"ITGRIX_HOME": str(tmp_path), "ITGRIX_NODE": name})
