# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts as a call meets them: what they are given, what their answers come to, what they can never do."""

from __future__ import annotations

import json
import logging
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from itgrix_module.app.hooking import HOOKS, Said
from itgrix_module.hooks.breaker import PAUSE
from tests.hooks.bench import ALL_ON, NAME, YES, Folder, is_alive, open_files, until

# -- languages


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (f"{NAME}.py", f"import sys\nsys.stdin.read()\nprint('{YES}')"),
        (f"{NAME}.sh", f"cat > /dev/null; echo '{YES}'"),
        (f"{NAME}.php", "<?php echo json_encode(['state' => 'success', 'data' => ['result' => true]]);"),
        (f"{NAME}.php", "<?php return ['state' => 'success', 'data' => ['result' => $params['x'] === 1]];"),
        (f"{NAME}.PHP", f"<?php return '{YES}';"),
        (
            f"{NAME}.php",
            "<?php $in = json_decode(file_get_contents('php://stdin'), true);\n"
            "echo json_encode(['state' => 'success', 'data' => ['result' => $in['x'] === 1 && $params === $in]]);",
        ),
    ],
    ids=["python", "shell", "php", "php that returns", "php that returns text", "php that reads its input itself"],
)
def test_script_needs_no_executable_bit_in_a_known_language(folder: Folder, file: str, text: str) -> None:
    folder.put(file, text, 0o600)
    assert folder.scripts.ask(NAME, {"x": 1}) == Said(data={"result": True})


@pytest.mark.parametrize("file", [NAME, f"{NAME}.pl", f"{NAME}.rb"])
def test_any_other_language_needs_a_first_line_and_the_executable_bit(folder: Folder, file: str) -> None:
    made = folder.put(file, f"#!/bin/sh\necho '{YES}'\n", 0o755)
    assert folder.scripts.ask(NAME, {}).data == {"result": True}
    made.chmod(0o644)
    assert "is not executable: chmod u+x" in folder.scripts.ask(NAME, {}).failure


@pytest.mark.parametrize(
    ("text", "reason"),
    [("echo no first line", "its first line must name its interpreter"), ("#!/no/such/thing\n", "is not there")],
)
def test_program_that_cannot_start_is_a_failure(folder: Folder, text: str, reason: str) -> None:
    folder.put(NAME, text, 0o755)
    assert reason in folder.scripts.ask(NAME, {}).failure


def test_php_warnings_do_not_spoil_the_answer(folder: Folder) -> None:
    folder.put(f"{NAME}.php", "<?php echo $nothing; return ['state' => 'success', 'data' => [$params['x']]];")
    attempt = folder.scripts.attempt(NAME, {"x": "Ж"})
    assert attempt.said.data == ["Ж"]
    assert "Undefined variable $nothing" in attempt.errors


# -- what a script gets


