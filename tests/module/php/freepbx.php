<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Stands in for FreePBX in one process: as strict as the real one, where every notice is an exception.

error_reporting(E_ALL);
set_error_handler(static function ($level, $text, $file, $line) {
    if ((error_reporting() & $level) === 0) {
        return false;
    }
    throw new ErrorException($text, 0, $level, $file, $line);
});
define('FREEPBX_IS_AUTH', true);

interface BMO
{
    public function install();
    public function uninstall();
}

/** The key-value store: JSON there and back, as FreePBX keeps arrays. */
class FreePBX_Helpers
{
    private static $store = [];
    private static $isOpen = false;

    /** As in FreePBX: everything but this one opens the table first. */
    public function setMultiConfig($values = false, $id = 'noid')
    {
        if (!self::$isOpen) {
            throw new Error('Call to a member function beginTransaction() on bool');
        }
        foreach ($values as $name => $value) {
            $this->setConfig($name, $value, $id);
        }
    }

    public function getConfig($name = null, $id = 'noid')
    {
        self::$isOpen = true;
        return array_key_exists($name, self::$store) ? json_decode(self::$store[$name], true) : false;
    }

    public function setConfig($name = null, $value = false, $id = 'noid')
    {
        self::$isOpen = true;
        if ($value === false) {
            unset(self::$store[$name]);
        } else {
            self::$store[$name] = json_encode(is_array($value) ? $value : (string) $value);
        }
        return true;
    }
}

class FakeConfig
{
    public $values = [];

    public function get($name)
    {
        return array_key_exists($name, $this->values) ? $this->values[$name] : false;
    }
}

class FakeManager
{
    public $users = [];

    public function isExist_manager($value, $byName = false)
    {
        return $byName && isset($this->users[$value]);
    }

    public function add_manager($name, $secret, $deny, $permit, $read, $write, $timeout = 100)
    {
        if (isset($this->users[$name]) || strlen($name) > 15 || strlen($secret) > 50) {
            throw new Exception('This manager already exists, or is too long');
        }
        $this->users[$name] = compact('name', 'secret', 'deny', 'permit', 'read', 'write', 'timeout');
    }

    public function get_manager($value, $byName = false)
    {
        if (!$this->isExist_manager($value, $byName)) {
            throw new Exception('The manager does not exist!');
        }
        return $this->users[$value];
    }

    public function del_manager($value, $byName = false)
    {
        $this->get_manager($value, $byName);
        unset($this->users[$value]);
        return true;
    }
}

class FakeModules
{
    public $enabled = ['core', 'manager'];

    public function checkStatus($name)
    {
        return in_array($name, $this->enabled, true);
    }
}

/** Knows the one question that we ask: class and schedule of a job. */
class FakeDatabase
{
    private $asked = [];

    public function prepare($query)
    {
        if (strpos($query, 'SELECT class, schedule FROM cron_jobs') !== 0) {
            throw new Exception('no such question: ' . $query);
        }
        return $this;
    }

    public function execute(array $values)
    {
        $this->asked = $values;
        return true;
    }

    public function fetch($kind)
    {
        $job = FreePBX::create()->Job->jobs[implode('/', $this->asked)] ?? null;
        return $job === null ? false : explode(' ', $job, 2);
    }
}

class FakeJob
{
    public $jobs = [];
    /** @var bool may it write the crontab? */
    public $mayWrite = true;

    public function addClass($module, $name, $class, $schedule, $seconds = 30, $enabled = true)
    {
        if (!$this->mayWrite) {
            throw new Exception('Cron line added didn\'t remain in crontab on final check.');
        }
        $this->jobs[$module . '/' . $name] = $class . ' ' . $schedule;
    }

    public function remove($module, $name)
    {
        unset($this->jobs[$module . '/' . $name]);
    }
}

class FakeNotifications
{
    public $rows = [];

    public function __call($name, $words)
    {
        if (!preg_match('/^add_(critical|security|update|error|warning|notice)$/', $name)) {
            throw new Exception('no method ' . $name);
        }
        $this->rows[$words[1]] = [$name, $words[2], $words[3]];
    }

