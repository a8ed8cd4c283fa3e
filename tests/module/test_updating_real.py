# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole installation updates itself by command: real installer, real service, a process of its own."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from itgrix_module.updates import Updates
from tests.fakes.releases import Publisher, Shelf, shelf
from tests.module import installation
from tests.module.installation import Installation, Pattern, copy_tree, ok, set_version

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

OLD, NEW = "3.0.0", "3.1.0"
FWCONSOLE = """\
#!/bin/sh
exec {python} {module}/install.py --home {home} --language en {owner} --bind {bind} --facts - <<END
{{"etc": "/nowhere", "ami": {{"username": "itgrix", "secret": "s"}}}}
END
"""


def version_tree(tree: Path, version: str, key: str) -> Path:
    """The source in a version of its own, with the key of those who publish."""
    set_version(tree, version)
    service = tree / "itgrix_module" / "service.py"
    lines = service.read_text().splitlines()
    service.write_text("\n".join(f'VERSION = "{version}"' if x.startswith("VERSION = ") else x for x in lines) + "\n")
    (tree / "itgrix_module" / "release.pub").write_text(key)
    (tree / "module.xml").write_text(f"<module><rawname>itgrix</rawname><version>{version}</version></module>")
    return tree


def packed(tree: Path) -> bytes:
    found = io.BytesIO()
    with tarfile.open(fileobj=found, mode="w:gz", compresslevel=1) as tar:
        tar.add(tree, "itgrix")
    return found.getvalue()


def key_of(publisher: Publisher) -> str:
    raw = publisher.key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return base64.b64encode(raw).decode() + "\n"


@dataclass
class Stage:
    """An installation of the old version, and who publishes a new one: ``archives`` by whether that is broken."""

    pattern: Pattern
    publisher: Publisher
    shelf: Shelf
    archives: dict[bool, bytes]

    def publish(self, *, breaks: bool) -> None:
        content = self.archives[breaks]
        release = self.publisher.release(NEW, content)
        self.shelf.files["/itgrix.json"] = self.publisher.list(release, self.publisher.release(OLD))
        self.shelf.files[f"/itgrix-{NEW}.tgz"] = content

    def look(self, place: Installation) -> None:
        """For a new version, as the service does each day."""
        settings = {"updates.check": True, "updates.url": f"{self.publisher.url}/itgrix.json"}
        Updates(place.home, lambda: settings, OLD, key=lambda: self.publisher.key).check()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Both versions are made once."""
    folder = tmp_path_factory.mktemp("old")
    with shelf() as server:
        publisher = Publisher(f"http://{server.address}")
        key = key_of(publisher)
        place = installation.new(folder)
        version_tree(place.tree, OLD, key)
        ok(place.install("--no-start"))
        tree = version_tree(copy_tree(folder / "next"), NEW, key)
        archives = {False: packed(tree)}
        (tree / "itgrix_module" / "routine.py").write_text("raise SystemExit('the new version is broken')\n")
        archives[True] = packed(tree)
        yield Stage(Pattern(place, folder / "pattern"), publisher, server, archives)


@pytest.fixture
def place(stage: Stage) -> Iterator[Installation]:
    """The old version, which looks for new ones where they are published."""
    found = stage.pattern.laid()
    found.set("updates.url", f"{stage.publisher.url}/itgrix.json")
    yield found
    found.stop()


def updated(place: Installation, **environ: str) -> tuple[int, dict[str, object]]:
    """Exit status and what the command told."""
    command = [str(place.home / "bin" / "itgrix"), "update", "start", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200, env=os.environ | environ)
    assert done.stdout.startswith("{"), done.stderr
    return done.returncode, json.loads(done.stdout)


def said(place: Installation) -> str:
    return (place.home / "update" / "update.log").read_text()


def test_stand_alone_installation_updates_itself(stage: Stage, place: Installation) -> None:
    stage.publish(breaks=False)
    assert json.loads(place.start().itgrix("update", "check", "--json"))["newer"][0]["version"] == NEW
    status, run = updated(place)
    assert (status, run["result"]) == (0, "done"), said(place)
    assert place.itgrix("--version") == f"itgrix, version {NEW}\n"
    assert place.answers
    assert place.setting("updates.url") == f"{stage.publisher.url}/itgrix.json"


def test_a_new_version_that_does_not_start_is_taken_back(stage: Stage, place: Installation) -> None:
    stage.publish(breaks=True)
    stage.look(place.start())
    status, run = updated(place)
    assert (status, run["result"]) == (1, "rolled_back"), said(place)
    assert (place.home / "current").resolve().name.startswith(f"{OLD}-")
    assert place.record["version"] == OLD
    assert place.answers


@pytest.mark.parametrize("breaks", [False, True])
def test_behind_freepbx_the_module_is_replaced_and_put_back(
    stage: Stage, place: Installation, tmp_path: Path, breaks: bool
) -> None:
    module = tmp_path / "admin" / "modules" / "itgrix"
    module.parent.mkdir(parents=True)
    place.tree.rename(module)
    place.tree = module
    ok(place.install(etc="/nowhere", ami={"username": "itgrix", "secret": "s"}))
    stage.publish(breaks=breaks)
    stage.look(place)
    fwconsole = tmp_path / "bin" / "fwconsole"
    fwconsole.parent.mkdir()
    owner = "--owner root" if os.geteuid() == 0 else ""
    bind = f"127.0.0.1:{place.port}"
    fwconsole.write_text(
        FWCONSOLE.format(python=sys.executable, module=module, home=place.home, owner=owner, bind=bind)
    )
    fwconsole.chmod(0o755)
    status, run = updated(place, PATH=f"{fwconsole.parent}:{os.environ['PATH']}")
    left = OLD if breaks else NEW
    assert (status, run["result"]) == ((1, "rolled_back") if breaks else (0, "done")), said(place)
    assert left in (module / "module.xml").read_text()
    assert place.record["version"] == left
    assert place.answers
