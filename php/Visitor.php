<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace FreePBX\modules\Itgrix;

/**
 * Who is logged in to the PBX's GUI, and what he may do here.
 *
 * The session is only read. While another request of the same person holds its lock (a module that is being installed takes
 * minutes), a ticket of the last minute stands in for it, so that the panel does not stall.
 */
class Visitor
{
    const SECTION = 'itgrix';
    const RIGHTS = ['listen' => 'itgrix_listen', 'change' => 'itgrix_change', 'administer' => 'itgrix_administer'];
    const TICKET = 'itgrix_ticket';
    const TICKET_SECONDS = 60;
    const SIGNED_OUT = 401;
    const NO_RIGHT = 403;

    /** @var string */
    public $name;
    /** @var string[] */
    public $rights;

    private function __construct(string $name, array $rights)
    {
        $this->name = $name;
        $this->rights = $rights;
    }

    /** The visitor, or the status to answer with. ``$admin``: folder of the GUI; ``$prefix``: path of the gate. */
    public static function find(string $key, string $admin, string $prefix)
    {
        $id = self::sessionId();
        if ($id === '') {
            return self::SIGNED_OUT;
        }
        if (self::isLocked($id)) {
            $known = self::ofTicket($key, $id);
            if ($known !== null) {
                return $known;
            }
        }
        $found = self::ofSession($admin);
        if ($found instanceof self) {
            self::giveTicket($key, $id, $found, $prefix);
        }
        return $found;
    }

    private static function sessionId(): string
    {
        $id = $_COOKIE[session_name()] ?? '';
        return is_string($id) && preg_match('/^[A-Za-z0-9,-]{16,256}$/D', $id) ? $id : '';
    }

    private static function ofSession(string $admin)
    {
        $class = $admin . '/libraries/ampuser.class.php';
        // Before the session is opened: an object of an unknown class could not be asked anything.
        if (!class_exists('ampuser', false) && is_readable($class)) {
            require_once $class;
        }
        session_cache_limiter('');
        if (!@session_start(['read_and_close' => true, 'use_cookies' => '1'])) {
            return self::SIGNED_OUT;
        }
        $user = $_SESSION['AMP_user'] ?? null;
        if (!is_object($user) || !method_exists($user, 'checkSection')) {
            return self::SIGNED_OUT;
        }
        return self::withRights($user);
    }

    private static function withRights($user)
    {
        if (!$user->checkSection(self::SECTION)) {
            return self::NO_RIGHT;
        }
        $rights = ['see'];
        foreach (self::RIGHTS as $right => $section) {
            if ($user->checkSection($section)) {
                $rights[] = $right;
            }
        }
        return new self(isset($user->username) ? (string) $user->username : '', $rights);
    }

    /** Does another request hold the session now? Only files are locked; other stores do not make us wait. */
    private static function isLocked(string $id): bool
    {
        if (ini_get('session.save_handler') !== 'files') {
            return false;
        }
        $parts = explode(';', (string) session_save_path());
        $file = (end($parts) ?: sys_get_temp_dir()) . '/sess_' . $id;
        $handle = is_readable($file) ? @fopen($file, 'r') : false;
        if ($handle === false) {
            return false;
        }
        $free = flock($handle, LOCK_SH | LOCK_NB);
        fclose($handle);
        return !$free;
    }

    private static function ofTicket(string $key, string $id): ?self
    {
        $ticket = $_COOKIE[self::TICKET] ?? '';
        $claims = is_string($ticket) ? Signature::open($key, self::subject($id), $ticket) : null;
        if ($claims === null || !isset($claims['u'], $claims['r'], $claims['e']) || $claims['e'] < time()) {
            return null;
        }
        return new self((string) $claims['u'], (array) $claims['r']);
    }

    private static function giveTicket(string $key, string $id, self $visitor, string $prefix): void
    {
        if ($key === '') {
            return;
        }
        $ends = time() + self::TICKET_SECONDS;
        $claims = ['u' => $visitor->name, 'r' => $visitor->rights, 'e' => $ends];
        setcookie(self::TICKET, Signature::seal($key, self::subject($id), $claims), [
            'expires' => $ends,
            'path' => $prefix . '/',
            'httponly' => true,
            'samesite' => 'Strict',
            'secure' => ($_SERVER['HTTPS'] ?? 'off') !== 'off',
        ]);
    }

    private static function subject(string $id): array
    {
        return ['itgrix-ticket-1', hash('sha256', $id)];
    }
}
