<?php
// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The way from the PBX's GUI to the panel: whoever has a session of the GUI and the right to this module is handed over to
 * the service with a signed header; nobody else gets further than this file. FreePBX itself is not loaded: that would cost
 * ten times as much for each request.
 */

namespace FreePBX\modules\Itgrix;

require dirname(__DIR__) . '/php/Gate.php';

(new Gate($_SERVER))->answer();
