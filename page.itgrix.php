<?php
// SPDX-License-Identifier: GPL-3.0-or-later

if (!defined('FREEPBX_IS_AUTH')) {
    die('No direct script access allowed');
}

echo \FreePBX::Itgrix()->showPage(isset($_REQUEST['view']) && is_string($_REQUEST['view']) ? $_REQUEST['view'] : '');
