<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// The second half: a lead that was thrown away or converted long ago starts anew with whoever talked now.

$params = json_decode(file_get_contents('php://stdin'), true);

$call = $params['call_full'];
$user = $call['conversations'][$call['active_conversation_id']]['user'] ?? null;
$lead = $params['entity'];
$data = null;
if ($lead['type'] === 'lead' && in_array($lead['status_group'], ['failure', 'success']) && $user) {
    $data = ['STATUS_ID' => 'NEW', 'ASSIGNED_BY_ID' => $user['id']];
}

echo json_encode(['state' => 'success', 'data' => $data]);
