<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Another program on the PBX makes a cleaned copy of some recordings, NAME-clean.mp3 beside NAME.wav: take that one.

$params = json_decode(file_get_contents('php://stdin'), true);

$path = $params['path'];
$clean = preg_replace('/\.[^.\/]*$/', '', $path) . '-clean.mp3';
$data = ['path' => is_file($clean) ? $clean : $path];

echo json_encode(['state' => 'success', 'data' => $data]);
