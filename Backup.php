<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace FreePBX\modules\Itgrix;

use FreePBX\modules\Backup as Base;

/** What a backup of the PBX takes along: destinations, settings with their secrets, the administrator's customizations. */
class Backup extends Base\BackupBase
{
    const MOST_SCRIPT = 1048576; // bytes of one customization

    public function runBackup($id, $transaction)
    {
        $place = $this->FreePBX->Itgrix->place();
        $settings = Program::output([$place->program('itgrix'), 'settings', 'export', '--secrets']);
        if ($settings === null) {
            $this->log(Words::say('The settings of Itgrix cannot be read; only its destinations are in this backup.'), 'WARNING');
        }
        $this->addConfigs([
            'kvstore' => $this->dumpKVStore(),
            'settings' => $settings === null ? '{}' : $settings,
            'hooks' => self::scripts($place->home . '/hooks'),
        ]);
    }

    private static function scripts(string $folder): array
    {
        $found = [];
        foreach (glob($folder . '/*') ?: [] as $file) {
            if (is_file($file) && is_readable($file) && filesize($file) <= self::MOST_SCRIPT) {
                $found[basename($file)] = [
                    'mode' => fileperms($file) & 0777,
                    'text' => base64_encode((string) file_get_contents($file)),
                ];
            }
        }
        return $found;
    }
}
