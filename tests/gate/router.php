<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// PHP's own server in the place of Apache: everything below the gate goes to its index.php.

$gate = '/admin/modules/itgrix/gate';
$path = explode('?', $_SERVER['REQUEST_URI'], 2)[0];
if (strncmp($path, $gate . '/', strlen($gate) + 1) === 0) {
    $_SERVER['SCRIPT_NAME'] = $gate . '/index.php';
    $_SERVER['SCRIPT_FILENAME'] = $_SERVER['DOCUMENT_ROOT'] . $gate . '/index.php';
    require $_SERVER['SCRIPT_FILENAME'];
    return true;
}
return false;
