<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace FreePBX\modules\Itgrix;

/** What the rest of the PBX says of destinations: who uses ours, what another one is called. */
class Routes
{
    /** @var object FreePBX's Destinations */
    private $known;

    public function __construct($known)
    {
        $this->known = $known;
    }

    /**
     * Descriptions of what uses the destinations of these ids.
     *
     * @param array<int|string> $ids
     * @return string[]
     */
    public function usesOf(array $ids): array
    {
        $addresses = array_map([Destinations::class, 'address'], array_map('strval', $ids));
        // Asked for certain ones, some versions of FreePBX stumble when nothing uses them.
        $all = $addresses === [] ? [] : $this->known->getAllInUseDestinations(true);
        $found = [];
        foreach (is_array($all) ? $all : [] as $uses) {
            foreach (is_array($uses) ? $uses : [] as $use) {
                if (in_array($use['dest'] ?? '', $addresses, true)) {
                    $found[] = (string) ($use['description'] ?? $use['dest']);
                }
            }
        }
        return $found;
    }

    /** As a person knows it, such as "Extension 101 Anna"; the address itself when nobody knows it. */
    public function label(string $address): string
    {
        $owners = $address === '' ? [] : $this->known->identifyDestinations([$address]);
        $about = is_array($owners[$address] ?? null) ? reset($owners[$address]) : null;
        $text = is_array($about) && is_scalar($about['description'] ?? null) ? trim((string) $about['description']) : '';
        return $text !== '' ? $text : $address;
    }
}
