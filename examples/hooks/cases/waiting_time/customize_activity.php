<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Writes into the activity how long the client waited and how long he talked. A missed call says so in its subject.

$params = json_decode(file_get_contents('php://stdin'), true);

$channel = $params['call_full']['channel'];
$facts = $channel['extra'];
$waited = $facts['wait_seconds'] ?? 0;
if ($channel['was_answered']) {
    $data = ['DESCRIPTION' => "Waited $waited s, talked {$facts['talk_seconds']} s"];
} else {
    $data = [
        'SUBJECT' => 'Missed call from ' . $channel['from']['number'],
        'DESCRIPTION' => "Waited $waited s in vain",
    ];
}

echo json_encode(['state' => 'success', 'data' => $data]);
