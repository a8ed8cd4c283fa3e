<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// The PBX wants 8 and ten digits, the CRM holds +7 (916) 123-45-67. Numbers abroad are not dialled from the CRM.

$params = json_decode(file_get_contents('php://stdin'), true);

$data = $params['params'];
$number = $data['request_data']['PHONE_NUMBER'];
$digits = preg_replace('/[^0-9]/', '', $number);
if ($number[0] === '+' && substr($number, 0, 2) !== '+7') {
    $data = null;
} elseif (strlen($digits) >= 10) {
    $data['extension'] = '8' . substr($digits, -10);
}

echo json_encode(['state' => 'success', 'data' => $data]);
