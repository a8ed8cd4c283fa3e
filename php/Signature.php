<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace FreePBX\modules\Itgrix;

/**
 * The signed hand-over to the service, see web/gateway.py: who asks, with which rights, from where, and when.
 *
 * Header: base64url(JSON) "." hex(HMAC-SHA256(key, version LF method LF target LF payload)).
 */
class Signature
{
    const HEADER = 'X-Itgrix-Gate';
    const VERSION = 'itgrix-gate-1';

    /** Value of the header for one request; ``$target``: path and query as the service gets them. */
    public static function header(string $key, string $method, string $target, array $claims): string
    {
        $claims += ['t' => sprintf('%.6F', microtime(true)), 'n' => bin2hex(random_bytes(16))];
        return self::seal($key, [self::VERSION, $method, $target], $claims);
    }

    /** Claims with a signature over them and over what they belong to. */
    public static function seal(string $key, array $subject, array $claims): string
    {
        $payload = self::encode((string) json_encode($claims, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE));
        return $payload . '.' . self::mac($key, $subject, $payload);
    }

    /** The claims of a sealed text; null when it is not ours. */
    public static function open(string $key, array $subject, string $sealed): ?array
    {
        $parts = explode('.', $sealed);
        if ($key === '' || count($parts) !== 2 || !hash_equals(self::mac($key, $subject, $parts[0]), $parts[1])) {
            return null;
        }
        $claims = json_decode((string) base64_decode(strtr($parts[0], '-_', '+/'), true), true);
        return is_array($claims) ? $claims : null;
    }

    private static function mac(string $key, array $subject, string $payload): string
    {
        return hash_hmac('sha256', implode("\n", array_merge($subject, [$payload])), $key);
    }

    private static function encode(string $text): string
    {
        return rtrim(strtr(base64_encode($text), '+/', '-_'), '=');
    }
}
