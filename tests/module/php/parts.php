<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Stands in for what Backup.php, Restore.php, Job.php and Console/ are built upon.

namespace FreePBX\modules\Backup {
    class BackupBase
    {
        /** @var \FreePBX */
        public $FreePBX;
        public $configs = [];
        public $logged = [];

        public function __construct($freepbx, array $configs = [])
        {
            $this->FreePBX = $freepbx;
            $this->configs = $configs;
        }

        public function addConfigs($configs)
        {
            $this->configs = $configs;
        }

        public function dumpKVStore()
        {
            return ['destinations' => 'dumped'];
        }

        public function log($text, $level = 'INFO')
        {
            $this->logged[] = $text;
        }
    }
    class RestoreBase extends BackupBase
    {
        public $store = null;

        public function getConfigs()
        {
            return $this->configs;
        }

        public function importKVStore($store)
        {
            $this->FreePBX->Itgrix->setMultiConfig($store['noid'] ?? [], 'noid');
            $this->store = $store;
        }
    }
}

namespace FreePBX\Job {
    interface TaskInterface
    {
    }
}

namespace Symfony\Component\Console\Input {
    class InputArgument
    {
        const OPTIONAL = 2;
        const IS_ARRAY = 4;

        public function __construct($name, $mode, $description, $default = null)
        {
        }
    }
    interface InputInterface
    {
        public function getArgument($name);
    }
    class Words implements InputInterface
    {
        private $words;

        public function __construct(array $words)
        {
            $this->words = $words;
        }

        public function getArgument($name)
        {
            return $name === 'order' ? ($this->words[0] ?? 'status') : array_slice($this->words, 1);
        }
    }
}

namespace Symfony\Component\Console\Output {
    interface OutputInterface
    {
        const OUTPUT_RAW = 2;

        public function writeln($line, $options = 0);
    }
    class Lines implements OutputInterface
    {
        public $lines = [];

        public function writeln($line, $options = 0)
        {
            $this->lines[] = $line;
        }
    }
}

namespace Symfony\Component\Console\Command {
    class Command
    {
        public $name;

        public function __construct()
        {
            $this->configure();
        }

        public function setName($name)
        {
            $this->name = $name;
            return $this;
        }

        public function setDescription($text)
        {
            return $this;
        }

        public function setDefinition($definition)
        {
            return $this;
        }

        public function run($input, $output)
        {
            return $this->execute($input, $output);
        }
    }
}

namespace {
    foreach (['Backup', 'Restore', 'Job', 'Console/Itgrix.class'] as $part) {
        require dirname(__DIR__, 3) . '/' . $part . '.php';
    }
}
