<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace FreePBX\modules\Itgrix;

use FreePBX\modules\Backup as Base;

/** Puts back what a backup of the PBX took along. What belongs to this machine (AMI, CDR, folders) stays as it is here. */
class Restore extends Base\RestoreBase
{
    /** Do not uninstall and install us first: calls that wait for the portal would wait longer, and need the internet. */
    public function getResetInfo()
    {
        return true;
    }

    public function runRestore()
    {
        $configs = $this->getConfigs();
        if (isset($configs['kvstore'])) {
            // The store of FreePBX opens its table at the first read; without one its import has no database.
            $this->FreePBX->Itgrix->getConfig('destinations');
            $this->importKVStore($configs['kvstore']);
        }
        $place = $this->FreePBX->Itgrix->place();
        $this->settings($place, is_string($configs['settings'] ?? null) ? $configs['settings'] : '{}');
        $scripts = $configs['hooks'] ?? [];
        foreach (is_array($scripts) ? $scripts : [] as $name => $script) {
            $this->script($place, (string) $name, $script);
        }
        needreload();
    }

    private function settings(Place $place, string $text): void
    {
        $settings = json_decode($text, true);
        if (!is_array($settings) || $settings === []) {
            return;
        }
        $said = [];
        $command = [$place->program('itgrix'), 'settings', 'import', '--replace', '--keep-machine', '-'];
        $status = Program::run($command, (string) json_encode($settings), static function (string $line) use (&$said) {
            $said[] = trim($line);
        });
        if ($status !== 0) {
            $what = Words::say('The settings of Itgrix could not be restored. Is the module installed? fwconsole itgrix check');
            $this->log(trim($what . ' ' . implode(' ', $said)), 'WARNING');
        }
    }

    private function script(Place $place, string $name, $script): void
    {
        $packed = is_array($script) ? ($script['text'] ?? '') : '';
        $text = is_string($packed) ? (string) base64_decode($packed, true) : '';
        if (!preg_match('/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/D', $name) || $text === '' || !is_dir($place->home . '/hooks')) {
            return;
        }
        $file = $place->home . '/hooks/' . $name;
        if (!is_writable(is_file($file) ? $file : dirname($file))) {
            $this->log(Words::say('The customization %s could not be restored: it cannot be written.', $name), 'WARNING');
            return;
        }
        file_put_contents($file, $text);
        chmod($file, (is_int($script['mode'] ?? null) ? $script['mode'] : 0750) & 0770);
        if (function_exists('posix_geteuid') && posix_geteuid() === 0) {
            chown($file, fileowner($place->home));
            chgrp($file, filegroup($place->home));
        }
    }
}
