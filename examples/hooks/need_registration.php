<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Calls of some phones do not go to the CRM: the guard's post, the fax, the meeting room.

$params = json_decode(file_get_contents('php://stdin'), true);

const HIDDEN = ['190', '199'];

$result = true;
foreach ($params['call_full']['conversations'] as $conversation) {
    $channel = $conversation['channel'];
    if (array_intersect([$channel['from']['number'], $channel['to']['number']], HIDDEN)) {
        $result = false;
    }
}
$data = ['result' => $result];

echo json_encode(['state' => 'success', 'data' => $data]);