def test_script_gets_its_input_whole_and_nothing_else_of_ours(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITGRIX_DATABASE_URL", "mysql://itgrix:secret@localhost/itgrix")
    folder.python("ok([json.load(sys.stdin), dict(os.environ), os.getcwd(), os.listdir('/proc/self/fd'), os.umask(0)])")
    given, environment, place, files, mask = folder.scripts.ask(NAME, {"name": "Пётр", "n": 1.5, "none": None}).data
    assert given == {"name": "Пётр", "n": 1.5, "none": None}
    assert set(environment) - {"LC_CTYPE"} == {"PATH", "LANG", "HOME", "ITGRIX_HOOK"}
    assert (environment["ITGRIX_HOOK"], environment["HOME"], place) == (NAME, str(folder.path), str(folder.path))
    assert len(files) == 4  # its three, and the one that lists them
    assert mask == 0o077


def test_python_scripts_run_with_our_interpreter(folder: Folder) -> None:
    folder.python("ok(sys.executable)")
    assert folder.scripts.ask(NAME, {}).data == sys.executable


@pytest.mark.parametrize("reads", [True, False])
def test_large_input_and_output_never_block_each_other(folder: Folder, reads: bool) -> None:
    taken = "len(sys.stdin.read())" if reads else "0"
    folder.python(f"sys.stderr.write('e' * 900000)\nsize = {taken}\nok([size, 'x' * 900000])")
    size, text = folder.scripts.ask(NAME, {"x": "y" * 3_000_000}).data
    assert (size > 3_000_000, len(text)) == (reads, 900_000)


def test_half_a_character_in_a_callers_name_does_not_leave_the_script_out(folder: Folder) -> None:
    folder.put(f"{NAME}.php", "<?php return ['state' => 'success', 'data' => [$params['name']]];")
    assert folder.scripts.ask(NAME, {"name": "A\udcff"}).data == ["A?"]


def test_input_that_json_cannot_hold_is_a_failure_and_not_an_error(folder: Folder) -> None:
    folder.python("ok(1)")
    assert "its input could not be written" in folder.scripts.ask(NAME, {"x": float("nan")}).failure
    assert "its input could not be written" in folder.scripts.ask(NAME, {"x": object()}).failure


# -- bounds


def test_memory_and_core_files_are_bounded(folder: Folder) -> None:
    folder.python(
        "import resource\nok([resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_AS)])"
    )
    core, memory = folder.scripts.ask(NAME, {}).data
    assert core == [0, 0]
    assert memory[0] == 4 * 1024**3


def test_endless_memory_ends_the_script_and_not_the_service(folder: Folder) -> None:
    folder.python("x = bytearray(8 * 1024**3)\nok(1)")
    assert "ended with status 1: MemoryError" in folder.scripts.ask(NAME, {}).failure


def test_slow_script_is_ended_with_all_that_it_started(folder: Folder) -> None:
    pids = folder.path / "pids"
    folder.shell(
        f"sleep 600 & echo $! >> {pids}\n(sleep 600 & echo $! >> {pids})\necho $$ >> {pids}\necho slow >&2\nsleep 600"
    )
    folder.within(2.0)
    said = folder.scripts.ask(NAME, {})
    assert said.failure == f"customization {NAME} ({NAME}.sh): took longer than 2 s: slow"
    found = [int(line) for line in pids.read_text().split()]
    assert len(found) == 3
    assert until(lambda: not any(map(is_alive, found)))


def test_answer_counts_although_something_left_behind_holds_the_pipes(folder: Folder) -> None:
    pids = folder.path / "pids"
    folder.shell(f"sleep 600 & echo $! > {pids}\necho '{YES}'")
    assert folder.scripts.ask(NAME, {}).data == {"result": True}
    assert until(lambda: not is_alive(int(pids.read_text())))


def test_script_that_closes_its_output_is_still_waited_for(folder: Folder) -> None:
    folder.shell(f"echo '{YES}'; exec 1>&- 2>&-; touch {folder.path}/began; sleep 600")
    folder.within(1.0)
    assert "took longer than 1 s" in folder.scripts.ask(NAME, {}).failure
    assert (folder.path / "began").exists()


def test_script_that_ignores_signals_is_ended(folder: Folder) -> None:
    folder.python("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)")
    folder.within(0.5)
    assert "took longer" in folder.scripts.ask(NAME, {}).failure


def test_endless_output_is_a_failure(folder: Folder) -> None:
    folder.shell("exec yes")
    assert "printed more than 1024 kB" in folder.scripts.ask(NAME, {}).failure


def test_endless_talk_on_standard_error_is_bounded_by_time_only(folder: Folder) -> None:
    folder.shell("exec yes 1>&2")
    folder.within(1.0)
    assert folder.scripts.ask(NAME, {}).failure.endswith("took longer than 1 s: y")


def test_limit_of_time_of_recordings_is_their_own(folder: Folder) -> None:
    folder.rules = replace(ALL_ON, seconds=0.3, record_seconds=10.0)
    folder.python("time.sleep(0.6)\nok({'path': '/x'})", "process_record_file_path")
    folder.python("time.sleep(0.6)\nok(1)")
    assert folder.scripts.ask("process_record_file_path", {}).data == {"path": "/x"}
    assert "took longer than 0.3 s" in folder.scripts.ask(NAME, {}).failure


def test_nothing_is_left_open(folder: Folder) -> None:
    folder.shell(f"echo '{YES}'")
    folder.scripts.ask(NAME, {})
    before = open_files()
    for _ in range(5):
        folder.scripts.ask(NAME, {})
    folder.within(0.1)
    folder.shell("sleep 600")
    folder.scripts.ask(NAME, {})
    assert open_files() == before


# -- at once


def test_more_scripts_than_places_wait_their_own_limit_and_no_longer(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "hooks", at_once=2)
    gate = folder.path / "gate"
    slow = f"n=0; while [ ! -e {gate} ]; do sleep 0.02; done; echo '{YES}'"
    folder.shell(f"echo x >> {folder.path}/began; {slow}")
    said: list[Said] = []
    threads = [threading.Thread(target=lambda: said.append(folder.scripts.ask(NAME, {}))) for _ in range(2)]
    for thread in threads:
        thread.start()
    began = folder.path / "began"
    assert until(lambda: began.exists() and len(began.read_text().split()) == 2)
    folder.within(0.2)
    assert "found no free place within 0.2 s" in folder.scripts.ask(NAME, {}).failure
    gate.touch()
    for thread in threads:
        thread.join()
    assert [one.data for one in said] == [{"result": True}] * 2
    assert folder.scripts.state()[0].left_out_until is None


def test_many_threads_ask_at_once(folder: Folder) -> None:
    folder.python("ok(json.load(sys.stdin)['n'])")
    found: dict[int, object] = {}

    def ask(n: int) -> None:
        found[n] = folder.scripts.ask(NAME, {"n": n}).data

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: n for n in range(24)}


# -- slow again and again


def be_slow(folder: Folder, times: int) -> list[str]:
    folder.within(0.1)
    return [folder.scripts.ask(NAME, {}).failure for _ in range(times)]


