# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's PHP is read without running it: what it calls and reads is there, also on ways that no test takes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.module.interpreter import parsing_php
from tests.module.test_php_syntax import ROOT, SHIPPED

HERE = Path(__file__).parent
STAND_INS = (HERE / "php" / "freepbx.php", HERE / "php" / "parts.php")
PLACE = """
class Place
{
    const USUAL = 'a';
    private const INNER = 'b';
    /** @var string */
    public $home = self::INNER;
    private $inner = 1;
    public function __construct(string $home) { $this->home = $home . $this->inner; }
    public function key(string $name, int $size = 1): string { return $name . $size . $this->quiet(); }
    public static function made(): self { return new self(''); }
    private function quiet(): string { return $this->home; }
}
"""

FAULTS = {
    # what is read
    "function f() { return $a; }": "$a is not set on every way",
    "function f($x) { if ($x) { $a = 1; } return $a; }": "$a is not set on every way",
    "function f($x) { foreach ($x as $one) { echo $one; } return $one; }": "$one is not set on every way",
    "function f($x) { foreach ($x as $y) { $a = $y; } return $a; }": "$a is not set on every way",
    "function f($x) { try { $a = $x(); } catch (Exception $e) { echo $e; } return $a; }": "$a is not set on every way",
    "function f($x) { switch ($x) { case 1: $a = 1; break; } return $a; }": "$a is not set on every way",
    "function f($a) { unset($a); return $a; }": "$a is not set on every way",
    "function f($a) { return static function () { return $a; }; }": "$a is not set on every way",
    "function f() { return compact('gone'); }": "$gone is not set on every way",
    'function f() { return "x {$gone} y"; }': "$gone is not set on every way",
    "function f() { return $gone['a'] ?? 1; }": "$gone is not set on every way",
    "echo $gone;": "$gone is not set on every way",
    # what is set for nobody
    "function f() { $a = 1; }": "nobody reads $a",
    "function f($x) { foreach ($x as $key => $value) { echo $value; } }": "nobody reads $key",
    "function f($a) { return function () use ($a) { return 1; }; }": "nobody reads $a",
    "function f($a) { return $a; echo 1; }": "nobody gets here",
    "class A { private function f($a) { return 1; } public function g() { return $this->f(1); } }": "nobody reads $a",
    "class A { private function f() { return 1; } }": "nobody uses the private f",
    "class A { private $a = 1; }": "nobody uses the private a",
    "class A { private const A = 1; }": "nobody uses the private A",
    "use Some\\Thing; echo 1;": "nobody uses the import Thing",
    # what is called
    "strpot('a', 'b');": "there is no function strpot()",
    "echo str_contains('ab', 'a');": "not every PHP from 7.4 on has the function str_contains()",
    "echo utf8_encode('a');": "not every PHP from 7.4 on has the function utf8_encode()",
    "echo posix_geteuid();": "posix_geteuid()",
    "echo strpos('a');": "strpos() does not take 1 arguments",
    "function f($a) { return $a; } f();": "f() does not take 0 arguments",
    "echo NOTHING;": "there is no constant NOTHING",
    "echo CURLOPT_XFERINFOFUNCTION;": "PHP 7.4 does not know CURLOPT_XFERINFOFUNCTION",
    "eval('1;');": "nobody can tell",
    "$name = 'a'; echo $$name;": "nobody can tell",
    # members
    "class A { public function f() { return $this->g(); } }": "A has no g among its methods",
    "class A { public function f() { return self::g(); } }": "A has no g among its methods",
    "class A { public function f() { return $this->a; } }": "A has no a among its properties",
    "class A { public function f() { $this->a = 1; } }": "A has no a among its properties",
    "class A { public function f() { return self::$a; } }": "A has no a among its properties",
    "class A { public function f() { return self::A; } }": "A has no A among its constants",
    "class A { public function f() { return [$this, 'gone']; } }": "A has no gone among its methods",
    "echo array_map([Place::class, 'gone'], []);": "Place has no gone among its methods",
    "echo Place::GONE;": "Place has no GONE among its constants",
    "echo Place::INNER;": "INNER of Place is private",
    "echo Place::made()->inner;": "inner of Place is private",
    "echo Place::made()->quiet();": "quiet of Place is private",
    "echo Place::made()->gone();": "Place has no gone among its methods",
    "echo Place::key('a');": "Place::key() needs an object",
    "function f(Place $place) { return $place->hmoe; }": "Place has no hmoe among its properties",
    "function f(?Place $place) { return $place->key(); }": "Place::key() does not take 0 arguments",
    "function f() { $place = new Place('a'); return static function () use ($place) { return $place->gone(); }; }": (
        "Place has no gone among its methods"
    ),
    "class A { /** @var Place */ private $at; function f() { return $this->at->gone(); } }": "Place has no gone",
    "class A { public $b; static function f(self $a) { return $a->gone; } }": "A has no gone among its properties",
    "echo new Place();": "new Place() does not take 0 arguments",
    "echo new Gone();": "there is no class Gone",
    "class A extends Gone {}": "A is made of a class that is not known",
    "function f(Gone $a) { return $a; }": "there is no class Gone",
    "try { echo 1; } catch (Gone $e) { echo $e; }": "there is no class Gone",
    "function f($a) { return $a instanceof Gone; }": "there is no class Gone",
    # texts
    "echo sprintf('%s and %d', 1);": "1 values for 2 places in the text",
    "class Words { static function say($t, ...$v) { return [$t, $v]; } } Words::say('of %s');": "0 values for 1 places",
}
RIGHT = (
    "function f($x) { if ($x) { $a = 1; } else { return 2; } return $a; }",
    "function f($x) { if ($x) { $a = 1; } elseif (!$x) { throw new Exception(); } else { $a = 3; } return $a; }",
    "function f($x) { try { $a = $x(); } catch (Exception $e) { return 1; } return $a; }",
    "function f($x) { switch ($x) { case 1: case 2: $a = 1; break; default: $a = 2; } return $a; }",
    "function f() { while (true) { $a = rand(); if ($a) { break; } } return $a; }",
    "function f() { do { $a = rand(); } while ($a); return $a; }",
    "function f($x) { [$a, 'b' => $b] = $x; return $a . $b; }",
    "function f() { $said = []; $g = function ($x) use (&$said) { $said[] = $x; }; $g(1); return $said; }",
    "function f($t) { return preg_match('/a/', $t, $found) ? $found : end($t); }",
    "function f($x) { return isset($a) ? 1 : ($b ?? array_map(fn($y) => $y . $x, [])); }",
    "function f() { static $known = []; return $known[1] ?? $_SERVER['a'] ?? ''; }",
    "function f() { $a = 1; return include 'template.php'; }",
    "class A { private static function f() { return 1; } function g() { return array_map([self::class, 'f'], []); } }",
    "class A extends ArrayObject { public function f() { return $this->count() . parent::count(); } }",
    "class A { public function __call($name, $words) { return [$name, $words]; } } echo (new A())->anything();",
    "if (function_exists('posix_geteuid')) { echo posix_geteuid(); }",
    "function f(Place $at) { return $at->key(...[1]) . $at->key('a', 2) . Place::made()->home . PHP_EOL; }",
    "use Place as P; /** of no use */ echo P::USUAL; echo sprintf('%s 100%%', 1);",
)


