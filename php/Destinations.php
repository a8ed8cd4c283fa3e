<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace FreePBX\modules\Itgrix;

/**
 * The destinations "Itgrix: connect to the responsible": several, each with its name, its fall-back destination, the time
 * that the decision may take and the time that the responsible's phone rings.
 */
class Destinations
{
    const CONTEXT = 'itgrix-responsible';
    const HANGUP = 'app-blackhole,hangup,1';
    const MOST_DECIDING = 10000;
    const MOST_RINGING = 300;

    /** @var array[] by id */
    private $rows;
    /** @var callable keeps the rows */
    private $keep;

    public function __construct($rows, callable $keep)
    {
        // A row that an older version or a restored backup left incomplete must not stop the PBX's reload.
        $this->rows = array_map([self::class, 'stored'], array_filter(is_array($rows) ? $rows : [], 'is_array'));
        $this->keep = $keep;
    }

    /** id => name, fallback, limit_ms (0: the usual), ring_seconds (0: as the extension's own rules say). */
    public function all(): array
    {
        return $this->rows;
    }

    public function get(string $id): ?array
    {
        return $this->rows[$id] ?? null;
    }

    public static function address(string $id): string
    {
        return self::CONTEXT . ',' . $id . ',1';
    }

    /** The id in an address of ours, else null. */
    public static function idOf($address): ?string
    {
        $parts = explode(',', trim((string) $address));
        return count($parts) === 3 && $parts[0] === self::CONTEXT ? $parts[1] : null;
    }

    /** What is wrong with the values, by field; nothing is saved then. ``$id`` empty: a new one. */
    public function save(string $id, array $given): array
    {
        $row = self::cleaned($given);
        $id = $id !== '' ? $id : $this->nextId();
        $problems = $this->problems($id, $row);
        if ($problems === []) {
            $this->rows[$id] = $row;
            call_user_func($this->keep, $this->rows);
        }
        return $problems;
    }

    public function remove(string $id): void
    {
        unset($this->rows[$id]);
        call_user_func($this->keep, $this->rows);
    }

    /** Another module has moved one of our fall-back destinations. */
    public function change(string $old, string $new): int
    {
        $changed = 0;
        foreach ($this->rows as $id => $row) {
            if ($row['fallback'] === $old) {
                $this->rows[$id]['fallback'] = $new;
                $changed++;
            }
        }
        if ($changed > 0) {
            call_user_func($this->keep, $this->rows);
        }
        return $changed;
    }

    private static function stored(array $row): array
    {
        $row = self::cleaned($row);
        return ['fallback' => $row['fallback'] !== '' ? $row['fallback'] : self::HANGUP] + $row;
    }

    private static function cleaned(array $given): array
    {
        $text = static function (string $name) use ($given): string {
            return is_scalar($given[$name] ?? null) ? trim((string) $given[$name]) : '';
        };
        return [
            'name' => $text('name'),
            'fallback' => $text('fallback'),
            'limit_ms' => $text('limit_ms') ?: '0',
            'ring_seconds' => $text('ring_seconds') ?: '0',
        ];
    }

    private function problems(string $id, array $row): array
    {
        $problems = [];
        if (!preg_match('/^[^\p{C}]{1,50}$/Du', $row['name'])) {
            $problems['name'] = Words::say('A name of 1 to 50 characters.');
        }
        foreach ($this->rows as $other => $known) {
            if ((string) $other !== $id && $known['name'] === $row['name']) {
                $problems['name'] = Words::say('There is one with this name.');
            }
        }
        if (!preg_match('/^[\w.-]+,[\w.*#+-]+,[\w-]+$/D', $row['fallback'])) {
            $problems['fallback'] = Words::say('Choose where the call goes when nobody is found.');
        } elseif ($this->comesBack($id, $row['fallback'])) {
            $problems['fallback'] = Words::say('It cannot be its own fall-back.');
        }
        if (!ctype_digit($row['limit_ms']) || (int) $row['limit_ms'] > self::MOST_DECIDING) {
            $problems['limit_ms'] = Words::say('A whole number from 0 to %d.', self::MOST_DECIDING);
        }
        if (!ctype_digit($row['ring_seconds']) || (int) $row['ring_seconds'] > self::MOST_RINGING) {
            $problems['ring_seconds'] = Words::say('A whole number from 0 to %d.', self::MOST_RINGING);
        }
        return $problems;
    }

    /** Would a call that nobody takes go round in a circle of our destinations? */
    private function comesBack(string $id, string $fallback): bool
    {
        $next = self::idOf($fallback);
        for ($steps = 0; $next !== null && $steps <= count($this->rows); $steps++) {
            if ($next === $id) {
                return true;
            }
            $next = self::idOf($this->rows[$next]['fallback'] ?? '');
        }
        return false;
    }

    private function nextId(): string
    {
        return (string) (max(array_merge([0], array_map('intval', array_keys($this->rows)))) + 1);
    }

    /** The part of the dialplan, one extension for each destination. ``$ext``: FreePBX's extensions object. */
    public function write($ext, string $agi): void
    {
        foreach ($this->rows as $id => $row) {
            $this->writeOne($ext, (string) $id, $row, $agi);
        }
    }

    private function writeOne($ext, string $id, array $row, string $agi): void
    {
        $add = static function (string $label, $command) use ($ext, $id) {
            $ext->add(self::CONTEXT, $id, $label, $command);
        };
        $ask = 'agi://' . $agi . '/responsible?name=' . rawurlencode($row['name']) . '&destination=' . $id;
        if ((int) $row['limit_ms'] > 0) {
            $ask .= '&limit_ms=' . (int) $row['limit_ms'];
        }
        // An answer of an earlier question must not count for this one.
        $add('', new \ext_setvar('ITGRIX_EXTENSION', ''));
        $add('', new \ext_setvar('ITGRIX_REASON', ''));
        $add('', new \ext_agi($ask));
        $add('', new \ext_gotoif('$["${ITGRIX_EXTENSION}"=""]', 'fallback'));
        $this->writeConnection($add, (int) $row['ring_seconds']);
        $add('fallback', new \ext_noop('Itgrix: ${ITGRIX_REASON}'));
        $add('', new \ext_goto($row['fallback']));
    }

    /** With a ringing time of our own the call comes back when nobody answers; without it the extension's rules decide. */
    private function writeConnection(callable $add, int $seconds): void
    {
        if ($seconds === 0) {
            $add('', new \ext_goto('1', '${ITGRIX_EXTENSION}', 'from-internal'));
            return;
        }
        // As in a ring group: else the employee's voicemail would answer, and the call would never come back.
        $add('', new \ext_macro('blkvm-set', 'reset'));
        $add('', new \ext_setvar('__NODEST', '${EXTEN}'));
        $add('', new \ext_dial('Local/${ITGRIX_EXTENSION}@from-internal/n,' . $seconds, 'tr'));
        $add('', new \ext_gotoif('$["${DIALSTATUS}"="ANSWER"]', 'end'));
        $add('', new \ext_setvar('__NODEST', ''));
        $add('', new \ext_macro('blkvm-clr'));
        $add('', new \ext_goto('fallback'));
        $add('end', new \ext_hangup(''));
    }
}
