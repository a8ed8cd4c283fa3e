<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// A missed call of a known client is urgent: an hour to call back, and the head of sales watches. For those who hung up
// within five seconds there is no task.

$params = json_decode(file_get_contents('php://stdin'), true);

const HEAD = 9; // portal user

$call = $params['call_full'];
$waited = $call['channel']['extra']['wait_seconds'];
$data = $params['params'];
if ($waited !== null && $waited < 5) {
    $data = null;
} elseif ($call['entity'] !== null) {
    $data['TITLE'] = 'Urgent: ' . $data['TITLE'];
    $data['DEADLINE'] = date(DATE_ATOM, time() + 3600);
    $data['AUDITORS'] = [HEAD];
}

echo json_encode(['state' => 'success', 'data' => $data]);
