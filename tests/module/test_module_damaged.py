# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restored backup, an older version or a strange request leaves: never a notice, since FreePBX fails at each."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest

from tests.module.scenarios import PARTS, Php
from tests.needed import need_root

DAMAGED = (
    "['3' => ['name' => 'Old'], '4' => 'text', '5' => ['name' => ['x'], 'limit_ms' => null, 'fallback' => 'a,b,1']]"
)


@pytest.fixture
def hooks(home: Path) -> Path:
    folder = home / "hooks"
    folder.mkdir()
    return folder


def test_incomplete_destinations_do_not_stop_the_reload_of_the_pbx(php: Php) -> None:
    stored = f"$m->setConfig('destinations', {DAMAGED});"
    write = "$ext = new extensions(); $m->doDialplanHook($ext, 'asterisk', 900);"
    lines = php(f"{stored} {write} return $ext->lines;")
    assert list(lines) == ["itgrix-responsible,3", "itgrix-responsible,5"]
    assert lines["itgrix-responsible,3"][-1] == "n,Goto(app-blackhole,hangup,1)"
    assert lines["itgrix-responsible,5"][-1] == "n,Goto(a,b,1)"


def test_incomplete_destinations_are_listed_counted_and_can_be_mended(php: Php) -> None:
    asked = (
        "itgrix_destinations(), itgrix_check_destinations(true), itgrix_change_destination('a,b,1', 'c,d,1'), "
        "$m->showPage('destinations'), $m->destinations()->save('4', ['name' => 'New', 'fallback' => 'a,b,1'])"
    )
    rows, uses, changed, page, problems = php(
        f"$m->setConfig('destinations', {DAMAGED}); $_SESSION = []; return [{asked}];"
    )
    assert [row["destination"] for row in rows] == ["itgrix-responsible,3,1", "itgrix-responsible,5,1"]
    assert (len(uses), changed, problems) == (2, 1, [])
    assert ">Old</a>" in page


@pytest.mark.parametrize("stored", ["''", "'text'", "null", "[]", "['x']"])
def test_a_store_without_destinations_is_none(php: Php, stored: str) -> None:
    assert php(f"$m->setConfig('destinations', {stored}); return itgrix_destinations();") is None


@pytest.mark.parametrize(
    "request_of_a_browser",
    [
        "$_REQUEST = ['id' => ['1'], 'new' => ['x']];",
        "$_REQUEST = ['id' => '999999'];",
        "$_POST = ['action' => ['x'], 'token' => 't', 'id' => ['1']];",
        "$_POST = ['action' => 'itgrix_remove', 'token' => 't', 'id' => ['1']];",
        "$_POST = ['action' => 'itgrix_save', 'token' => 't', 'id' => ['1'], 'name' => ['x'], 'goto0' => ['y']];",
        "$_POST = ['action' => 'itgrix_save', 'token' => 't', 'goto0' => 'G', 'G0' => ['y'], 'limit_ms' => []];",
        "$_COOKIE['lang'] = ['ru'];",
    ],
)
def test_lists_in_the_place_of_texts_make_no_error_page(php: Php, request_of_a_browser: str) -> None:
    shown = "$m->doConfigPageInit('itgrix'); return [$m->showPage('destinations'), $m->showPage('')];"
    pages = php(f"$_SESSION = ['itgrix_token' => 't']; {request_of_a_browser} {shown}")
    assert all("<" in page for page in pages)


@pytest.mark.parametrize(
    "configs",
    [
        "[]",
        "['settings' => ['x'], 'hooks' => 'none', 'kvstore' => []]",
        "['settings' => 'no json', 'hooks' => ['need_registration' => ['text' => ['x'], 'mode' => 'y']]]",
        "['hooks' => ['need_registration' => 'text', 0 => []]]",
    ],
)
def test_a_damaged_backup_is_restored_as_far_as_it_goes(php: Php, hooks: Path, configs: str) -> None:
    restore = f"$r = new FreePBX\\modules\\Itgrix\\Restore($f, {configs}); $r->runRestore(); return 1;"
    assert php(f"{PARTS} {restore}") == 1
    assert list(hooks.iterdir()) == []


def open_to_all(folder: Path) -> None:
    """As deep as it lies: a test that runs beside others has one folder more above its own."""
    for each in (folder, *folder.parents):
        if each == Path(tempfile.gettempdir()):
            return
        each.chmod(0o755)


NOBODY = "posix_setgid(65534); posix_setuid(65534);"


def test_a_customization_that_cannot_be_written_is_told_and_the_rest_restored(
    php: Php, hooks: Path, tmp_path: Path
) -> None:
    need_root()
    open_to_all(tmp_path)
    (hooks / "need_registration").write_text("of root")
    hooks.chmod(0o777)
    script = "['text' => base64_encode('new'), 'mode' => 0750]"
    configs = f"['hooks' => ['need_registration' => {script}, 'post_registration' => {script}]]"
    restore = (
        f"$r = new FreePBX\\modules\\Itgrix\\Restore($f, {configs}); {NOBODY} $r->runRestore(); return $r->logged;"
    )
    assert php(f"{PARTS} {restore}") == [
        "The customization need_registration could not be restored: it cannot be written."
    ]
    assert (hooks / "need_registration").read_text() == "of root"
    assert (hooks / "post_registration").read_text() == "new"


def test_what_root_kept_at_an_uninstall_is_replaced_by_the_user_of_the_gui(
    php: Php, home: Path, tmp_path: Path
) -> None:
    need_root()
    open_to_all(tmp_path)
    (home / "destinations.json").write_text("{}")
    home.chmod(0o777)
    php(f"{NOBODY} $m->place()->keep(['1' => ['name' => 'A']]); return 1;")
    assert json.loads((home / "destinations.json").read_text()) == {"1": {"name": "A"}}
