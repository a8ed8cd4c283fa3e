<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Stands in for the GUI's config.php: asks for a login, else shows the module's page with its script and style.

require __DIR__ . '/libraries/ampuser.class.php';
require getenv('ITGRIX_STAND_INS');
session_start();
if (isset($_GET['login'])) {
    $_SESSION['AMP_user'] = new ampuser('admin', ['*']);
}
if (!isset($_SESSION['AMP_user'])) {
    exit('<!doctype html><title>login</title><p id="login">Please log in</p>');
}
$m = FreePBX::Itgrix();
$m->doConfigPageInit('itgrix');
?>
<!doctype html>
<html><head><meta charset="utf-8"><title>GUI</title><link rel="stylesheet" href="modules/itgrix/assets/css/itgrix.css"></head>
<body><h2 style="height:90px">Menu</h2>
<?php echo $m->showPage(isset($_REQUEST['view']) ? (string) $_REQUEST['view'] : ''); ?>
<script src="modules/itgrix/assets/js/itgrix.js"></script></body></html>
