# SPDX-License-Identifier: GPL-3.0-or-later
"""The PHP that FreePBX asks: install and uninstall, hooks, notices, pages; every notice of PHP is a fault."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from tests.module.scenarios import ADD, PARTS, ROOT, Php, base64_of, program


@pytest.mark.parametrize("language", ["en_US", "ru_RU"])
def test_pages_are_shown_in_both_languages(php: Php, language: str) -> None:
    asked = f"$_COOKIE['lang'] = '{language}'; $_SESSION = []; $_REQUEST = ['new' => '1'];"
    panel, destinations = php(f"{ADD} {asked} return [$m->showPage(''), $m->showPage('destinations')];")
    assert 'src="modules/itgrix/gate/"' in panel
    assert ("Запасное направление" in destinations) is (language == "ru_RU")
    assert "Sales; &quot;A&quot;, (б)" in destinations


def test_facts_for_the_installer(php: Php, home: Path) -> None:
    settings = {"CDRDBHOST": "10.0.0.9", "CDRDBPASS": "c", "ASTMANAGERPORT": "5039", "MIXMON_DIR": ""}
    facts, users = php("return [$m->pbx()->facts(), $f->Manager->users];", settings=settings)
    assert facts["home"] == str(home)
    assert facts["database"] == {
        "host": "localhost",
        "port": "",
        "socket": "",
        "user": "freepbxuser",
        "password": "p",
        "name": "asterisk",
    }
    assert (facts["cdr"]["host"], facts["cdr"]["user"], facts["cdr"]["password"]) == ("10.0.0.9", "freepbxuser", "c")
    assert (facts["ami"]["port"], facts["recordings"]) == (5039, "/var/spool/asterisk/monitor")
    assert facts["ami"]["secret"] == users["itgrix"]["secret"]
    assert users["itgrix"]["permit"] == "127.0.0.1/255.255.255.255"


def test_without_the_manager_module_the_installer_makes_the_user(php: Php) -> None:
    assert php("$f->Modules->enabled = []; return $m->pbx()->facts();")["ami"] == []


def fake_python(tmp_path: Path, status: int = 0) -> str:
    """In the place of Python: tells how it was called and what came on standard input."""
    file = tmp_path / "python3"
    file.write_text(f'#!/bin/sh\nshift\necho "$(basename "$1")" "$@" | cut -d" " -f1,3-\ncat\necho\nexit {status}\n')
    file.chmod(0o755)
    return str(file)


def test_install_hands_over_and_watches_each_minute(php: Php, tmp_path: Path) -> None:
    python = fake_python(tmp_path)
    found = php("return [$m->install(), $f->Job->jobs];", whole=True, ITGRIX_PYTHON=python)
    assert found["result"] == [True, {"itgrix/watch": "FreePBX\\modules\\Itgrix\\Job * * * * *"}]
    assert found["said"][0] == "install.py --facts -"
    assert '"secret":' in found["said"][1]
    assert "fwconsole reload" in found["said"][-1]
    assert found["reloads"] == 1


def test_an_upgrade_does_without_the_crontab_which_the_service_may_not_write(php: Php, tmp_path: Path) -> None:
    job = {"itgrix/watch": "FreePBX\\modules\\Itgrix\\Job * * * * *"}
    upgrade = "$first = $m->install(); $f->Job->mayWrite = false; return [$first, $m->install(), $f->Job->jobs];"
    missed = "The job that watches the service is missing. Run as root: fwconsole itgrix install"
    again = php(upgrade, whole=True, ITGRIX_PYTHON=fake_python(tmp_path))
    assert again["result"] == [True, True, job]
    assert missed not in again["said"], "it was there already"
    missing = php("$f->Job->mayWrite = false; return $m->install();", whole=True, ITGRIX_PYTHON=fake_python(tmp_path))
    assert missing["result"] is True
    assert missed in missing["said"]
    changed = "$f->Job->jobs['itgrix/watch'] = 'Former 5 * * * *'; $m->install(); return $f->Job->jobs;"
    assert php(changed, ITGRIX_PYTHON=fake_python(tmp_path)) == job


def test_the_page_is_dressed_before_the_first_reload(php: Php, tmp_path: Path) -> None:
    """FreePBX's page asks for ``assets/itgrix/…`` at once, but links that folder only when it reloads."""
    assets = tmp_path / "html" / "admin" / "assets"
    settings = {"AMPWEBROOT": str(tmp_path / "html")}
    python = fake_python(tmp_path)
    assert php("return $m->install();", settings=settings, ITGRIX_PYTHON=python)  # a GUI without such a folder
    assets.mkdir(parents=True)
    for _ in ("new", "upgrade"):
        assert php("return $m->install();", settings=settings, ITGRIX_PYTHON=python)
        assert (assets / "itgrix" / "js" / "itgrix.js").is_file()
    (assets / "itgrix").unlink()
    (assets / "itgrix").symlink_to(tmp_path / "gone")
    assert php("return $m->install();", settings=settings, ITGRIX_PYTHON=python)


