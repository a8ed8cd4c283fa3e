<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace FreePBX\modules\Itgrix;

/** Runs a program without a shell; what it says is told line by line while it runs. */
class Program
{
    const PYTHONS = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python'];
    const PLACES = ['/usr/bin', '/usr/local/bin', '/opt/python/bin'];

    /**
     * Exit status; 127 when it cannot be started.
     *
     * @param string[] $command
     * @param callable|null $tell gets each line of output
     */
    public static function run(array $command, string $input = '', ?callable $tell = null): int
    {
        $feed = self::feed($input);
        if ($feed === null) {
            if ($tell !== null) {
                $tell(Words::say('The folder for temporary files is full or cannot be written: %s', sys_get_temp_dir()));
            }
            return 127;
        }
        $pipes = [];
        $process = proc_open($command, [$feed, ['pipe', 'w'], ['redirect', 1]], $pipes, '/', self::environment());
        if (!is_resource($process)) {
            return 127;
        }
        while (($line = fgets($pipes[1])) !== false) {
            if ($tell !== null) {
                $tell(rtrim($line, "\n"));
            }
        }
        fclose($pipes[1]);
        fclose($feed);
        return proc_close($process);
    }

    /** A file to read the input from: on a pipe a program that says much before it reads would block us. Null without room. */
    private static function feed(string $input)
    {
        $file = tmpfile();
        if ($file === false || @fwrite($file, $input) !== strlen($input)) {
            return null;
        }
        rewind($file);
        return $file;
    }

    /**
     * Its output as one text; null when it failed.
     *
     * @param string[] $command
     */
    public static function output(array $command, string $input = ''): ?string
    {
        $lines = [];
        $status = self::run($command, $input, static function (string $line) use (&$lines) {
            $lines[] = $line;
        });
        return $status === 0 ? implode("\n", $lines) : null;
    }

    /**
     * Start it and do not wait; it lives on when we end.
     *
     * @param string[] $command
     */
    public static function detach(array $command): void
    {
        $words = implode(' ', array_map('escapeshellarg', $command));
        self::run(['/bin/sh', '-c', 'setsid ' . $words . ' </dev/null >/dev/null 2>&1 &']);
    }

    /** Some Python 3; install.py itself looks for one that is new enough. Empty when there is none. */
    public static function python(): string
    {
        $chosen = (string) getenv('ITGRIX_PYTHON');
        if ($chosen !== '') {
            return $chosen;
        }
        foreach (self::PYTHONS as $name) {
            foreach (self::PLACES as $place) {
                if (is_executable($place . '/' . $name)) {
                    return $place . '/' . $name;
                }
            }
        }
        return '';
    }

    private static function environment(): array
    {
        $kept = ['PATH' => '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
        $names = ['LANG', 'LC_ALL', 'TZ', 'http_proxy', 'https_proxy', 'no_proxy', 'ITGRIX_PYTHON', 'ITGRIX_HOME'];
        foreach ($names as $name) {
            $value = getenv($name);
            if (is_string($value) && $value !== '') {
                $kept[$name] = $value;
            }
        }
        return $kept;
    }
}
