<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Analysis;

use PhpParser\Node;
use PhpParser\Node\Expr;
use PhpParser\Node\Stmt;

/**
 * Follows one function (or a file outside of its functions): is each variable set on every way to where it is read, and is
 * what was set read at all? A state is the set of variables that are set by now; null where nobody gets to.
 */
class Variables extends Values
{
    const WAYS = [
        Stmt\Expression::class => 'simple', Stmt\Return_::class => 'end', Stmt\Throw_::class => 'end', Stmt\If_::class => 'either',
        Stmt\Foreach_::class => 'each', Stmt\For_::class => 'loop', Stmt\While_::class => 'loop', Stmt\Do_::class => 'once',
        Stmt\Switch_::class => 'cases', Stmt\TryCatch::class => 'attempt', Stmt\Break_::class => 'leave',
        Stmt\Continue_::class => 'leave', Stmt\Unset_::class => 'forget', Stmt\Static_::class => 'keep',
        Stmt\Global_::class => 'keep', Stmt\Namespace_::class => 'inside',
    ];
    const SILENT = [Stmt\Nop::class, Stmt\InlineHTML::class, Stmt\Use_::class, Stmt\Function_::class, Stmt\Class_::class];

    /** @var array[] states at each break, the innermost loop or switch last */
    private $breaks = [];

    public function function(Node\FunctionLike $node): void
    {
        $known = [];
        foreach ($node->getParams() as $parameter) {
            $known[$parameter->var->name] = true;
        }
        foreach ($node instanceof Expr\Closure ? $node->uses : [] as $use) {
            $known[$use->var->name] = true;
            $this->read += $use->byRef ? [$use->var->name => true] : [];
            $this->written += [$use->var->name => $use];
        }
        $this->statements($node->getStmts() ?? [], $known);
        foreach ($node instanceof Stmt\ClassMethod && $node->isPrivate() ? $node->getParams() : [] as $parameter) {
            $this->written += [$parameter->var->name => $parameter];
        }
        $this->unread();
    }

    /** @param string[] $given names of what there is when the file is included */
    public function file(array $statements, array $given): void
    {
        $this->statements($statements, array_fill_keys($given, true));
        $this->unread();
    }

    private function unread(): void
    {
        foreach (array_diff_key($this->written, $this->read) as $name => $node) {
            ($this->tell)($node, "nobody reads \$$name");
        }
    }

    /** @param Node[] $statements */
    private function statements(array $statements, ?array $known): ?array
    {
        foreach ($statements as $statement) {
            if (in_array(get_class($statement), self::SILENT, true) || $statement instanceof Stmt\ClassLike) {
                continue;
            }
            if ($known === null) {
                ($this->tell)($statement, 'nobody gets here');
                return null;
            }
            $way = self::WAYS[get_class($statement)] ?? null;
            $known = $way === null ? $this->parts($statement, $known) : $this->{$way}($statement, $known);
        }
        return $known;
    }

    private function simple(Stmt\Expression $node, array $known): ?array
    {
        $known = $this->expression($node->expr, $known);
        return $node->expr instanceof Expr\Exit_ || $node->expr instanceof Expr\Throw_ ? null : $known;
    }

    private function end(Stmt $node, array $known): ?array
    {
        $this->parts($node, $known);
        return null;
    }

    private function either(Stmt\If_ $node, array $known): ?array
    {
        $known = $this->expression($node->cond, $known);
        $ends = [$this->statements($node->stmts, $known)];
        foreach ($node->elseifs as $branch) {
            $known = $this->expression($branch->cond, $known);
            $ends[] = $this->statements($branch->stmts, $known);
        }
        $ends[] = $node->else === null ? $known : $this->statements($node->else->stmts, $known);
        return self::together($ends);
    }

    private function each(Stmt\Foreach_ $node, array $known): array
    {
        $known = $this->expression($node->expr, $known);
        $inside = $this->write($node->valueVar, $known, false);
        $inside = $node->keyVar === null ? $inside : $this->write($node->keyVar, $inside);
        $this->body($node->stmts, $inside);
        return $known;
    }

    /** @param Stmt\For_|Stmt\While_ $node */
    private function loop(Stmt $node, array $known): ?array
    {
        $first = $node instanceof Stmt\For_ ? $node->init : [];
        $asked = $node instanceof Stmt\For_ ? $node->cond : [$node->cond];
        $known = $this->all(array_merge($first, $asked), $known);
        [$end, $breaks] = $this->body($node->stmts, $known);
        $this->all($node instanceof Stmt\For_ ? $node->loop : [], $end ?? $known);
        $last = end($asked);
        $isEndless = $last === false || ($last instanceof Expr\ConstFetch && $last->name->toLowerString() === 'true');
        return $isEndless ? self::together($breaks) : $known;
    }

    private function once(Stmt\Do_ $node, array $known): ?array
    {
        [$end, $breaks] = $this->body($node->stmts, $known);
        return self::together(array_merge($breaks, [$end === null ? null : $this->expression($node->cond, $end)]));
    }

    private function cases(Stmt\Switch_ $node, array $known): ?array
    {
        $known = $this->expression($node->cond, $known);
        $this->breaks[] = [];
        [$end, $isComplete] = [null, false];
        foreach ($node->cases as $case) {
            $known = $this->expression($case->cond, $known);
            $end = $this->statements($case->stmts, self::together([$known, $end]));
            $isComplete = $isComplete || $case->cond === null;
        }
        return self::together(array_merge(array_pop($this->breaks), [$end, $isComplete ? null : $known]));
    }

    private function attempt(Stmt\TryCatch $node, array $known): ?array
    {
        $ends = [$this->statements($node->stmts, $known)];
        foreach ($node->catches as $catch) {
            $ends[] = $this->statements($catch->stmts, $catch->var === null ? $known : $this->write($catch->var, $known, false));
        }
        $last = $node->finally === null ? [] : $this->statements($node->finally->stmts, $known);
        $end = self::together($ends);
        return $end === null || $last === null ? null : $end + $last;
    }

    private function leave(Stmt $node, array $known): ?array
    {
        if ($this->breaks !== [] && $node instanceof Stmt\Break_) {
            $this->breaks[count($this->breaks) - 1][] = $known;
        }
        return null;
    }

    private function forget(Stmt\Unset_ $node, array $known): array
    {
        foreach ($node->vars as $target) {
            if ($target instanceof Expr\Variable && is_string($target->name)) {
                unset($known[$target->name]);
            } else {
                $known = $this->expression($target, $known);
            }
        }
        return $known;
    }

    /** @param Stmt\Static_|Stmt\Global_ $node what outlives the function may be read elsewhere */
    private function keep(Stmt $node, array $known): array
    {
        foreach ($node->vars as $kept) {
            $known = $this->write($kept instanceof Stmt\StaticVar ? $kept->var : $kept, $known, false);
        }
        return $known;
    }

    private function inside(Stmt\Namespace_ $node, array $known): ?array
    {
        return $this->statements($node->stmts, $known);
    }

    /** The state at the end of a loop's body, and those at its breaks. */
    private function body(array $statements, array $known): array
    {
        $this->breaks[] = [];
        $end = $this->statements($statements, $known);
        return [$end, array_pop($this->breaks)];
    }

    /** What is set on each of the ways. */
    private static function together(array $states): ?array
    {
        $states = array_values(array_filter($states, 'is_array'));
        return $states === [] ? null : array_intersect_key($states[0], ...$states);
    }
}
