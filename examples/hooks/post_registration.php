<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps a list of registered calls for another program: one line each in registered.csv, beside the scripts.
// Nothing is expected of this customization, so whatever it answers changes nothing.

$params = json_decode(file_get_contents('php://stdin'), true);

$channel = $params['call_full']['channel'];
$file = fopen('registered.csv', 'a');
flock($file, LOCK_EX);
fputcsv($file, [$channel['start_time'], $channel['from']['number'], $params['registration']['CALL_ID']]);
fclose($file);
$data = ['written' => true];

echo json_encode(['state' => 'success', 'data' => $data]);
