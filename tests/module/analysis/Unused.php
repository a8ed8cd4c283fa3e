<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Analysis;

use PhpParser\Node;
use PhpParser\Node\Expr;
use PhpParser\Node\Stmt;
use PhpParser\NodeFinder;

/** What a file or a class has for itself and does not use: imports, private methods, properties and constants. */
class Unused
{
    /** @var callable gets a node and what is wrong with it */
    private $tell;

    public function __construct(callable $tell)
    {
        $this->tell = $tell;
    }

    /** ``$statements``: with the names as they were written, in the attribute originalName. */
    public function file(array $statements): void
    {
        $finder = new NodeFinder();
        $this->imports($finder, $statements);
        foreach ($finder->findInstanceOf($statements, Stmt\Class_::class) as $class) {
            $this->members($class, self::mentions($finder, $class->stmts));
        }
    }

    private function imports(NodeFinder $finder, array $statements): void
    {
        $used = [];
        foreach ($finder->findInstanceOf($statements, Node\Name::class) as $name) {
            $original = $name->getAttribute('originalName');
            $used[$original === null ? '' : $original->getFirst()] = true;
        }
        foreach ($finder->findInstanceOf($statements, Stmt\UseUse::class) as $import) {
            $alias = $import->getAlias()->name;
            if (!isset($used[$alias])) {
                ($this->tell)($import, "nobody uses the import $alias");
            }
        }
    }

    private function members(Stmt\Class_ $class, array $mentions): void
    {
        foreach ($class->getMethods() as $method) {
            $isOurs = $method->isPrivate() && $method->name->toLowerString() !== '__construct';
            $this->member($isOurs, $method, $method->name->name, $mentions);
        }
        foreach (array_merge($class->getProperties(), $class->getConstants()) as $group) {
            foreach ($group instanceof Stmt\Property ? $group->props : $group->consts as $one) {
                $this->member($group->isPrivate(), $one, $one->name->name, $mentions);
            }
        }
    }

    private function member(bool $isOurs, Node $node, string $name, array $mentions): void
    {
        if ($isOurs && !isset($mentions[$name])) {
            ($this->tell)($node, "nobody uses the private $name");
        }
    }

    /** Names of members that the class speaks of; a callable names its method in a text. */
    private static function mentions(NodeFinder $finder, array $statements): array
    {
        $found = [];
        foreach ($finder->findInstanceOf($statements, Expr::class) as $node) {
            $name = $node instanceof Node\Scalar\String_ ? $node->value : ($node->name ?? null);
            $isMember = !$node instanceof Expr\Variable && !$node instanceof Expr\FuncCall;
            if ($isMember && (is_string($name) || $name instanceof Node\Identifier)) {
                $found[(string) $name] = true;
            }
        }
        return $found;
    }
}
