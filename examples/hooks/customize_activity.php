<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// A missed call stands out in the client's history, and a handed over call says who gave it to whom.

$params = json_decode(file_get_contents('php://stdin'), true);

$call = $params['call_full'];
$transfers = $call['channel']['extra']['transfers'];
$data = null;
if (!$call['channel']['was_answered']) {
    $data = ['SUBJECT' => 'Missed call from ' . $call['channel']['from']['number'], 'PRIORITY' => 3];
} elseif ($transfers) {
    $lines = array_map(fn($each) => "{$each['from']} handed the call to {$each['to']}", $transfers);
    $data = ['DESCRIPTION' => implode("\n", $lines)];
}

echo json_encode(['state' => 'success', 'data' => $data]);
