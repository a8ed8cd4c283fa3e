<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace FreePBX\modules;

use FreePBX\modules\Itgrix\Destinations;
use FreePBX\modules\Itgrix\Notices;
use FreePBX\modules\Itgrix\Pbx;
use FreePBX\modules\Itgrix\Place;
use FreePBX\modules\Itgrix\Program;
use FreePBX\modules\Itgrix\Routes;
use FreePBX\modules\Itgrix\Words;

foreach (['Destinations', 'Notices', 'Pbx', 'Place', 'Program', 'Routes', 'Words'] as $itgrixPart) {
    require_once __DIR__ . '/php/' . $itgrixPart . '.php';
}
unset($itgrixPart);

/** What FreePBX asks of a module; the product itself is the Python service in its home. */
class Itgrix extends \FreePBX_Helpers implements \BMO
{
    const JOB = 'FreePBX\\modules\\Itgrix\\Job';
    const PURGE = 'purge';

    /** @var \FreePBX */
    public $FreePBX;
    /** @var array what is wrong with a form that was sent, by field */
    public $problems = [];

    public function __construct($freepbx = null)
    {
        if ($freepbx === null) {
            throw new \Exception('Not given a FreePBX Object');
        }
        $this->FreePBX = $freepbx;
    }

    // -- installing and removing

    public function install()
    {
        if (!$this->runPython('install.py', ['--facts', '-'], (string) json_encode($this->pbx()->facts()))) {
            return false;
        }
        $kept = $this->place()->takeBack();
        if ($kept !== [] && $this->destinations()->all() === []) {
            $this->setConfig('destinations', $kept);
        }
        $this->pbx()->watchEachMinute(self::JOB);
        $this->pbx()->linkAssets(__DIR__ . '/assets');
        $this->rememberSecret();
        needreload();
        out(Words::say('Now press "Apply Config" (or: fwconsole reload): before that the PBX does not know the manager user of Itgrix.'));
        return true;
    }

    /** Data stay unless the administrator has asked for all to go: FreePBX uninstalls also when it restores a backup. */
    public function uninstall()
    {
        $this->warnOfUses();
        $wish = $this->isPurge() ? '--purge' : '--keep-data';
        $this->place()->keep($this->destinations()->all());
        $words = ['--home', $this->pbx()->home(), '--language', Words::language()];
        $done = $this->runPython('uninstall.py', array_merge($words, $this->isRestore() ? ['--keep-programs'] : [$wish]), '');
        $this->pbx()->removeManagerUser();
        $this->FreePBX->Job->remove('itgrix', 'watch');
        (new Notices($this->FreePBX->Notifications))->clear();
        needreload();
        return $done;
    }

    private function isPurge(): bool
    {
        return getenv('ITGRIX_PURGE') === '1' || $this->getConfig(self::PURGE) === '1';
    }

    /** Are we called by a restore, which installs us again at once? */
    private function isRestore(): bool
    {
        foreach (debug_backtrace(DEBUG_BACKTRACE_IGNORE_ARGS) as $frame) {
            if (strncmp($frame['class'] ?? '', 'FreePBX\\modules\\Backup\\', 23) === 0) {
                return true;
            }
        }
        return false;
    }

    private function runPython(string $script, array $words, string $input): bool
    {
        $python = Program::python();
        if ($python === '') {
            out(Words::say('There is no Python 3 on this machine. Install it (Debian: apt-get install python3), then repeat.'));
            return false;
        }
        $command = array_merge([$python, '-B', __DIR__ . '/' . $script], $words);
        return Program::run($command, $input, static function (string $line) {
            out(PHP_SAPI === 'cli' ? $line : htmlspecialchars($line, ENT_NOQUOTES, 'UTF-8'));
        }) === 0;
    }

    private function warnOfUses(): void
    {
        foreach ($this->routes()->usesOf(array_keys($this->destinations()->all())) as $use) {
            out(Words::say('Still in use, choose another destination there: %s', $use));
        }
    }

    public function pbx(): Pbx
    {
        return new Pbx($this->FreePBX);
    }

    public function place(): Place
    {
        return new Place($this->pbx()->home());
    }

    // -- start, stop, watch

    /** Hook of fwconsole start. */
    public function startFreepbx($output = null)
    {
        $this->control('start', $output);
    }

    /** Hook of fwconsole stop. */
    public function stopFreepbx($output = null)
    {
        $this->control('stop', $output);
    }

    public function enable()
    {
        $this->control('start', null);
    }

    public function disable()
    {
        $this->warnOfUses();
        $this->control('stop', null);
    }