def test_what_is_said_on_the_console_is_not_html(php: Php, tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text("#!/bin/sh\necho 'in <module> & so on'\n")
    python.chmod(0o755)
    assert php("return $m->install();", whole=True, ITGRIX_PYTHON=str(python))["said"][0] == "in <module> & so on"


def test_a_refused_installation_fails_the_module(php: Php, tmp_path: Path) -> None:
    found = php("return [$m->install(), $f->Job->jobs];", whole=True, ITGRIX_PYTHON=fake_python(tmp_path, 1))
    assert found["result"] == [False, []]


def test_no_room_for_temporary_files_is_said(php: Php, tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    found = php("return [$m->install(), $f->Job->jobs];", whole=True, ITGRIX_PYTHON=fake_python(tmp_path), TMPDIR=gone)
    assert found["result"] == [False, []]
    assert found["said"] == [f"The folder for temporary files is full or cannot be written: {gone}"]


@pytest.mark.parametrize(("before", "word"), [("", "--keep-data"), ("$m->setConfig('purge', '1');", "--purge")])
def test_uninstall_keeps_data_unless_told_otherwise(php: Php, tmp_path: Path, before: str, word: str) -> None:
    scenario = before + ADD + "$m->pbx()->managerUser(); return [$m->uninstall(), $f->Manager->users];"
    found = php(scenario, whole=True, ITGRIX_PYTHON=fake_python(tmp_path))
    assert found["result"] == [True, []]
    assert found["said"][0] == "Still in use, choose another destination there: Inbound route: any"
    assert found["said"][1].endswith(word)


def test_destinations_outlive_an_uninstall_that_keeps_data(php: Php, tmp_path: Path, home: Path) -> None:
    python = fake_python(tmp_path)
    empty = "$m->setConfig('destinations', false);"  # FreePBX empties its store after the module's own part
    found = php(
        ADD + f"$m->uninstall(); {empty} $m->install(); return $m->destinations()->all();", ITGRIX_PYTHON=python
    )
    assert [row["name"] for row in found.values()] == ['Sales; "A", (б)', "Support"]
    assert not (home / "destinations.json").exists()
    changed = "$m->destinations()->remove('1');"
    found = php(
        ADD + f"$m->uninstall(); {changed} $m->install(); return $m->destinations()->all();", ITGRIX_PYTHON=python
    )
    assert list(found) == ["2"]  # what is there now is newer


def test_the_manager_modules_leftover_with_our_password_goes(php: Php, tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    etc.mkdir()
    settings = {"ASTETCDIR": str(etc)}
    (etc / "itgrix").write_text("; Do NOT edit this file as it is auto-generated by FreePBX. ;\n[secret]\nx\n")
    php("$m->pbx()->removeManagerUser(); return 1;", settings=settings)
    assert not (etc / "itgrix").exists()
    (etc / "itgrix").write_text("[somebody's own]\n")
    php("$m->pbx()->removeManagerUser(); return 1;", settings=settings)
    assert (etc / "itgrix").exists()


def test_start_and_stop_hooks_call_the_service(php: Php, home: Path) -> None:
    program(home, "itgrix-service", f'echo "$@" >> {home}/called')
    output = "$o = new class { public $lines = []; public function writeln($t) { $this->lines[] = $t; } };"
    lines = php(ADD + output + "$m->startFreepbx($o); $m->stopFreepbx($o); return $o->lines;")
    assert (home / "called").read_text().split() == ["start", "stop"]
    assert lines == ["Itgrix: start done", "Itgrix: stop done"]
    program(home, "itgrix-service", "echo reason; exit 1")
    assert php(output + "$m->startFreepbx($o); return $o->lines;") == ["<error>Itgrix: start failed\nreason</error>"]


def test_a_disabled_module_stops_the_service_and_names_the_routes_that_lead_nowhere_now(php: Php, home: Path) -> None:
    program(home, "itgrix-service", f'echo "$@" >> {home}/called')
    found = php(ADD + "$m->disable(); $m->enable(); return 1;", whole=True)
    assert (home / "called").read_text().split() == ["stop", "start"]
    assert found["said"] == ["Still in use, choose another destination there: Inbound route: any"]


def test_hooks_without_an_installation_do_nothing(php: Php) -> None:
    assert php("$m->startFreepbx(null); $m->stopFreepbx(null); $m->watch(); return 1;") == 1


def test_notices_of_the_service_come_to_the_dashboard_and_leave_it(php: Php, home: Path) -> None:
    (home / "notices.json").write_text(
        json.dumps(
            [
                {"id": "update", "kind": "update", "title": "Itgrix 1.1", "text": "<b>new</b>\nline"},
                {"id": "portal", "kind": "error", "title": "Portal away"},
                {"id": "foreign", "title": "x"},
                {"broken": True},
            ]
        )
    )
    rows = php("$m->watch(); return $f->Notifications->rows;")
    assert rows == {
        "update": ["add_update", "Itgrix 1.1", "&lt;b&gt;new&lt;/b&gt;<br />\nline"],
        "portal": ["add_error", "Portal away", ""],
    }
    (home / "notices.json").write_text("no json")
    assert php("$m->watch(); return $f->Notifications->rows;") == []


def test_a_new_manager_password_reaches_the_service_at_the_next_reload(php: Php, home: Path) -> None:
    program(home, "itgrix", f'echo "$@" >> {home}/called; cat >> {home}/called')
    reload = "$ext = new extensions(); $m->doDialplanHook($ext, 'asterisk', 900);"
    php(f"{reload} {reload} $f->Manager->users['itgrix']['secret'] = 'changed'; {reload} return 1;")
    called = (home / "called").read_text()
    assert called.count("settings import -") == 2  # the first time, and after the change
    assert called.endswith('{"ami.username":"itgrix","ami.secret":"changed"}')


def test_every_text_is_there_in_russian(php: Php) -> None:
    used: set[str] = set()
    for file in (
        *ROOT.glob("*.php"),
        *(ROOT / "php").glob("*.php"),
        *ROOT.glob("views/*.php"),
        *ROOT.glob("Console/*.php"),
    ):
        text = file.read_text(encoding="utf-8")
        used |= {found.replace("\\'", "'") for found in re.findall(r"Words::(?:say|html)\('((?:[^'\\]|\\.)*)'", text)}
    known = php(f"return require '{ROOT}/i18n/ru.php';")
    assert used
    assert used - set(known) == set()


def test_backup_takes_settings_and_scripts_along_and_restore_puts_them_back(php: Php, home: Path) -> None:
    stored = '{"portal.webhook_url": "secret", "ami.secret": "of that machine", "cdr.url": "x"}'
    export, import_ = f"export) echo '{stored}';;", f"*) cat >> {home}/called;;"
    program(home, "itgrix", f'echo "$@" >> {home}/called; case "$2" in {export} {import_} esac')
    (home / "hooks").mkdir()
    (home / "hooks" / "need_registration").write_bytes(b"#!/bin/sh\nexit 0\xff\n")
    (home / "hooks" / "need_registration").chmod(0o750)
    save = "$b = new FreePBX\\modules\\Itgrix\\Backup($f); $b->runBackup('x', 'y'); return $b->configs;"
    configs = php(f"{PARTS} {save}")
    assert json.loads(configs["settings"])["portal.webhook_url"] == "secret"
    (home / "hooks" / "need_registration").unlink()
    configs["kvstore"] = {"noid": {"destinations": {"4": {"name": "D"}}}}
    configs["hooks"]["../evil"] = configs["hooks"]["need_registration"]
    given = f"json_decode(base64_decode('{base64_of(json.dumps(configs))}'), true)"
    restored = "$r->runRestore(); return [$r->getResetInfo(), $m->getConfig('destinations')];"
    load = f"$r = new FreePBX\\modules\\Itgrix\\Restore($f, {given}); {restored}"
    assert php(f"{PARTS} {load}") == [True, {"4": {"name": "D"}}]
    assert (home / "hooks" / "need_registration").read_bytes() == b"#!/bin/sh\nexit 0\xff\n"
    assert (home / "hooks" / "need_registration").stat().st_mode & 0o777 == 0o750
    assert not (home / "evil").exists()
    called = (home / "called").read_text()
    # What belongs to that machine is left out there; what was set since the backup is taken back.
    assert called.startswith("settings export --secrets\nsettings import --replace --keep-machine -\n")
    assert '"portal.webhook_url":"secret"' in called


def test_settings_that_cannot_be_restored_say_why(php: Php, home: Path) -> None:
    program(home, "itgrix", "echo 'error: dial.timeout: at most 600'; exit 1")
    configs = "['settings' => '{\"dial.timeout\": 9999}']"
    load = f"$r = new FreePBX\\modules\\Itgrix\\Restore($f, {configs}); $r->runRestore(); return $r->logged;"
    [said] = php(f"{PARTS} {load}")
    assert said.endswith("fwconsole itgrix check error: dial.timeout: at most 600")


def test_a_backup_without_a_running_installation_says_so(php: Php) -> None:
    save = "$b = new FreePBX\\modules\\Itgrix\\Backup($f); $b->runBackup('x', 'y'); return [$b->configs, $b->logged];"
    configs, logged = php(f"{PARTS} {save}")
    assert (configs["settings"], len(logged)) == ("{}", 1)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ([], 0, "service: status"),
        (["restart"], 0, "Itgrix: restart done"),
        (["check", "--json"], 0, "itgrix: check --json"),
        (["keep", "nothing"], 0, "An uninstall will leave nothing."),
        (["keep"], 2, "fwconsole itgrix keep data|nothing"),
    ],
)
def test_console_command(php: Php, home: Path, words: list[str], status: int, said: str) -> None:
    program(home, "itgrix", 'echo "itgrix: $@"')
    program(home, "itgrix-service", 'echo "service: $@"')
    make = "$o = new Symfony\\Component\\Console\\Output\\Lines(); $c = new FreePBX\\Console\\Command\\Itgrix();"
    ask = f"$i = new Symfony\\Component\\Console\\Input\\Words(json_decode('{json.dumps(words)}', true));"
    assert php(f"{PARTS} {make} {ask} return [$c->run($i, $o), $o->lines];") == [status, [said]]


def test_the_job_watches_without_waiting(php: Php, home: Path) -> None:
    program(home, "itgrix-service", f'sleep 1; echo "$@" > {home}/called.new; mv {home}/called.new {home}/called')
    run = (
        "$i = new Symfony\\Component\\Console\\Input\\Words([]); $o = new Symfony\\Component\\Console\\Output\\Lines();"
    )
    job = f"FreePBX\\modules\\Itgrix\\Job::run($i, $o); return file_exists('{home}/called');"
    assert php(f"{PARTS} {run} {job}") is False
    deadline = time.monotonic() + 20
    while not (home / "called").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert (home / "called").read_text() == "watch\n"
