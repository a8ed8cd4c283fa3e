<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace FreePBX\modules\Itgrix;

/** Where the product lives: its home and what the gate needs of it. */
class Place
{
    const USUAL = '/var/lib/asterisk/itgrix';
    const BIND = '127.0.0.1:8077';
    const AGI = '127.0.0.1:4574';

    /** @var string */
    public $home;

    public function __construct(string $home = '')
    {
        $given = $home !== '' ? $home : (string) getenv('ITGRIX_HOME');
        $this->home = $given !== '' ? $given : self::USUAL;
    }

    /** Shared with the service; empty when nothing is installed. */
    public function key(): string
    {
        $file = $this->home . '/gate.key';
        return is_readable($file) ? trim((string) file_get_contents($file)) : '';
    }

    /** Address of the panel, HOST:PORT. */
    public function bind(): string
    {
        $bind = $this->about('bind', self::BIND);
        return str_replace(['0.0.0.0:', '[::]:'], ['127.0.0.1:', '[::1]:'], $bind);
    }

    /** Address of the FastAGI server, HOST:PORT. */
    public function agi(): string
    {
        return $this->about('agi', self::AGI);
    }

    private function about(string $name, string $usual): string
    {
        $file = $this->home . '/service.json';
        $known = is_readable($file) ? json_decode((string) file_get_contents($file), true) : null;
        return is_array($known) && isset($known[$name]) && is_string($known[$name]) ? $known[$name] : $usual;
    }

    /** Keep the destinations where an uninstall that keeps data leaves them: FreePBX empties its own store. */
    public function keep(array $rows): void
    {
        if ($rows === [] || !is_dir($this->home) || !is_writable($this->home)) {
            return;
        }
        $file = $this->kept();
        if (is_file($file)) { // of root perhaps: it can be replaced, but not written
            unlink($file);
        }
        file_put_contents($file, (string) json_encode($rows));
        chmod($file, 0640);
        if (function_exists('posix_geteuid') && posix_geteuid() === 0) {
            chown($file, fileowner($this->home));
            chgrp($file, filegroup($this->home));
        }
    }

    /** What was kept; it is handed out once. */
    public function takeBack(): array
    {
        $file = $this->kept();
        $rows = is_readable($file) ? json_decode((string) file_get_contents($file), true) : null;
        if (is_file($file) && is_writable($this->home)) {
            unlink($file);
        }
        return is_array($rows) ? $rows : [];
    }

    private function kept(): string
    {
        return $this->home . '/destinations.json';
    }

    /** A program of the installation, such as itgrix-service. */
    public function program(string $name): string
    {
        return $this->home . '/bin/' . $name;
    }
}
