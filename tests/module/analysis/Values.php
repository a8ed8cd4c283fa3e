<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Analysis;

use PhpParser\Node;
use PhpParser\Node\Expr;

/** The part of {@see Variables} that looks at expressions: what they read and what they set, from left to right. */
abstract class Values
{
    const ALWAYS = ['this', 'GLOBALS', '_SERVER', '_GET', '_POST', '_FILES', '_COOKIE', '_SESSION', '_REQUEST', '_ENV'];

    /** @var Declared */
    protected $declared;
    /** @var callable gets a node and what is wrong with it */
    protected $tell;
    /** @var array<string, Node> where a variable was first set */
    protected $written = [];
    /** @var array<string, bool> */
    protected $read = [];

    public function __construct(Declared $declared, callable $tell)
    {
        $this->declared = $declared;
        $this->tell = $tell;
    }

    /** A function of its own, looked at by itself. */
    abstract public function function(Node\FunctionLike $node): void;

    protected function expression(?Node $node, array $known): array
    {
        if ($node instanceof Expr\Variable && is_string($node->name)) {
            return $this->readName($node, $node->name, $known);
        }
        if ($node instanceof Expr\Assign || $node instanceof Expr\AssignOp\Coalesce) {
            return $this->write($node->var, $this->expression($node->expr, $known));
        }
        if ($node instanceof Expr\AssignRef) {
            return $this->write($node->var, $this->write($node->expr, $known, false), false);
        }
        if ($node instanceof Expr\Isset_ || $node instanceof Expr\Empty_) {
            return $this->unasked($node instanceof Expr\Isset_ ? $node->vars : [$node->expr], $known);
        }
        if ($node instanceof Expr\BinaryOp\Coalesce) {
            return $this->expression($node->right, $this->unasked([$node->left], $known));
        }
        if ($node instanceof Node\FunctionLike) {
            return $this->nested($node, $known);
        }
        if ($node instanceof Expr\FuncCall && $node->name instanceof Node\Name) {
            return $this->call($node, $node->name->toString(), $known);
        }
        $this->read += $node instanceof Expr\Include_ ? $known : []; // the file may read all of it
        return $node === null ? $known : $this->parts($node, $known);
    }

    private function readName(Node $node, string $name, array $known): array
    {
        if (!isset($known[$name]) && !in_array($name, self::ALWAYS, true)) {
            ($this->tell)($node, "\$$name is not set on every way to here");
        }
        $this->read[$name] = true;
        return $known;
    }

    /** ``$isCounted``: is it a fault when nobody reads it? */
    protected function write(Node $target, array $known, bool $isCounted = true): array
    {
        if ($target instanceof Expr\Variable && is_string($target->name)) {
            $this->written += $isCounted ? [$target->name => $target] : [];
            return $known + [$target->name => true];
        }
        if ($target instanceof Expr\List_ || $target instanceof Expr\Array_) {
            foreach (array_filter($target->items) as $item) {
                $known = $this->write($item->value, $this->expression($item->key, $known), $isCounted);
            }
            return $known;
        }
        if ($target instanceof Expr\ArrayDimFetch) {
            return $this->write($target->var, $this->expression($target->dim, $known), $isCounted);
        }
        return $this->expression($target, $known);
    }

    /** Inside of isset() and the like a variable need not be set; but nobody asks for a part of what never is. */
    private function unasked(array $nodes, array $known): array
    {
        foreach ($nodes as $node) {
            $whole = $node;
            while ($node instanceof Expr\ArrayDimFetch || $node instanceof Expr\PropertyFetch) {
                $known = $node instanceof Expr\ArrayDimFetch ? $this->expression($node->dim, $known) : $known;
                $node = $node->var;
            }
            if ($node === $whole && $node instanceof Expr\Variable && is_string($node->name)) {
                $this->read[$node->name] = true;
            } else {
                $known = $this->expression($node, $known);
            }
        }
        return $known;
    }

    private function nested(Node\FunctionLike $node, array $known): array
    {
        if ($node instanceof Expr\ArrowFunction) {
            $parameters = array_fill_keys(array_map(static function (Node\Param $parameter) {
                return $parameter->var->name;
            }, $node->params), true);
            $this->expression($node->expr, $known + $parameters);
            return $known;
        }
        foreach ($node instanceof Expr\Closure ? $node->uses : [] as $use) {
            $known = $use->byRef ? $this->write($use->var, $known) : $known;
            $this->readName($use, $use->var->name, $known);
        }
        (new static($this->declared, $this->tell))->function($node);
        return $known;
    }

    private function call(Expr\FuncCall $node, string $function, array $known): array
    {
        $references = $this->declared->of($function)['references'] ?? [];
        foreach ($node->args as $number => $argument) {
            $value = $argument instanceof Node\Arg ? $argument->value : $argument;
            if ($references[$number] ?? false) {
                $known = $this->unasked([$value], $this->write($value, $known, false));
            } elseif ($function === 'compact' && $value instanceof Node\Scalar\String_) {
                $known = $this->readName($value, $value->value, $known);
            } else {
                $known = $this->expression($value, $known);
            }
        }
        return $known;
    }

    /** Whatever else it is: all that it is made of, from left to right. */
    protected function parts(Node $node, array $known): array
    {
        foreach ($node->getSubNodeNames() as $name) {
            $known = $this->all(is_array($node->$name) ? $node->$name : [$node->$name], $known);
        }
        return $known;
    }

    protected function all(array $nodes, array $known): array
    {
        foreach ($nodes as $node) {
            $known = $node instanceof Node ? $this->expression($node, $known) : $known;
        }
        return $known;
    }
}