    /** ``start``, ``stop`` or ``restart``; true when it is as asked. */
    public function control(string $order, $output): bool
    {
        $program = $this->place()->program('itgrix-service');
        if (!is_file($program)) {
            return false;
        }
        $said = [];
        $done = Program::run([$program, $order], '', static function (string $line) use (&$said) {
            $said[] = $line;
        }) === 0;
        $words = $done ? 'Itgrix: %s done' : 'Itgrix: %s failed';
        $text = implode("\n", array_merge([Words::say($words, $order)], $done ? [] : $said));
        if (is_object($output)) {
            $output->writeln($done ? $text : '<error>' . $text . '</error>');
        }
        return $done;
    }

    /** Each minute, from the job: it must return at once. */
    public function watch(): void
    {
        $program = $this->place()->program('itgrix-service');
        if (is_file($program)) {
            Program::detach([$program, 'watch']);
        }
        (new Notices($this->FreePBX->Notifications))->show($this->place()->home . '/notices.json');
    }

    // -- destinations and dialplan

    public function destinations(): Destinations
    {
        return new Destinations($this->getConfig('destinations'), function (array $rows) {
            $this->setConfig('destinations', $rows);
        });
    }

    public function routes(): Routes
    {
        return new Routes($this->FreePBX->Destinations);
    }

    public static function myDialplanHooks()
    {
        return 900;
    }

    public function doDialplanHook(&$ext, $engine, $priority)
    {
        if ($engine === 'asterisk') {
            $this->destinations()->write($ext, $this->place()->agi());
            $this->followSecret();
        }
    }

    /** Another module (a restore, an administrator) may have given the manager user another password. */
    private function followSecret(): void
    {
        $user = $this->pbx()->managerUser();
        $program = $this->place()->program('itgrix');
        if (!isset($user['secret']) || !is_file($program) || $this->getConfig('secret_seen') === sha1($user['secret'])) {
            return;
        }
        $changes = json_encode(['ami.username' => $user['username'], 'ami.secret' => $user['secret']]);
        if (Program::output([$program, 'settings', 'import', '-'], (string) $changes) !== null) {
            $this->rememberSecret();
        }
    }

    private function rememberSecret(): void
    {
        $user = $this->pbx()->managerUser();
        $this->setConfig('secret_seen', isset($user['secret']) ? sha1($user['secret']) : '');
    }

    // -- pages

    public function doConfigPageInit($display)
    {
        if (!isset($_POST['action'], $_POST['token']) || !$this->isToken($_POST['token'])) {
            return;
        }
        $id = isset($_POST['id']) && is_string($_POST['id']) && ctype_digit($_POST['id']) ? $_POST['id'] : '';
        if ($_POST['action'] === 'itgrix_remove' && $id !== '') {
            $this->remove($id);
        } elseif ($_POST['action'] === 'itgrix_save') {
            $this->problems = $this->destinations()->save($id, $this->sent());
        }
        if ($this->problems === []) {
            needreload();
        }
    }

    /** A route that leads nowhere would drop its calls. */
    private function remove(string $id): void
    {
        $uses = $this->routes()->usesOf([$id]);
        if ($uses === []) {
            $this->destinations()->remove($id);
        } else {
            $this->problems['remove'] = Words::say('Still in use, choose another destination there: %s', implode('; ', $uses));
        }
    }

    /** The fields of the form; FreePBX's own selector of destinations names its field in another one. */
    public function sent(): array
    {
        $goto = isset($_POST['goto0']) && is_string($_POST['goto0']) ? $_POST['goto0'] . '0' : '';
        $fields = ['fallback' => $goto !== '' && isset($_POST[$goto]) && is_string($_POST[$goto]) ? $_POST[$goto] : ''];
        foreach (['name', 'limit_ms', 'ring_seconds'] as $field) {
            $fields[$field] = isset($_POST[$field]) && is_string($_POST[$field]) ? $_POST[$field] : '';
        }
        return $fields;
    }

    /** Of forms: another site cannot know it. */
    public function token(): string
    {
        if (!isset($_SESSION['itgrix_token'])) {
            $_SESSION['itgrix_token'] = bin2hex(random_bytes(16));
        }
        return $_SESSION['itgrix_token'];
    }

    private function isToken($given): bool
    {
        return isset($_SESSION['itgrix_token']) && is_string($given) && hash_equals($_SESSION['itgrix_token'], $given);
    }

    public function showPage(string $view): string
    {
        $template = $view === 'destinations' ? 'destinations' : 'panel';
        ob_start();
        $itgrix = $this;
        include __DIR__ . '/views/' . $template . '.php';
        return (string) ob_get_clean();
    }

    public function getActionBar($request)
    {
        return [];
    }

    /** ``alive``: the page around the panel asks now and then, so that the session does not end under a busy administrator. */
    public function ajaxRequest($command, &$setting)
    {
        return $command === 'alive';
    }

    public function ajaxHandler()
    {
        return ['status' => isset($_SESSION['AMP_user'])];
    }
}
