<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Several companies of a holding share one portal, and one client may be known to each of them. The call goes to the
// record that the employee of this call is responsible for; when he has none, the portal chooses as usual.

$params = json_decode(file_get_contents('php://stdin'), true);

const ORDER = ['contact' => 0, 'company' => 1, 'lead' => 2];

$data = $params['params'];
$own = array_filter($params['candidates'], fn($each) => $each['responsible_id'] === ($data['USER_ID'] ?? null));
usort($own, fn($one, $other) => [ORDER[$one['type']], $one['id']] <=> [ORDER[$other['type']], $other['id']]);
if ($own) {
    $data['CRM_ENTITY_TYPE'] = strtoupper($own[0]['type']);
    $data['CRM_ENTITY_ID'] = $own[0]['id'];
}

echo json_encode(['state' => 'success', 'data' => $data]);
