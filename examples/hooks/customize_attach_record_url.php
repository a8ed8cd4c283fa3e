<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Names the recording so that people find it again: day, time and number of the client.

$params = json_decode(file_get_contents('php://stdin'), true);

$channel = $params['call_full']['channel'];
$client = ltrim($channel[$channel['type'] === 'outgoing' ? 'to' : 'from']['number'], '+');
$when = strtr($channel['start_time'], [':' => '-', ' ' => '_']);
$data = $params['params'];
$data['FILENAME'] = "{$when}_$client.mp3";

echo json_encode(['state' => 'success', 'data' => $data]);
