<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace FreePBX\modules\Itgrix;

/** What the module says, in the language of the GUI: English in the code, Russian in i18n/ru.php. */
class Words
{
    /** @var array|null */
    private static $russian = null;

    public static function say(string $text, ...$values): string
    {
        $known = self::language() === 'ru' ? (self::russian()[$text] ?? $text) : $text;
        return $values === [] ? $known : vsprintf($known, $values);
    }

    /** For HTML. */
    public static function html(string $text, ...$values): string
    {
        return htmlspecialchars(self::say($text, ...$values), ENT_QUOTES, 'UTF-8');
    }

    /** ``en`` or ``ru``: the GUI's cookie, on the console the shell's language. */
    public static function language(): string
    {
        $chosen = $_COOKIE['lang'] ?? '';
        if (!is_string($chosen) || $chosen === '') {
            $chosen = (string) (getenv('LC_ALL') ?: getenv('LC_MESSAGES') ?: getenv('LANG'));
        }
        return strncmp($chosen, 'ru', 2) === 0 ? 'ru' : 'en';
    }

    private static function russian(): array
    {
        if (self::$russian === null) {
            self::$russian = require dirname(__DIR__) . '/i18n/ru.php';
        }
        return self::$russian;
    }
}
