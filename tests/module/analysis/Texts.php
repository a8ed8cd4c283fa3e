<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Analysis;

use PhpParser\Node;
use PhpParser\Node\Expr;
use PhpParser\NodeFinder;

/** Do places in texts and the values for them agree, also in the translation? */
class Texts
{
    const PRINTING = ['sprintf', 'printf'];
    const SAYING = ['say', 'html'];

    /** @var callable gets a node and what is wrong with it */
    private $tell;

    public function __construct(callable $tell)
    {
        $this->tell = $tell;
    }

    public function file(array $statements): void
    {
        $finder = new NodeFinder();
        foreach ($finder->findInstanceOf($statements, Expr\CallLike::class) as $call) {
            $arguments = $call->getRawArgs();
            $text = $arguments[0]->value ?? null;
            $isLast = end($arguments) instanceof Node\Arg && end($arguments)->unpack;
            if (self::isTemplate($call) && $text instanceof Node\Scalar\String_ && !$isLast) {
                $this->values($call, count(self::places($text->value)), count($arguments) - 1);
            }
        }
    }

    /** A catalogue: text => translation. */
    public function catalogue(array $statements): void
    {
        foreach ((new NodeFinder())->findInstanceOf($statements, Expr\ArrayItem::class) as $item) {
            $isText = $item->key instanceof Node\Scalar\String_ && $item->value instanceof Node\Scalar\String_;
            if ($isText && self::places($item->key->value) !== self::places($item->value->value)) {
                ($this->tell)($item, 'the translation has other places for values');
            }
        }
    }

    private static function isTemplate(Expr\CallLike $call): bool
    {
        if ($call instanceof Expr\FuncCall) {
            return $call->name instanceof Node\Name && in_array($call->name->toLowerString(), self::PRINTING, true);
        }
        return $call instanceof Expr\StaticCall && $call->class instanceof Node\Name
            && $call->class->getLast() === 'Words' && in_array((string) $call->name, self::SAYING, true);
    }

    private function values(Node $node, int $places, int $given): void
    {
        if ($places !== $given) {
            ($this->tell)($node, "$given values for $places places in the text");
        }
    }

    private static function places(string $text): array
    {
        preg_match_all('/%[-+0-9.]*[a-zA-Z]/', str_replace('%%', '', $text), $found);
        return $found[0];
    }
}
