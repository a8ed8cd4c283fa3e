<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Stands in for config.php: ?sections=a;b logs in, ?out=1 logs out, ?hold=seconds keeps the session's lock.

require __DIR__ . '/libraries/ampuser.class.php';
session_start();
if (isset($_GET['out'])) {
    unset($_SESSION['AMP_user']);
} elseif (isset($_GET['sections'])) {
    $_SESSION['AMP_user'] = new ampuser($_GET['name'] ?? 'admin', explode(';', $_GET['sections']));
}
if (isset($_GET['hold'])) {
    header('Content-Type: text/plain'); // a text that nobody compresses, and so nobody keeps back
    echo 'held';
    ob_end_flush();
    flush();
    usleep((int) (1000000 * $_GET['hold']));
}
echo 'ok';