def findings(*bundles: dict[str, dict[str, str]]) -> list[list[str]]:
    """Of each bundle ``{"files": {name: source}, "known": {name: source}}``."""
    command = [parsing_php(), "-d", "display_errors=stderr", str(HERE / "analysis" / "analyse.php")]
    done = subprocess.run(command, input=json.dumps(bundles), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    found: list[list[str]] = json.loads(done.stdout)
    return found


def sources() -> dict[str, str]:
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in SHIPPED}


def of_module(files: dict[str, str]) -> list[str]:
    return findings({"files": files, "known": {path.name: path.read_text() for path in STAND_INS}})[0]


@pytest.fixture(scope="module")
def looked() -> dict[str, list[str]]:
    """Findings by example; one start of PHP for all of them."""
    examples = (*FAULTS, *RIGHT)
    bundles = ({"files": {"a.php": "<?php\n" + text}, "known": {"place.php": "<?php" + PLACE}} for text in examples)
    return dict(zip(examples, findings(*bundles), strict=True))


def test_nothing_is_found_in_the_module() -> None:
    assert of_module(sources()) == []


@pytest.mark.parametrize(
    ("file", "right", "wrong", "finding"),
    [
        ("Itgrix.class.php", "$this->destinations()->save(", "$this->destinations()->store(", "no store among"),
        ("Itgrix.class.php", "$this->FreePBX->Job->remove('itgrix', ", "$this->FreePBX->Job->remove(", "does not take"),
        ("php/Gate.php", "$origin = $this->origin();", "", "$origin is not set on every way"),
        ("php/Relay.php", "'takeBody'", "'takeBodies'", "no takeBodies among"),
        ("views/destinations.php", "$itgrix->token()", "$itgrix->tokens()", "no tokens among"),
        ("Console/Itgrix.class.php", "$output->writeln(W", "$output->writeLine(W", "no writeLine among"),
        ("i18n/ru.php", "запасное направление для %s", "запасное направление", "other places for values"),
    ],
)
def test_a_slip_in_the_module_is_found(file: str, right: str, wrong: str, finding: str) -> None:
    files = sources()
    assert right in files[file]
    files[file] = files[file].replace(right, wrong)
    found = of_module(files)
    assert found
    assert all(line.startswith(f"{file}:") and finding in line for line in found), found


@pytest.mark.parametrize(("source", "finding"), FAULTS.items(), ids=range(len(FAULTS)))
def test_a_fault_is_found(looked: dict[str, list[str]], source: str, finding: str) -> None:
    assert [line for line in looked[source] if finding in line], looked[source]


@pytest.mark.parametrize("source", RIGHT, ids=range(len(RIGHT)))
def test_what_is_right_is_left_alone(looked: dict[str, list[str]], source: str) -> None:
    assert looked[source] == []
