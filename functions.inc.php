<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Destinations, as FreePBX asks every module for them by functions of these names.

if (!defined('FREEPBX_IS_AUTH')) {
    die('No direct script access allowed');
}

use FreePBX\modules\Itgrix\Destinations;
use FreePBX\modules\Itgrix\Words;

function itgrix_destinations($index = '')
{
    $rows = [];
    foreach (\FreePBX::Itgrix()->destinations()->all() as $id => $row) {
        $rows[] = [
            'destination' => Destinations::address((string) $id),
            'description' => Words::say('Connect to the responsible: %s', $row['name']),
            // Scripts of the GUI look for an element of this name: letters, digits and spaces only.
            'category' => 'Itgrix',
            'id' => 'itgrix',
            'edit_url' => itgrix_edit_url((string) $id),
        ];
    }
    return $rows === [] ? null : $rows;
}

function itgrix_edit_url($id)
{
    return 'config.php?display=itgrix&view=destinations&id=' . rawurlencode($id);
}

function itgrix_getdest($id)
{
    return [Destinations::address((string) $id)];
}

function itgrix_getdestinfo($dest)
{
    $id = Destinations::idOf($dest);
    if ($id === null) {
        return false;
    }
    $row = \FreePBX::Itgrix()->destinations()->get($id);
    if ($row === null) {
        return [];
    }
    return ['description' => Words::say('Itgrix: connect to the responsible: %s', $row['name']), 'edit_url' => itgrix_edit_url($id)];
}

function itgrix_check_destinations($dest = true)
{
    $uses = [];
    foreach (\FreePBX::Itgrix()->destinations()->all() as $id => $row) {
        if ($dest === true || (is_array($dest) && in_array($row['fallback'], $dest, true))) {
            $uses[] = [
                'dest' => $row['fallback'],
                'description' => Words::say('Itgrix: fall-back of %s', $row['name']),
                'edit_url' => itgrix_edit_url((string) $id),
            ];
        }
    }
    return $uses;
}

function itgrix_change_destination($old, $new)
{
    return \FreePBX::Itgrix()->destinations()->change((string) $old, (string) $new);
}
