<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Seals each of the vectors on standard input; prints a JSON list.

require dirname(__DIR__, 2) . '/php/Signature.php';

use FreePBX\modules\Itgrix\Signature;

$sealed = [];
foreach (json_decode(stream_get_contents(STDIN), true) as $vector) {
    $sealed[] = Signature::header($vector['key'], $vector['method'], $vector['target'], $vector['claims']);
}
echo json_encode($sealed);
