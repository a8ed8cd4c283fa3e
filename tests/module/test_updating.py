# SPDX-License-Identifier: GPL-3.0-or-later
"""An update behind FreePBX: done, refused, failing at every step in turn, cut off; and always something that works."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from itgrix_module.app.update_run import BROKEN, DONE, FAILED, ROLLED_BACK, Run
from itgrix_module.core import open_core
from itgrix_module.domain.failures import NeedsOwner, Permanent
from itgrix_module.place import Place
from itgrix_module.unpacking import unpack
from tests.fakes.releases import Publisher, archive, shelf
from tests.module.updating_stage import NEW, OLD, Stage

# A second or two each; what the quick suite does is enough for most changes.
slow = pytest.mark.live


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("migrated")
    with open_core(Place(home, f"sqlite:///{home / 'itgrix.db'}")):
        pass
    return home / "itgrix.db"


@pytest.fixture
def stage(tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    with shelf() as server:
        made = Stage(tmp_path, Publisher(), server)
        made.set_up(migrated, tmp_path / "bin")
        yield made
        made.control.stop()


def test_update_installs_the_new_version_which_then_answers(stage: Stage) -> None:
    stage.publish()
    run = stage.update()
    assert (run.result, run.text) == (DONE, ""), stage.files.said()
    assert json.loads(stage.files.running_version.read_text())["version"] == NEW
    assert NEW in (stage.module / "module.xml").read_text()
    assert not (stage.module / "of the old version").exists(), "nothing of the old version is mixed in"
    assert list((stage.home / "backups").glob("itgrix-*-before-update.zip"))
    assert stage.asked() == [NEW]
    assert not stage.files.work.exists()


@pytest.mark.parametrize(
    "where",
    [
        pytest.param("at once", marks=slow),
        pytest.param("quietly", marks=slow),
        "after the migration",
        pytest.param("after the switch", marks=slow),
        pytest.param("broken", marks=slow),
    ],
)
def test_what_fails_on_the_way_is_put_back(stage: Stage, where: str) -> None:
    stage.publish()
    stage.fail_at(where)
    run = stage.update()
    assert run.result == ROLLED_BACK, run
    assert run.text
    assert stage.is_as_before()


@slow
def test_a_version_that_does_not_start_gives_its_data_back_but_keeps_those_of_the_same_tables(stage: Stage) -> None:
    stage.publish()
    stage.fail_at("same schema")
    with open_core(stage.place) as core:
        core.settings.save({"dial.timeout": 44})
    run = stage.update()
    assert (run.result, run.code) == (ROLLED_BACK, "updates_silent")
    assert stage.is_as_before()
    with open_core(stage.place) as core:
        core.settings.save({})
        assert core.settings.current["dial.timeout"] == 44


@slow
def test_freepbx_that_refuses_the_way_back_too_leaves_the_old_version_working(stage: Stage) -> None:
    stage.publish()
    stage.fail_at("always")
    assert stage.update().result == ROLLED_BACK
    assert stage.asked() == [NEW, OLD]
    assert stage.is_as_before()


@slow
def test_a_way_back_that_fails_is_said_to_be_broken(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.publish()
    stage.fail_at("at once")
    (stage.home / "packages" / OLD / "broken").touch()
    stage.control.stop(for_good=False)
    run = stage.update()
    assert run.result == BROKEN
    assert run.text == "FreePBX did not install the module"


@slow
@pytest.mark.parametrize(
    ("content", "served", "code"),
    [
        (None, b"another", "updates_cut"),
        (None, archive(NEW)[:-1], "updates_cut"),
        (None, archive(NEW) + b"x", "updates_archive"),
        (None, b"x" * len(archive(NEW)), "updates_archive"),
        (b"no archive at all", None, "updates_archive"),
        (archive(NEW)[:-40], None, "updates_archive"),
        (archive("1.0.5"), None, "updates_archive"),
        (archive(NEW, {"module.xml": b"<module>"}), None, "updates_archive"),
        (archive(NEW, {"../../escape": b"x"}), None, "updates_archive"),
        (archive(NEW, top="other"), None, "updates_archive"),
    ],
    ids=["shorter", "cut", "longer", "other", "none", "damaged", "version", "module", "escape", "top"],
)
def test_archive_that_is_not_what_was_published_changes_nothing(
    stage: Stage, content: bytes | None, served: bytes | None, code: str
) -> None:
    stage.publish(content, served=served)
    run = stage.update()
    assert (run.result, run.code) == (FAILED, code), run
    assert stage.asked() == []
    assert stage.is_as_before()
    assert not (stage.root / "escape").exists()


@slow
def test_archive_signed_by_somebody_else_changes_nothing(stage: Stage) -> None:
    packed, other = archive(NEW), Publisher(stage.publisher.url)
    release = other.release(NEW, packed)
    stage.shelf.files["/itgrix.json"] = stage.publisher.list(release)
    stage.shelf.files[f"/itgrix-{NEW}.tgz"] = packed
    stage.updates().check()
    assert stage.update().code == "updates_archive"
    assert stage.asked() == []


@slow
def test_a_disk_that_fails_while_saving_changes_nothing(stage: Stage) -> None:
    stage.publish()
    shutil.rmtree(stage.home / "backups")
    (stage.home / "backups").write_text("in the way")
    run = stage.update()
    assert run.result == FAILED
    assert run.step == "backup"
    assert stage.is_as_before()


@slow
def test_a_service_that_was_stopped_on_purpose_stays_stopped(stage: Stage) -> None:
    stage.publish()
    stage.control.stop()
    (stage.root / "restart.py").write_text("")
    assert stage.update().result == DONE
    assert not stage.control.is_running()


@slow
def test_older_and_equal_versions_are_refused(stage: Stage) -> None:
    stage.publish(version="0.9.0")
    assert stage.update("0.9.0").code == "updates_downgrade"
    assert stage.update(OLD).code == "updates_downgrade"
    for version in ("0.9.0", OLD):
        with pytest.raises(NeedsOwner) as refused:
            stage.updates().start("anna", version)
        assert refused.value.code == "updates_downgrade"
    assert stage.asked() == []


@slow
@pytest.mark.parametrize("cut_after", ["at once", "after the migration", "after the switch"])
def test_an_update_that_was_cut_off_goes_back(stage: Stage, cut_after: str) -> None:
    stage.publish()
    stage.fail_at(cut_after)
    stage.files.note_run(stage.update())
    # As it lay there when the machine lost its power.
    stage.fail_at("")
    prepared(stage, cut_after)
    assert stage.update(way="resume", step="install").result == ROLLED_BACK
    assert stage.is_as_before()


def prepared(stage: Stage, cut_after: str) -> None:
    """What the failing step left, before anybody put it back."""
    (stage.module / "module.xml").write_text(f"<module><version>{NEW}</version></module>")
    if cut_after == "after the switch":
        (stage.home / "packages" / NEW).mkdir(exist_ok=True)
        (stage.home / "current").unlink()
        (stage.home / "current").symlink_to(f"packages/{NEW}")


@slow
def test_an_update_that_was_cut_off_when_all_was_done_is_finished(stage: Stage) -> None:
    stage.publish()
    assert stage.update().result == DONE
    assert stage.update(way="resume", step="health").result == DONE
    assert stage.asked() == [NEW, NEW]


def test_only_one_update_at_a_time(stage: Stage) -> None:
    stage.publish()
    handle = stage.files.lock()
    assert handle is not None
    try:
        with pytest.raises(NeedsOwner) as refused:
            stage.updates().start("anna")
        assert refused.value.code == "updates_under_way"
        assert stage.updates().state().is_running
    finally:
        os.close(handle)
    assert not stage.updates().state().is_running


def test_without_fwconsole_or_rights_nothing_begins(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.publish()
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NeedsOwner) as refused:
        stage.updates().start("anna")
    assert refused.value.code == "updates_no_fwconsole"
    assert stage.updates().state().obstacle == "there is no fwconsole here"


def test_start_of_the_service_tells_of_an_update_that_was_cut_off_early(stage: Stage) -> None:
    stage.files.note_run(Run(OLD, NEW, "anna", 1.0, step="download"))
    updates = stage.updates()
    updates.begin()
    run = stage.files.run()
    assert (run.result, run.code) == (FAILED, "updates_cut_off")


def test_archive_with_a_link_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo("itgrix/module.xml")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(entry)
    (tmp_path / "x.tgz").write_bytes(packed.getvalue())
    with pytest.raises(Permanent):
        unpack(tmp_path / "x.tgz", tmp_path / "out")
