# SPDX-License-Identifier: GPL-3.0-or-later
"""``update check`` and ``update start`` as commands."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives import serialization

from itgrix_module import feed
from itgrix_module.cli import main
from tests.fakes.releases import Publisher, Shelf, shelf


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    monkeypatch.setenv("ITGRIX_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ITGRIX_DATABASE_URL", raising=False)
    with shelf() as found:
        yield found


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def publish(server: Shelf, *versions: str) -> Publisher:
    publisher = Publisher(f"http://{server.address}")
    server.files["/x.json"] = publisher.list(*(publisher.release(version) for version in versions))
    assert run("settings", "set", "updates.url", f"{publisher.url}/x.json").exit_code == 0
    return publisher


def carried(publisher: Publisher, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The product carries this publisher's key, as in a release."""
    raw = publisher.key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    (folder / "release.pub").write_text(base64.b64encode(raw).decode())
    monkeypatch.setattr(feed.shipped_key, "__defaults__", (folder / "release.pub",))


def test_a_copy_without_a_key_says_so(server: Shelf) -> None:
    publish(server, "9.0.0")
    done = run("update", "check", "--json")
    assert done.exit_code == 1
    assert json.loads(done.output)["error"]["code"] == "updates_no_key"
    assert server.asked == []


def test_check_tells_what_is_new_and_offline_asks_nobody(
    server: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried(publish(server, "9.0.0", "0.1.0"), tmp_path, monkeypatch)
    assert "no list of releases was read yet" in run("update", "check", "--offline").output
    found = json.loads(run("update", "check", "--json").output)
    assert [each["version"] for each in found["newer"]] == ["9.0.0"]
    assert found["checked"]["code"] == ""
    server.files.clear()
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    assert "Новое в 9.0.0" in run("update", "check", "--offline").output
    assert len(server.asked) == 1


def test_start_where_nothing_was_installed_says_why(
    server: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried(publish(server, "9.0.0"), tmp_path, monkeypatch)
    assert run("update", "check").exit_code == 0
    done = run("update", "start", "--yes")
    assert done.exit_code == 1
    assert "not installed by install.py" in done.output
    assert "is not newer" in run("update", "start", "0.0.1", "--yes").output
    assert run("update", "start").exit_code == 1, "nobody said yes"
