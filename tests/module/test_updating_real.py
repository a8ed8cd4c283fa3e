# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole installation updates itself by command: real installer, real service, a process of its own."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from tests.fakes.releases import Publisher, Shelf, shelf
from tests.module.installation import Installation, copy_tree, set_version

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
    with tarfile.open(fileobj=found, mode="w:gz") as tar:
        tar.add(tree, "itgrix")
    return found.getvalue()


@pytest.fixture
def server() -> Iterator[Shelf]:
    with shelf() as found:
        yield found


@pytest.fixture
def publisher(server: Shelf) -> Publisher:
    return Publisher(f"http://{server.address}")


def key_of(publisher: Publisher) -> str:
    raw = publisher.key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return base64.b64encode(raw).decode() + "\n"


def publish(publisher: Publisher, server: Shelf, folder: Path, *, breaks: bool = False) -> None:
    tree = version_tree(copy_tree(folder / "next"), NEW, key_of(publisher))
    if breaks:
        (tree / "itgrix_module" / "routine.py").write_text("raise SystemExit('the new version is broken')\n")
    content = packed(tree)
    server.files["/itgrix.json"] = publisher.list(publisher.release(NEW, content), publisher.release(OLD))
    server.files[f"/itgrix-{NEW}.tgz"] = content


def updated(place: Installation, publisher: Publisher, **environ: str) -> tuple[int, dict[str, object]]:
    """Exit status and what the command told."""
    place.itgrix("settings", "set", "updates.url", f"{publisher.url}/itgrix.json")
    assert json.loads(place.itgrix("update", "check", "--json"))["newer"][0]["version"] == NEW
    command = [place.home / "bin" / "itgrix", "update", "start", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200, env=os.environ | environ)
    assert done.stdout.startswith("{"), done.stderr
    return done.returncode, json.loads(done.stdout)


def said(place: Installation) -> str:
    return (place.home / "update" / "update.log").read_text()


def test_stand_alone_installation_updates_itself(
    place: Installation, publisher: Publisher, server: Shelf, tmp_path: Path
) -> None:
    version_tree(place.tree, OLD, key_of(publisher))
    assert place.install().returncode == 0
    publish(publisher, server, tmp_path)
    status, run = updated(place, publisher)
    assert (status, run["result"]) == (0, "done"), said(place)
    assert place.itgrix("--version") == f"itgrix, version {NEW}\n"
    assert place.status["answers"] is True
    assert place.setting("updates.url") == f"{publisher.url}/itgrix.json"


def test_a_new_version_that_does_not_start_is_taken_back(
    place: Installation, publisher: Publisher, server: Shelf, tmp_path: Path
) -> None:
    version_tree(place.tree, OLD, key_of(publisher))
    assert place.install().returncode == 0
    publish(publisher, server, tmp_path, breaks=True)
    status, run = updated(place, publisher)
    assert (status, run["result"]) == (1, "rolled_back"), said(place)
    assert place.itgrix("--version") == f"itgrix, version {OLD}\n"
    assert place.record["version"] == OLD
    assert place.status["answers"] is True


@pytest.mark.parametrize("breaks", [False, True])
def test_behind_freepbx_the_module_is_replaced_and_put_back(
    place: Installation, publisher: Publisher, server: Shelf, tmp_path: Path, breaks: bool
) -> None:
    import sys

    module = tmp_path / "admin" / "modules" / "itgrix"
    module.parent.mkdir(parents=True)
    version_tree(place.tree, OLD, key_of(publisher)).rename(module)
    place.tree = module
    assert place.install(etc="/nowhere", ami={"username": "itgrix", "secret": "s"}).returncode == 0
    publish(publisher, server, tmp_path, breaks=breaks)
    fwconsole = tmp_path / "bin" / "fwconsole"
    fwconsole.parent.mkdir()
    owner = "--owner root" if os.geteuid() == 0 else ""
    bind = f"127.0.0.1:{place.port}"
    fwconsole.write_text(
        FWCONSOLE.format(python=sys.executable, module=module, home=place.home, owner=owner, bind=bind)
    )
    fwconsole.chmod(0o755)
    status, run = updated(place, publisher, PATH=f"{fwconsole.parent}:{os.environ['PATH']}")
    left = OLD if breaks else NEW
    assert (status, run["result"]) == ((1, "rolled_back") if breaks else (0, "done")), said(place)
    assert left in (module / "module.xml").read_text()
    assert place.record["version"] == left
    assert place.status["answers"] is True
