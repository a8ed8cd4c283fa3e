<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// A client with an open deal goes to the manager of the deal, not to whoever keeps his contact.

$params = json_decode(file_get_contents('php://stdin'), true);

$deals = array_merge(...array_column($params['candidates'], 'open_deals'));
usort($deals, fn($one, $other) => $other['created'] <=> $one['created']);
$data = ['extension' => ($deals[0]['responsible']['extension'] ?? '') ?: $params['extension']];

echo json_encode(['state' => 'success', 'data' => $data]);
