<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Writes into a lead made by the call which line it came by; records that were there before stay as they are.

$params = json_decode(file_get_contents('php://stdin'), true);

$channel = $params['call_full']['channel'];
$data = null;
if ($params['entity']['is_new']) {
    $data = ['SOURCE_DESCRIPTION' => "Call to {$channel['trunk']['number']} at {$channel['start_time']}"];
}

echo json_encode(['state' => 'success', 'data' => $data]);
