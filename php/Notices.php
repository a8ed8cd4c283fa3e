<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace FreePBX\modules\Itgrix;

/**
 * Notices of the service on the PBX's dashboard. The service keeps a list in its home:
 * [{"id": "update", "kind": "update|error|warning|notice", "title": "…", "text": "…"}, …]; what leaves the list leaves the
 * dashboard.
 */
class Notices
{
    const MODULE = 'itgrix';
    const KINDS = ['security', 'update', 'error', 'warning', 'notice'];
    const LINK = '?display=itgrix';
    const IDS = ['update', 'service', 'portal', 'pbx', 'database', 'support', 'disk'];

    /** @var object */
    private $board;

    public function __construct($board)
    {
        $this->board = $board;
    }

    public function show(string $file): void
    {
        $list = is_readable($file) ? json_decode((string) file_get_contents($file), true) : [];
        $wanted = [];
        foreach (is_array($list) ? $list : [] as $notice) {
            if (isset($notice['id'], $notice['title']) && in_array($notice['id'], self::IDS, true)) {
                $wanted[$notice['id']] = $notice;
            }
        }
        foreach (self::IDS as $id) {
            isset($wanted[$id]) ? $this->put($wanted[$id]) : $this->board->delete(self::MODULE, $id);
        }
    }

    public function clear(): void
    {
        foreach (self::IDS as $id) {
            $this->board->delete(self::MODULE, $id);
        }
    }

    private function put(array $notice): void
    {
        $kind = in_array($notice['kind'] ?? '', self::KINDS, true) ? $notice['kind'] : 'notice';
        $title = (string) preg_replace('/^(.{0,250}).*$/su', '$1', (string) $notice['title']);
        $text = nl2br(htmlspecialchars((string) ($notice['text'] ?? ''), ENT_QUOTES, 'UTF-8'));
        $this->board->{'add_' . $kind}(self::MODULE, $notice['id'], $title, $text, self::LINK, false, true);
    }
}
