# SPDX-License-Identifier: GPL-3.0-or-later
"""Release archives: the same bytes each time, what must not be in them, signatures and the feed."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.fakes.ports import free_port
from tests.known import known
from tests.module.installation import Installation, ok
from tools import release as releasing
from tools import release_check, release_contents

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    """Packed once: that takes seconds."""
    return release_contents.with_program_packed(release_contents.sources(), 1_795_000_000)


@pytest.fixture
def contents(made: dict[str, bytes]) -> dict[str, bytes]:
    return made | {"sbom.json": b"{}"}


def problems(folder: Path, contents: dict[str, bytes]) -> list[str]:
    path = folder / "x.tgz"
    path.write_bytes(release_contents.archive(contents, 1_795_000_000))
    return release_check.problems(path, is_full=False)


def test_archive_is_the_same_each_time_and_as_freepbx_wants_it(contents: dict[str, bytes]) -> None:
    first, second = (release_contents.archive(contents, 1_795_000_000) for _ in range(2))
    assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest()
    with tarfile.open(fileobj=io.BytesIO(first)) as tar:
        entries = tar.getmembers()
    assert {entry.name.partition("/")[0] for entry in entries} == {"itgrix"}
    assert {(entry.uid, entry.gid, entry.mtime) for entry in entries} == {(0, 0, 1_795_000_000)}
    assert {entry.mode for entry in entries if entry.isfile()} == {0o644}


def test_the_program_travels_packed(contents: dict[str, bytes]) -> None:
    inside = release_contents.program_of(contents)
    assert {name.partition("/")[0] for name in inside} == {"examples", "itgrix_module", "migrations", "web"}
    assert inside["web/__init__.py"] == (ROOT / "web" / "__init__.py").read_bytes()
    assert not [name for name in contents if name.startswith(("web/", "itgrix_module/"))]


def test_what_the_source_gives_passes_the_check(contents: dict[str, bytes], tmp_path: Path) -> None:
    assert problems(tmp_path, contents) == []
    assert release_check.same_version_everywhere() == []
    assert not [name for name in contents if name.startswith(("tests/", "tools/", "benchmarks/"))]


def test_a_release_leaves_the_rig_of_the_tests_out_and_says_so(contents: dict[str, bytes], tmp_path: Path) -> None:
    program = release_contents.program_of(contents)
    rig = {name for name in program if name.startswith("itgrix_module/sandbox/rig/")}
    assert rig == set(release_contents.KEPT)
    for name, content in program.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    start = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from itgrix_module.cli import main; main()"
    environment = {**os.environ, "ITGRIX_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", start, "demo", "--asterisk", "--bind", "127.0.0.1:0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)
    assert done.returncode != 0
    assert "a release cannot start an Asterisk for the demo" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("tests/x.py", b"", "does not belong"),
        ("release.key", b"x", "does not belong"),
        ("web/x.db", b"x", "does not belong"),
        ("docs/en/x.md", b"-----BEGIN PRIVATE KEY-----\n" + b"A" * 64 + b"\n", "private key"),
        (".user.ini", b"", "dotfile at the top"),
        ("bin/itgrix", b"", "taken over by FreePBX"),
        ("docs/en/notes.txt", b"", "served to everybody"),
        ("assets/node/x.js", b"", "does not belong"),
        ("php/Bad.php", b"<?php function (", "php/Bad.php"),
        ("module.xml", b"<module>", "module.xml:"),
        ("module.xml", b"<module><rawname>other</rawname></module>", "rawname"),
        ("padding.py", os.urandom(2_100_000), "the limit is"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_what_does_not_belong_is_found(
    contents: dict[str, bytes], tmp_path: Path, name: str, content: bytes, expected: str
) -> None:
    # Each file of PHP costs a start of it: what is right with ours another test has said.
    lean = {file: kept for file, kept in contents.items() if not file.endswith(".php")}
    found = problems(tmp_path, lean | {name: content})
    assert any(expected in text for text in found), found


def test_a_missing_part_is_found(contents: dict[str, bytes], tmp_path: Path) -> None:
    del contents["gate/.htaccess"]
    assert problems(tmp_path, contents) == ["gate/.htaccess is missing"]


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    private, public = tmp_path / "private.pem", tmp_path / "release.pub"
    releasing.keygen(private, public)
    return private, public


def test_signature_holds_for_this_file_under_this_name(keys: tuple[Path, Path], tmp_path: Path) -> None:
    private, public = keys
    file = tmp_path / "itgrix-1.0.tgz"
    file.write_bytes(b"archive")
    releasing.sign_file(private, file)
    assert releasing.is_signed(public, file)
    renamed = tmp_path / "itgrix-2.0.tgz"
    renamed.write_bytes(b"archive")
    (tmp_path / "itgrix-2.0.tgz.sig").write_text((tmp_path / "itgrix-1.0.tgz.sig").read_text())
    assert not releasing.is_signed(public, renamed)
    file.write_bytes(b"another")
    assert not releasing.is_signed(public, file)
    (tmp_path / "itgrix-1.0.tgz.sig").unlink()
    assert not releasing.is_signed(public, file)


def test_a_key_is_never_replaced_and_is_for_its_owner_alone(keys: tuple[Path, Path]) -> None:
    assert keys[0].stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        releasing.keygen(*keys)


def test_feed_names_what_freepbx_reads_and_is_signed(keys: tuple[Path, Path], tmp_path: Path) -> None:
    import base64

    archive = tmp_path / "itgrix.tgz"
    archive.write_bytes(b"archive")
    found = releasing.feed(keys[0], archive, "https://example.org/itgrix.tgz")
    assert found["sha1sum"] == hashlib.sha1(b"archive").hexdigest()
    assert {"rawname", "name", "version", "location", "changelog", "repo", "license", "publisher"} <= set(found)
    releasing._public(keys[1]).verify(
        base64.b64decode(found["signature"]), releasing.canonical(json.loads(json.dumps(found)))
    )
    with pytest.raises(SystemExit):
        releasing.feed(keys[0], archive, "http://example.org/itgrix.tgz")


def test_the_product_believes_the_feed_and_its_archives(keys: tuple[Path, Path], tmp_path: Path) -> None:
    from itgrix_module.app.updates import feed_of
    from itgrix_module.feed import believed, check_archive, shipped_key

    small, full = tmp_path / "itgrix-9.tgz", tmp_path / "itgrix-9-full.tgz"
    small.write_bytes(b"small")
    full.write_bytes(b"full one")
    notes = {"en": "News", "ru": "Новости"}
    made = releasing.feed(
        keys[0], small, "https://example.org/itgrix-9.tgz", full=full, notes=notes, now=1_790_000_000.5
    )
    key = shipped_key(keys[1])
    assert key is not None
    (release,) = feed_of(believed(json.dumps(made).encode(), key)).releases
    assert release.archive.url == "https://example.org/itgrix-9-full.tgz"
    assert release.notes_in("ru") == "Новости"
    check_archive(full, release.archive, key)
    check_archive(small, release.archives["small"], key)


def test_feed_goes_on_from_the_one_before_and_never_backwards(keys: tuple[Path, Path], tmp_path: Path) -> None:
    archive = tmp_path / "itgrix.tgz"
    archive.write_bytes(b"archive")
    url = "https://example.org/itgrix.tgz"
    first = releasing.feed(keys[0], archive, url, now=1000.0)
    former = {**first["releases"][0], "version": "0.9.0"}
    second = releasing.feed(
        keys[0], archive, url, previous={**first, "releases": [*first["releases"], former]}, now=2000.0
    )
    assert [release["version"] for release in second["releases"]] == [first["version"], "0.9.0"]
    with pytest.raises(SystemExit, match="newer"):
        releasing.feed(keys[0], archive, url, previous=second, now=2000.0)
    with pytest.raises(SystemExit, match="older"):
        releasing.feed(keys[0], archive, url, previous={**first, "version": "99.0"}, now=3000.0)


def test_freepbx_and_the_product_look_at_the_same_address() -> None:
    from tools import dist

    contents = {"module.xml": b"<module>\n</module>", "packaging/release.pub": b"key"}
    dist.with_update_url(contents, "https://example.org/itgrix.json")
    dist.with_release_key(contents)
    assert b"<updateurl>https://example.org/itgrix.json</updateurl>" in contents["module.xml"]
    assert contents["itgrix_module/release.url"] == b"https://example.org/itgrix.json\n"
    assert contents["itgrix_module/release.pub"] == b"key"


AGAIN = """
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import pathlib, tempfile
from tools import dist
with tempfile.TemporaryDirectory() as folder:
    dist.DIST = pathlib.Path(folder) / "dist"
    print(dist.write_digests(dist.build("")).read_text(), end="")
