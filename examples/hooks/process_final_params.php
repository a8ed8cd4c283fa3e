<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Missed calls go to whoever looks after the line that the client dialled.

$params = json_decode(file_get_contents('php://stdin'), true);

const DUTY = ['74951234567' => 7, '74957654321' => 9]; // line => portal user

$data = $params['params'];
$line = $params['call_full']['channel']['trunk']['number'];
if ($data['STATUS_CODE'] === '304' && isset(DUTY[$line])) {
    $data['USER_ID'] = DUTY[$line];
}

echo json_encode(['state' => 'success', 'data' => $data]);
