<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// The advertising source of a new lead depends on the line, and a call on the suppliers' line makes no lead at all.
// Sources are the codes of the portal's directory of sources.

$params = json_decode(file_get_contents('php://stdin'), true);

const SOURCES = ['74951234567' => 'ADVERTISING', '74957654321' => 'RECOMMENDATION'];
const SUPPLIERS = '74950000000';

$data = $params['params'];
$line = $data['LINE_NUMBER'] ?? '';
if (isset(SOURCES[$line])) {
    $data['CRM_SOURCE'] = SOURCES[$line];
}
if ($line === SUPPLIERS) {
    $data['CRM_CREATE'] = 0;
}

echo json_encode(['state' => 'success', 'data' => $data]);
