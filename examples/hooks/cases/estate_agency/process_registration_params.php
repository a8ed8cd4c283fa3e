<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// An estate agency with hundreds of calls a day. All leads, contacts and deals of the number decide:
// - a deal in work: the call goes to its client
// - a lead in work: the call goes to the oldest such lead
// - only old ones: the call goes to the newest lead, which customize_entity.php then opens again
// - nobody: a new lead is made

$params = json_decode(file_get_contents('php://stdin'), true);

$data = $params['params'];
$found = $params['candidates'];
usort($found, fn($one, $other) => $one['id'] <=> $other['id']);
$withDeal = array_filter($found, fn($each) => $each['open_deals']);
$leads = array_filter($found, fn($each) => $each['type'] === 'lead');
$inWork = array_filter($leads, fn($lead) => $lead['status_group'] === 'process');
$others = array_filter($found, fn($each) => $each['type'] !== 'lead');

$order = array_merge($withDeal, $inWork, array_reverse($leads), $others);
$data['CRM_CREATE'] = $order ? 0 : 1;
if ($order) {
    $data['CRM_ENTITY_TYPE'] = strtoupper($order[0]['type']);
    $data['CRM_ENTITY_ID'] = $order[0]['id'];
}

echo json_encode(['state' => 'success', 'data' => $data]);
