<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace FreePBX\modules\Itgrix;

/** What the gate itself answers, in both languages of the product: it cannot know yet which one is wanted. */
class Refusal
{
    const TEXTS = [
        401 => [
            'You are signed out', 'Sign in to the PBX again.',
            'Вы вышли из системы', 'Войдите в АТС ещё раз.',
        ],
        403 => [
            'No access', 'An administrator of the PBX can give you the section Itgrix.',
            'Нет доступа', 'Администратор АТС может дать вам раздел Itgrix.',
        ],
        '403origin' => [
            'Refused', 'This request did not come from the panel itself, so nothing was changed.',
            'Отклонено', 'Запрос пришёл не из самой панели, ничего не изменено.',
        ],
        405 => ['Not possible this way', '', 'Так нельзя', ''],
        '500body' => [
            'The file did not arrive', 'The web server ignores gate/.htaccess or gate/.user.ini: allow AllowOverride All, or set '
            . 'enable_post_data_reading off for this folder.',
            'Файл не дошёл', 'Веб-сервер не читает gate/.htaccess или gate/.user.ini: разрешите AllowOverride All или '
            . 'отключите enable_post_data_reading для этой папки.',
        ],
        502 => [
            'The service broke off', 'Try again. The log: fwconsole itgrix log',
            'Служба прервала ответ', 'Попробуйте ещё раз. Журнал: fwconsole itgrix log',
        ],
        503 => [
            'The Itgrix service does not run', 'Calls wait in the PBX and are told to the portal later. It is started again within '
            . 'a minute; by hand: fwconsole itgrix restart',
            'Служба Itgrix не работает', 'Звонки сохраняются в АТС и попадут на портал позже. Служба запустится сама в течение '
            . 'минуты; вручную: fwconsole itgrix restart',
        ],
    ];

    public static function show(int $status, string $why = ''): void
    {
        $texts = self::TEXTS[$status . $why] ?? self::TEXTS[$status] ?? ['', '', '', ''];
        http_response_code($status);
        header('Cache-Control: no-store');
        header('X-Content-Type-Options: nosniff');
        header("Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'");
        if ($status === 503) {
            header('Retry-After: 10');
        }
        if (($_SERVER['REQUEST_METHOD'] ?? 'GET') === 'HEAD') {
            return;
        }
        self::wantsPage() ? self::page($status, $texts) : self::data($status, $texts);
    }

    private static function wantsPage(): bool
    {
        return strpos($_SERVER['HTTP_ACCEPT'] ?? '', 'text/html') !== false;
    }

    private static function data(int $status, array $texts): void
    {
        header('Content-Type: application/json');
        echo json_encode(['error' => $texts[0], 'text' => $texts[1], 'status' => $status]);
    }

    /** The page around the frame looks at data-itgrix: it has the GUI ask for a login, see assets/js/itgrix.js. */
    private static function page(int $status, array $texts): void
    {
        header('Content-Type: text/html; charset=utf-8');
        list($title, $hint, $titleRu, $hintRu) = array_map('htmlspecialchars', $texts);
        $again = $status === 503 ? '<meta http-equiv="refresh" content="10">' : '';
        echo <<<HTML
<!doctype html>
<html lang="en" data-itgrix="{$status}"><head><meta charset="utf-8">{$again}<title>Itgrix: {$title}</title>
<style>body{font:16px/1.5 sans-serif;margin:3em auto;max-width:36em;padding:0 1em;color:#222}h1{font-size:1.3em;margin:1.5em 0 .3em}</style>
</head><body><h1>{$title}</h1><p>{$hint}</p><h1 lang="ru">{$titleRu}</h1><p lang="ru">{$hintRu}</p></body></html>
HTML;
    }
}
