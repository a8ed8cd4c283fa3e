<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace FreePBX\modules\Itgrix;

require_once __DIR__ . '/Place.php';
require_once __DIR__ . '/Signature.php';
require_once __DIR__ . '/Visitor.php';
require_once __DIR__ . '/Relay.php';
require_once __DIR__ . '/Refusal.php';

/** One request through the gate: may it pass, as whom, and on to the service. */
class Gate
{
    const READS = ['GET', 'HEAD', 'OPTIONS'];
    const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];
    // What the portal and its people fetch without a session; the service checks their own tokens.
    const OPEN_PATHS = '#^/(bitrix24/events|recordings/[A-Za-z0-9_.~=-]+(/[A-Za-z0-9_.~%-]+)?)$#D';

    /** @var array */
    private $server;
    /** @var Place */
    private $place;
    /** @var string */
    private $prefix;
    /** @var string */
    private $target;

    public function __construct(array $server)
    {
        $this->server = $server;
        $this->place = new Place();
        $this->prefix = rtrim(dirname($server['SCRIPT_NAME'] ?? '/'), '/');
        $this->target = $this->findTarget();
    }

    public function answer(): void
    {
        error_reporting(0); // a warning in the body would damage what is relayed
        ini_set('display_errors', '0');
        $method = $this->server['REQUEST_METHOD'] ?? 'GET';
        if (!in_array($method, self::METHODS, true)) {
            Refusal::show(405);
            return;
        }
        if ($this->isOpen()) {
            $this->relay($method, '', []);
            return;
        }
        if (!in_array($method, self::READS, true) && !$this->isSameOrigin()) {
            Refusal::show(403, 'origin');
            return;
        }
        $this->passVisitor($method);
    }

    private function passVisitor(string $method): void
    {
        $admin = dirname($this->server['SCRIPT_FILENAME'] ?? __FILE__, 4);
        $visitor = Visitor::find($this->place->key(), $admin, $this->prefix);
        if (!$visitor instanceof Visitor) {
            Refusal::show($visitor);
            return;
        }
        $this->relay($method, $visitor->name, $visitor->rights);
    }

    /** Also a request of nobody in particular is signed: so the service knows its true address. */
    private function relay(string $method, string $name, array $rights): void
    {
        $key = $this->place->key();
        if ($key === '') {
            Refusal::show(503);
            return;
        }
        $origin = $this->origin();
        $claims = ['u' => $name, 'r' => $rights, 'p' => $this->prefix] + $origin;
        $headers = [
            Signature::HEADER . ': ' . Signature::header($key, $method, $this->target, $claims),
            'X-Forwarded-For: ' . $origin['a'],
        ];
        (new Relay($this->place->bind()))->pass($method, $this->target, $headers, $this->server);
    }

    /** Where the visitor is: address, host and scheme of his request. */
    private function origin(): array
    {
        $https = $this->server['HTTPS'] ?? 'off';
        return [
            'a' => (string) ($this->server['REMOTE_ADDR'] ?? ''),
            'h' => (string) ($this->server['HTTP_HOST'] ?? 'localhost'),
            's' => $https !== '' && $https !== 'off' ? 'https' : 'http',
        ];
    }

    /** Path and query behind the gate, exactly as they came. */
    private function findTarget(): string
    {
        $uri = (string) ($this->server['REQUEST_URI'] ?? '/');
        $rest = strncmp($uri, $this->prefix . '/', strlen($this->prefix) + 1) === 0 ? substr($uri, strlen($this->prefix)) : '/';
        return strncmp($rest, '/index.php/', 11) === 0 ? substr($rest, 10) : $rest;
    }

    private function isOpen(): bool
    {
        $path = explode('?', $this->target, 2)[0];
        return preg_match(self::OPEN_PATHS, $path) === 1 && strpos($path, '..') === false;
    }

    /** A form on another site would be sent with the administrator's session: the GUI's cookie has no SameSite. */
    private function isSameOrigin(): bool
    {
        if (($this->server['HTTP_SEC_FETCH_SITE'] ?? 'same-origin') !== 'same-origin') {
            return false;
        }
        $from = $this->server['HTTP_ORIGIN'] ?? $this->server['HTTP_REFERER'] ?? '';
        $parts = parse_url($from);
        if (!is_array($parts) || !isset($parts['host'])) {
            return false;
        }
        $host = strtolower($parts['host'] . (isset($parts['port']) ? ':' . $parts['port'] : ''));
        $usual = ['http' => ':80', 'https' => ':443'][$parts['scheme'] ?? ''] ?? '';
        return in_array(strtolower($this->server['HTTP_HOST'] ?? ''), [$host, $host . $usual], true);
    }
}
