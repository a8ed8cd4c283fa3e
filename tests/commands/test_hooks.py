# SPDX-License-Identifier: GPL-3.0-or-later
"""``itgrix hooks`` as an administrator uses it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from itgrix_module.app.hook_sample_call import EMPLOYEES, ROW, TIMELINE
from itgrix_module.app.hooking import HOOKS
from itgrix_module.commands.hooks import hooks
from itgrix_module.core import open_core
from itgrix_module.place import Place
from itgrix_module.storage.calls import SqlCallStore
from itgrix_module.storage.employees import SqlEmployeeStore


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one past call."""
    home = tmp_path_factory.mktemp("home")
    place = Place(home, f"sqlite:///{home / 'itgrix.db'}")
    with open_core(place) as core:
        core.settings.save({"pbx.node": ROW.node, "hooks.enabled": True, "hooks.active": ["process_final_params"]})
        SqlEmployeeStore(core.database).save(EMPLOYEES, ROW.started)
        with SqlCallStore(core.database).work() as work:
            work.save_call(ROW)
            work.add_timeline(ROW.node, ROW.linkedid, TIMELINE)
            work.save_call(replace(ROW, node="other", client_name="Other"))
    return home


@pytest.fixture(autouse=True)
def scripts(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("ITGRIX_HOME", str(home))
    monkeypatch.delenv("ITGRIX_DATABASE_URL", raising=False)
    folder = home / "hooks"
    folder.mkdir(exist_ok=True)
    yield folder
    for file in folder.iterdir():
        file.unlink()


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(hooks, words)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def data(*words: str) -> Any:
    code, out, _ = run(*words, "--json")
    assert code == 0, out
    return json.loads(out)


def test_list_names_all_and_says_what_is_wrong(scripts: Path) -> None:
    (scripts / "process_final_params.php").write_text("<?php")
    (scripts / "customize_entity.py").write_text("")
    (scripts / "customize_entity.sh").write_text("")
    found = data("list")
    assert (found["folder"], found["enabled"]) == (str(scripts), True)
    assert [row["name"] for row in found["hooks"]] == list(HOOKS)
    rows = {row["name"]: row for row in found["hooks"]}
    assert rows["process_final_params"] == {
        "name": "process_final_params", "file": "process_final_params.php", "on": True, "problem": "",
    }  # fmt: skip
    assert "several files" in rows["customize_entity"]["problem"]
    _, out, _ = run("list")
    assert "several files" in out
    assert "customizations are on" in out


def test_run_tries_a_script_that_is_off_on_a_past_call(scripts: Path) -> None:
    (scripts / "customize_activity.sh").write_text(
        """cat > seen; echo careful >&2; echo '{"state": "success", "data": {"SUBJECT": "x"}}'"""
    )
    found = data("run", "customize_activity", "--call", ROW.linkedid)
    assert (found["answer"], found["result"], found["failure"]) == ({"SUBJECT": "x"}, {"SUBJECT": "x"}, "")
    assert (found["file"], found["stderr"]) == ("customize_activity.sh", "careful")
    assert found["told"] == "customization customize_activity changed SUBJECT"
    given = json.loads((scripts / "seen").read_text())
    assert given == found["input"]
    talked = given["call_full"]["conversations"][given["call_full"]["active_conversation_id"]]
    assert talked["user"]["name"] == "Ivan Kuznetsov"


def test_run_tells_people_input_answer_result_and_time(scripts: Path) -> None:
    (scripts / "need_registration.py").write_text('print(\'{"state": "success", "data": {"result": false}}\')')
    code, out, _ = run("run", "need_registration", "--call", ROW.linkedid)
    assert code == 0
    words = (
        "input:",
        'answer:    {"result": false}',
        "result:    false",
        "time:",
        "need_registration.py",
        "nothing was sent",
    )
    assert [word for word in words if word not in out] == []


def test_run_of_a_failing_or_cancelling_script_says_so(scripts: Path) -> None:
    script = scripts / "customize_entity.sh"
    script.write_text("echo broken >&2; exit 4")
    found = data("run", "customize_entity", "--call", ROW.linkedid)
    assert found["failure"] == "customization customize_entity (customize_entity.sh): ended with status 4: broken"
    assert "result:    the default" in run("run", "customize_entity", "--call", ROW.linkedid)[1]
    script.write_text("""echo '{"state": "success"}'""")
    assert data("run", "customize_entity", "--call", ROW.linkedid)["cancelled"] is True
    assert "result:    cancelled" in run("run", "customize_entity", "--call", ROW.linkedid)[1]


def test_run_without_a_script_says_where_one_belongs(scripts: Path) -> None:
    found = data("run", "post_registration", "--call", ROW.linkedid)
    assert "there is no file post_registration (or post_registration.php, " in found["failure"]
    assert found["failure"].endswith(f" in {scripts}")


def test_call_of_another_pbx_is_named_by_its_node(scripts: Path) -> None:
    (scripts / "need_registration.py").write_text('print(\'{"state": "success", "data": true}\')')
    found = data("run", "need_registration", "--call", ROW.linkedid, "--node", "other")
    assert found["input"]["call_full"]["channel"]["from"]["name"] == "Other"


def test_unknown_call_and_unknown_hook_are_faults_with_what_to_do() -> None:
    code, out, _ = run("run", "need_registration", "--call", "9.9", "--json")
    assert (code, json.loads(out)["error"]["code"]) == (1, "no_such_call")
    assert run("run", "../x", "--call", "9.9")[0] == click.UsageError.exit_code


@pytest.mark.parametrize("name", HOOKS)
def test_sample_is_input_for_a_script_by_hand(name: str) -> None:
    code, out, _ = run("sample", name)
    assert code == 0
    assert "call_full" in json.loads(out)


def test_sample_can_be_piped_into_an_example() -> None:
    example = Path(__file__).parents[2] / "examples" / "hooks" / "need_registration.py"
    done = subprocess.run(
        [sys.executable, example], input=run("sample", "need_registration")[1], capture_output=True, text=True,
        check=True, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert json.loads(done.stdout) == {"state": "success", "data": {"result": True}}
