<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// The phones of the second office are 2101, 2102 ... on the PBX, and 101, 102 ... in the portal.

$params = json_decode(file_get_contents('php://stdin'), true);

$phone = $params['phone'];
$data = ['phone' => strlen($phone) === 4 && $phone[0] === '2' ? substr($phone, 1) : $phone];

echo json_encode(['state' => 'success', 'data' => $data]);