"""


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folder of the archives, and the key to believe them by."""
    folder = tmp_path_factory.mktemp("keys")
    releasing.keygen(folder / "private.pem", folder / "release.pub")
    command = [sys.executable, str(ROOT / "tools" / "dist.py"), "--key", str(folder / "private.pem")]
    subprocess.run(command, check=True, capture_output=True)
    return ROOT / "dist", folder / "release.pub"


@pytest.mark.live
@pytest.mark.timeout(600)
def test_the_full_archive_installs_from_nothing_and_without_the_network(
    released: tuple[Path, Path], tmp_path: Path
) -> None:
    with tarfile.open(next(released[0].glob("*-full.tgz"))) as tar:
        tar.extractall(tmp_path, filter="data")
    place = Installation(tmp_path / "home", tmp_path / "itgrix", free_port())
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1"}
    owner = ["--owner", "root"] if os.geteuid() == 0 else []
    said = ok(place.run("install.py", *owner, "--no-start", **nowhere))
    assert "from the wheels of the archive, without the network" in said
    assert place.itgrix("--version") == f"itgrix, version {place.record['version']}\n"
    (environment,) = (place.home / "venvs").iterdir()
    assert not list(environment.glob("pip-*"))
    assert len(list(environment.glob("lib/python3*/site-packages/*.dist-info"))) > 25


@pytest.mark.live
@pytest.mark.timeout(600)
def test_dist_twice_gives_the_same_archives_that_pass_every_check(released: tuple[Path, Path]) -> None:
    public = released[1]
    first = (ROOT / "dist" / "SHA256SUMS").read_text()
    # The checks look at the same bytes then: once is enough.
    again = subprocess.run([sys.executable, "-c", AGAIN, str(ROOT)], check=True, capture_output=True, text=True)
    assert again.stdout == first
    made = sorted((ROOT / "dist").glob("*.tgz"))
    assert len(made) == 2
    assert all(releasing.is_signed(public, file) for file in (*made, ROOT / "dist" / "SHA256SUMS"))
    full = next(file for file in made if file.stem.endswith("-full"))
    with tarfile.open(full) as tar:
        names = tar.getnames()
        about = json.load(known(tar.extractfile("itgrix/sbom.json")))
    assert len([name for name in names if name.endswith(".whl")]) > 40
    assert {component["name"].lower() for component in about["components"]} >= {"flask", "sqlalchemy", "pyst2", "pip"}
    assert all(component["licenses"] for component in about["components"])
    assert any(name.startswith("itgrix/licences/flask/") for name in names)
