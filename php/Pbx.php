<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace FreePBX\modules\Itgrix;

/** What the installer must know of this PBX, and the manager user that its module makes for us. */
class Pbx
{
    const USER = 'itgrix';
    const READ = 'system,call,agent,user,cdr,dialplan,reporting';
    const WRITE = 'system,call,originate,reporting';

    /** @var object the FreePBX object */
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
