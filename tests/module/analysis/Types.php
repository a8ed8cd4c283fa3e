<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Analysis;

use PhpParser\Node;
use PhpParser\Node\Expr;
use PhpParser\NodeFinder;

/** Of which class an expression is, as far as declarations, comments and plain assignments say. */
class Types
{
    /** @var Declared */
    private $declared;

    public function __construct(Declared $declared)
    {
        $this->declared = $declared;
    }

    /** ``$variables``: name => class; ``$class``: the one around the expression. Null: not known. */
    public function of(Node $node, array $variables, ?string $class): ?string
    {
        if ($node instanceof Expr\Variable && is_string($node->name)) {
            return $node->name === 'this' ? $class : ($variables[$node->name] ?? null);
        }
        if ($node instanceof Expr\New_ || $node instanceof Expr\StaticCall) {
            $named = $node->class instanceof Node\Name ? $this->named($node->class, $class) : null;
            return $node instanceof Expr\New_ ? $named : $this->returned($named, $node->name);
        }
        if ($node instanceof Expr\MethodCall) {
            return $this->returned($this->of($node->var, $variables, $class), $node->name);
        }
        if ($node instanceof Expr\PropertyFetch && $node->name instanceof Node\Identifier) {
            $owner = $this->of($node->var, $variables, $class);
            $known = $owner === null ? null : $this->declared->member($owner, 'properties', $node->name->name);
            return $known['type'] ?? null;
        }
        return null;
    }

    /** self, static and parent are what they stand for. */
    public function named(Node\Name $name, ?string $class): ?string
    {
        if (!$name->isSpecialClassName()) {
            return $name->toString();
        }
        if ($name->toLowerString() !== 'parent' || $class === null) {
            return $class;
        }
        return $this->declared->lineage($class)[0]['parents'][0] ?? null;
    }

    /** Name => class of a function's variables: its parameters and what is assigned once. */
    public function variables(Node\FunctionLike $function, array $around, ?string $class): array
    {
        $found = $around;
        foreach ($function->getParams() as $parameter) {
            $named = Declared::named($parameter->type);
            $found[$parameter->var->name] = $named === 'self' ? $class : $named;
        }
        $assigned = [];
        foreach ((new NodeFinder())->findInstanceOf($function->getStmts() ?? [], Expr\Assign::class) as $node) {
            if ($node->var instanceof Expr\Variable && is_string($node->var->name)) {
                $assigned[$node->var->name][] = $node->expr;
            }
        }
        foreach ($assigned as $name => $values) {
            $found[$name] = count($values) === 1 ? $this->of($values[0], $found, $class) : null;
        }
        return $found;
    }

    /** @param Node $method */
    private function returned(?string $class, $method): ?string
    {
        if ($class === null || !$method instanceof Node\Identifier) {
            return null;
        }
        return $this->declared->member($class, 'methods', $method->name)['returns'] ?? null;
    }
}