    public function delete($module, $id)
    {
        unset($this->rows[$id]);
    }
}

class FakeDestinations
{
    private $known = ['ext-group,600,1' => ['ringgroups' => ['description' => 'Ring Group: Sales (600)', 'edit_url' => 'x']]];

    /** False for what no module knows. */
    public function identifyDestinations($wanted)
    {
        $found = [];
        foreach ($wanted as $address) {
            $found[$address] = $this->known[$address] ?? false;
        }
        return $found;
    }

    public function getAllInUseDestinations($wanted = true)
    {
        if ($wanted !== true) {
            throw new Exception('Undefined variable: dest_matches');
        }
        $route = ['dest' => 'itgrix-responsible,1,1', 'description' => 'Inbound route: any'];
        return ['core' => [$route, ['dest' => 'ext-group,600,1', 'description' => 'Inbound route: night']]];
    }
}

class FreePBX
{
    private static $known = null;
    /** @var FakeConfig */
    public $Config;
    /** @var FakeDatabase */
    public $Database;
    /** @var FakeDestinations */
    public $Destinations;
    /** @var \FreePBX\modules\Itgrix */
    public $Itgrix;
    /** @var FakeJob */
    public $Job;
    /** @var FakeManager */
    public $Manager;
    /** @var FakeModules */
    public $Modules;
    /** @var FakeNotifications */
    public $Notifications;

    public static function create(): self
    {
        if (self::$known === null) {
            self::$known = new self();
            foreach (['Config', 'Database', 'Destinations', 'Job', 'Manager', 'Modules', 'Notifications'] as $part) {
                $class = 'Fake' . $part;
                self::$known->$part = new $class();
            }
            self::$known->Itgrix = new \FreePBX\modules\Itgrix(self::$known);
        }
        return self::$known;
    }

    public static function Itgrix(): \FreePBX\modules\Itgrix
    {
        return self::create()->Itgrix;
    }
}

// The parts of the dialplan that our module uses; the output is as FreePBX writes it.
class ext_line
{
    private $line;

    public function __construct($line)
    {
        $this->line = $line;
    }

    public function output()
    {
        return $this->line;
    }
}
class ext_setvar extends ext_line
{
    public function __construct($name, $value = '')
    {
        parent::__construct("Set($name=$value)");
    }
}
class ext_agi extends ext_line
{
    public function __construct($data)
    {
        parent::__construct("AGI($data)");
    }
}
class ext_noop extends ext_line
{
    public function __construct($data)
    {
        parent::__construct("Noop($data)");
    }
}
class ext_hangup extends ext_line
{
    public function __construct($data = '')
    {
        parent::__construct("Hangup($data)");
    }
}
class ext_gotoif extends ext_line
{
    public function __construct($condition, $yes, $no = false)
    {
        parent::__construct("GotoIf($condition?$yes" . ($no ? ":$no" : '') . ')');
    }
}
class ext_goto extends ext_line
{
    public function __construct($priority, $exten = false, $context = false)
    {
        parent::__construct('Goto(' . ($context ? "$context," : '') . ($exten ? "$exten," : '') . "$priority)");
    }
}
class ext_macro extends ext_line
{
    public function __construct($name, $words = '')
    {
        parent::__construct("Macro($name,$words)");
    }
}
class ext_dial extends ext_line
{
    public function __construct($number, $options = 'tr')
    {
        parent::__construct("Dial($number,$options)");
    }
}
class extensions
{
    public $lines = [];

    public function add($context, $exten, $label, $command)
    {
        $place = "$context,$exten";
        $number = isset($this->lines[$place]) ? 'n' : '1';
        $this->lines[$place][] = $number . ($label ? "($label)" : '') . ',' . $command->output();
    }
}

$said = [];
$reloads = 0;
function out($text)
{
    $GLOBALS['said'][] = $text;
}
function needreload()
{
    $GLOBALS['reloads']++;
}
function drawselects($chosen, $index)
{
    return '<select name="goto' . $index . '"><option selected>' . htmlspecialchars($chosen) . '</option></select>';
}

require dirname(__DIR__, 3) . '/Itgrix.class.php';
require dirname(__DIR__, 3) . '/functions.inc.php';
