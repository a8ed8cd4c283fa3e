<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a scenario (PHP on standard input, $f the FreePBX object, $m our module) and prints what it returned as JSON.

require __DIR__ . '/freepbx.php';

$f = FreePBX::create();
$f->Config->values = json_decode((string) getenv('PBX_SETTINGS'), true) ?: [];
$m = $f->Itgrix;
$scenario = eval('return function ($f, $m) {' . stream_get_contents(STDIN) . '};');
try {
    $result = ['result' => $scenario($f, $m)];
} catch (Throwable $fault) {
    $result = ['fault' => get_class($fault) . ': ' . $fault->getMessage() . ' at ' . basename($fault->getFile()) . ':' . $fault->getLine()];
}
echo json_encode($result + ['said' => $said, 'reloads' => $reloads]);
