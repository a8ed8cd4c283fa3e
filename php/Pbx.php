<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace FreePBX\modules\Itgrix;

/** What the installer must know of this PBX, and the manager user that its module makes for us. */
class Pbx
{
    const USER = 'itgrix';
    const READ = 'system,call,agent,user,cdr,dialplan,reporting';
    const WRITE = 'system,call,originate,reporting';

    /** @var \FreePBX */
    private $freepbx;

    public function __construct($freepbx)
    {
        $this->freepbx = $freepbx;
    }

    public function home(): string
    {
        $given = (string) getenv('ITGRIX_HOME');
        return $given !== '' ? $given : rtrim($this->setting('ASTVARLIBDIR', '/var/lib/asterisk'), '/') . '/itgrix';
    }

    /** For ``install.py --facts -``. */
    public function facts(): array
    {
        return [
            'home' => $this->home(),
            'owner' => $this->setting('AMPASTERISKWEBUSER', 'asterisk'),
            'group' => $this->setting('AMPASTERISKWEBGROUP', 'asterisk'),
            'language' => Words::language(),
            'etc' => $this->setting('ASTETCDIR', '/etc/asterisk'),
            'ami' => $this->managerUser(),
            'database' => $this->database('AMPDB', 'asterisk'),
            'cdr' => $this->database('CDRDB', 'asteriskcdrdb'),
            'recordings' => $this->setting('MIXMON_DIR', $this->setting('ASTSPOOLDIR', '/var/spool/asterisk') . '/monitor'),
        ];
    }

    private function setting(string $name, string $usual): string
    {
        $value = $this->freepbx->Config->get($name);
        return is_scalar($value) && (string) $value !== '' && $value !== false ? (string) $value : $usual;
    }

    /** The CDR may lie on another server; what is not said of it is as for the PBX's own database. */
    private function database(string $prefix, string $name): array
    {
        $own = ['HOST' => 'localhost', 'PORT' => '', 'USER' => '', 'PASS' => '', 'SOCK' => ''];
        $known = [];
        foreach ($own as $part => $usual) {
            $known[$part] = $this->connection($prefix . $part, $this->connection('AMPDB' . $part, $usual));
        }
        return [
            'host' => $known['HOST'],
            'port' => $known['PORT'],
            'socket' => $known['SOCK'],
            'user' => $known['USER'],
            'password' => $known['PASS'],
            'name' => $this->connection($prefix . 'NAME', $name),
        ];
    }

    /** These stand in /etc/freepbx.conf or among the settings, by version. */
    private function connection(string $name, string $usual): string
    {
        $conf = $GLOBALS['amp_conf'] ?? [];
        $value = is_array($conf) ? ($conf[$name] ?? '') : '';
        return is_scalar($value) && (string) $value !== '' ? (string) $value : $this->setting($name, $usual);
    }

    /**
     * FreePBX rewrites the crontab for each job that is added. An update from the panel has no right to that, since the
     * service may gain none (crontab is a program with rights of its own), and no need of it.
     */
    public function watchEachMinute(string $class): void
    {
        $schedule = '* * * * *';
        $rows = $this->freepbx->Database->prepare('SELECT class, schedule FROM cron_jobs WHERE modulename = ? AND jobname = ?');
        $rows->execute(['itgrix', 'watch']);
        if ($rows->fetch(\PDO::FETCH_NUM) === [$class, $schedule]) {
            return;
        }
        try {
            $this->freepbx->Job->addClass('itgrix', 'watch', $class, $schedule);
        } catch (\Exception $refused) { // the service runs all the same; where it may gain no rights, systemd watches it
            out(Words::say('The job that watches the service is missing. Run as root: fwconsole itgrix install'));
        }
    }

    /** FreePBX shows them in its GUI from the next reload on; an administrator opens the panel before that. */
    public function linkAssets(string $from): void
    {
        $folder = $this->setting('AMPWEBROOT', '/var/www/html') . '/admin/assets';
        $link = $folder . '/itgrix';
        if (is_dir($folder) && is_writable($folder) && !is_link($link) && !file_exists($link)) {
            symlink($from, $link);
        }
    }

    /** Host, port, name and password; no password where the module "manager" is missing. */
    public function managerUser(): array
    {
        $user = ['host' => '127.0.0.1', 'port' => (int) $this->setting('ASTMANAGERPORT', '5038'), 'username' => self::USER];
        $manager = $this->manager();
        if ($manager === null) {
            return [];
        }
        if (!$manager->isExist_manager(self::USER, true)) {
            $net = '127.0.0.1/255.255.255.255';
            $secret = bin2hex(random_bytes(16));
            $manager->add_manager(self::USER, $secret, '0.0.0.0/0.0.0.0', $net, self::READ, self::WRITE, 5000);
        }
        $known = $manager->get_manager(self::USER, true);
        return $user + ['secret' => (string) ($known['secret'] ?? '')];
    }

    public function removeManagerUser(): void
    {
        $manager = $this->manager();
        if ($manager !== null && $manager->isExist_manager(self::USER, true)) {
            $manager->del_manager(self::USER, true);
        }
        $this->removeLeftover();
    }

    /** FreePBX's module "manager" also writes each user, with his password, into a file of his name and forgets it there. */
    private function removeLeftover(): void
    {
        $file = $this->setting('ASTETCDIR', '/etc/asterisk') . '/' . self::USER;
        $start = is_file($file) && is_readable($file) ? (string) file_get_contents($file, false, null, 0, 400) : '';
        if (strpos($start, 'auto-generated by FreePBX') !== false && is_writable(dirname($file))) {
            unlink($file);
        }
    }

    private function manager()
    {
        if (!$this->freepbx->Modules->checkStatus('manager')) {
            return null;
        }
        $manager = $this->freepbx->Manager;
        return method_exists($manager, 'add_manager') && method_exists($manager, 'get_manager') ? $manager : null;
    }
}