def test_slow_script_is_left_out_for_a_minute_and_told_once(folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    folder.shell(f"echo x >> {folder.path}/runs; sleep 600")
    with caplog.at_level(logging.INFO, "itgrix.hooks"):
        failures = be_slow(folder, 6)
    assert ["is left out until" in failure for failure in failures] == [False, False, False, True, True, True]
    assert len((folder.path / "runs").read_text().split()) == 3
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]
    assert folder.scripts.state()[0].left_out_until == folder.clock.now + PAUSE


def test_after_the_pause_one_slow_run_is_enough(folder: Folder) -> None:
    folder.shell("sleep 600")
    be_slow(folder, 3)
    folder.clock.now += PAUSE + 1
    assert ["left out" in failure for failure in be_slow(folder, 2)] == [False, True]


def test_run_in_time_breaks_the_row(folder: Folder) -> None:
    folder.shell("sleep 600")
    be_slow(folder, 2)
    folder.within(10.0)
    slow = folder.path / f"{NAME}.sh"
    stamp = slow.stat()
    folder.shell(f"echo '{YES}' || sleep 600")
    assert folder.scripts.ask(NAME, {}).data == {"result": True}
    assert slow.stat().st_mtime_ns != stamp.st_mtime_ns
    folder.shell("sleep 600")
    assert not any("left out" in failure for failure in be_slow(folder, 3))


def test_changed_script_is_tried_at_once(folder: Folder) -> None:
    folder.shell("sleep 600")
    be_slow(folder, 4)
    folder.within(10.0)
    folder.shell(f"echo '{YES}' # mended")
    assert folder.scripts.ask(NAME, {}).data == {"result": True}
    assert folder.scripts.state()[0].left_out_until is None


def test_other_failures_leave_nothing_out(folder: Folder) -> None:
    folder.shell("exit 3")
    assert {folder.scripts.ask(NAME, {}).failure for _ in range(5)} == {
        f"customization {NAME} ({NAME}.sh): ended with status 3"
    }


def test_trial_runs_what_is_left_out_and_changes_nothing(folder: Folder) -> None:
    folder.shell("sleep 600")
    be_slow(folder, 3)
    before = folder.scripts.state()
    folder.rules = replace(folder.rules, enabled=False)
    assert "took longer" in folder.scripts.attempt(NAME, {}).said.failure
    folder.rules = replace(folder.rules, enabled=True)
    assert folder.scripts.state() == before


# -- on and off, state


def test_hook_is_on_when_it_is_switched_on_and_has_a_file(folder: Folder) -> None:
    assert not folder.scripts.is_on(NAME)
    folder.shell("exit 0")
    assert folder.scripts.is_on(NAME)
    folder.rules = replace(ALL_ON, active=frozenset())
    assert not folder.scripts.is_on(NAME)
    folder.rules = replace(ALL_ON, enabled=False)
    assert not folder.scripts.is_on(NAME)


@pytest.mark.parametrize("name", ["", ".", "../need_registration", "need_registration.sh", "nothing", "a/b", "x\0y"])
def test_unknown_names_reach_no_file(folder: Folder, name: str) -> None:
    folder.shell(f"touch {folder.path}/ran")
    assert not folder.scripts.is_on(name)
    assert "no such customization" in folder.scripts.ask(name, {}).failure
    assert not (folder.path / "ran").exists()


def test_state_tells_files_problems_and_the_last_failure(folder: Folder) -> None:
    folder.shell("exit 1")
    folder.put("post_registration.py", "")
    folder.put("post_registration.php", "")
    folder.rules = replace(ALL_ON, active=frozenset((NAME, "customize_entity")))
    folder.scripts.ask(NAME, {})
    states = {state.name: state for state in folder.scripts.state()}
    assert list(states) == list(HOOKS)
    failed = states[NAME]
    assert (failed.file, failed.on, failed.problem, failed.fails) == (f"{NAME}.sh", True, "", True)
    assert (failed.last_failure_at, failed.last_run) == (folder.clock.now, folder.clock.now)
    assert "several files" in states["post_registration"].problem
    assert "there is no file" in states["customize_entity"].problem
    assert states["customize_activity"].problem == ""


def test_failing_is_told_once_and_so_is_working_again(folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    folder.shell("exit 1")
    with caplog.at_level(logging.INFO, "itgrix.hooks"):
        folder.scripts.ask(NAME, {})
        folder.scripts.ask(NAME, {})
        folder.shell(f"echo '{YES}'")
        folder.scripts.ask(NAME, {})
        folder.scripts.ask(NAME, {})
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert caplog.records[1].message == f"customization {NAME} works again"


def test_what_nobody_foresaw_lets_the_call_go_on(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.shell(f"echo '{YES}'")
    monkeypatch.setattr(folder, "rules", None)
    assert "could not be run (AttributeError)" in folder.scripts.ask(NAME, {}).failure


def test_parameters_are_never_logged(folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    folder.shell("exit 1")
    with caplog.at_level(logging.DEBUG):
        folder.scripts.ask(NAME, {"call_full": {"secret": "Mellon"}})
    assert "Mellon" not in json.dumps([record.getMessage() for record in caplog.records])
