<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// The head of sales (portal user 9) sees the cards of important clients too, and the trainees (40 and 41) see none.

$params = json_decode(file_get_contents('php://stdin'), true);

const HEAD = 9;
const TRAINEES = [40, 41];
const IMPORTANT = ['+79161234567'];

$users = array_values(array_diff($params['users'], TRAINEES));
if (in_array($params['call_full']['channel']['from']['number'], IMPORTANT) && !in_array(HEAD, $users)) {
    $users[] = HEAD;
}
$data = ['users' => $users];

echo json_encode(['state' => 'success', 'data' => $data]);
