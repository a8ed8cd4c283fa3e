<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Analysis;

use PhpParser\Node;
use PhpParser\Node\Expr;
use PhpParser\Node\Stmt;
use PhpParser\NodeVisitorAbstract;

/** Is everything there that is called, read or named: functions, classes, members; and do the arguments fit? */
class Members extends NodeVisitorAbstract
{
    /** What a PHP of FreePBX surely has; another function must be asked for with function_exists() in the same file. */
    const EXTENSIONS = ['core', 'standard', 'pcre', 'json', 'curl', 'session', 'ctype', 'hash', 'date', 'spl', 'random'];
    /** Newer than 7.4, or on their way out by 8.2. */
    const NOT_IN_EACH = [
        'array_is_list', 'curl_upkeep', 'enum_exists', 'fdatasync', 'fdiv', 'fsync', 'get_debug_type', 'get_resource_id',
        'ini_parse_quantity', 'memory_reset_peak_usage', 'preg_last_error_msg', 'str_contains', 'str_ends_with',
        'str_starts_with', 'json_validate', 'str_increment', 'str_decrement', 'array_find', 'array_any', 'array_all',
        'create_function', 'each', 'gmstrftime', 'money_format', 'strftime', 'utf8_decode', 'utf8_encode',
    ];

    const NEWER_WORDS = '/^CURL(OPT_(ALTSVC|AWS|DOH|HSTS|MAXAGE|MAXFILESIZE_L|MAXLIFE|(REDIR_)?PROTOCOLS_S|SASL_A|SSL_EC|UPKEEP|UPLOAD_B|XFERI'
        . '|\w+_BLOB$)|INFO_(EFFECTIVE_M|PROXY_E|REFER|RETRY)|SSLOPT_(AUTO|NATIVE|NO_PART|REVOKE))/';

    /** @var Declared */
    private $declared;
    /** @var Types */
    private $types;
    /** @var callable gets a node and what is wrong with it */
    private $tell;
    /** @var (string|null)[] */
    private $classes = [null];
    /** @var array[] types of variables, the innermost function last */
    private $variables;
    /** @var string[] functions that the file asks for before it calls them */
    private $asked = [];

    /** ``$given``: types of the variables that a file finds when it is included. */
    public function __construct(Declared $declared, array $given, callable $tell)
    {
        $this->declared = $declared;
        $this->types = new Types($declared);
        $this->variables = [$given];
        $this->tell = $tell;
    }

    public function enterNode(Node $node)
    {
        if ($node instanceof Stmt\ClassLike) {
            $this->classes[] = $node->name === null ? null : (string) $node->namespacedName;
            $this->parents($node);
        } elseif ($node instanceof Node\FunctionLike) {
            $around = $node instanceof Expr ? end($this->variables) : [];
            $this->variables[] = $this->types->variables($node, $around, end($this->classes));
            $this->signature($node);
        } elseif ($node instanceof Expr) {
            $this->expression($node);
        } elseif ($node instanceof Stmt\Catch_) {
            array_map([$this, 'known'], $node->types);
        }
        return null;
    }

    public function leaveNode(Node $node)
    {
        if ($node instanceof Stmt\ClassLike) {
            array_pop($this->classes);
        } elseif ($node instanceof Node\FunctionLike) {
            array_pop($this->variables);
        }
        return null;
    }

    private function parents(Stmt\ClassLike $node): void
    {
        $class = end($this->classes);
        if ($class !== null && $this->declared->lineage($class) === null) {
            $this->say($node, "$class is made of a class that is not known");
        }
    }

    private function signature(Node\FunctionLike $node): void
    {
        $types = [$node->getReturnType()];
        foreach ($node->getParams() as $parameter) {
            $types[] = $parameter->type;
        }
        foreach ($types as $type) {
            $type = $type instanceof Node\NullableType ? $type->type : $type;
            if ($type instanceof Node\Name) {
                $this->known($type);
            }
        }
    }

    private function expression(Expr $node): void
    {
        if ($node instanceof Expr\FuncCall && $node->name instanceof Node\Name) {
            $this->call($node, $node->name);
        } elseif ($node instanceof Expr\MethodCall && $node->name instanceof Node\Identifier) {
            $this->method($node, $this->typeOf($node->var), $node->name->name);
        } elseif ($node instanceof Expr\StaticCall && $node->class instanceof Node\Name && $node->name instanceof Node\Identifier) {
            $this->method($node, $this->known($node->class), $node->name->name);
        } elseif ($node instanceof Expr\New_ && $node->class instanceof Node\Name) {
            $this->made($node, $this->known($node->class));
        } elseif ($node instanceof Expr\Instanceof_ && $node->class instanceof Node\Name) {
            $this->known($node->class);
        } elseif ($node instanceof Expr\PropertyFetch && $node->name instanceof Node\Identifier) {
            $this->has($node, $this->typeOf($node->var), 'properties', $node->name->name);
        } elseif ($node instanceof Expr\StaticPropertyFetch && $node->class instanceof Node\Name && $node->name instanceof Node\Identifier) {
            $this->has($node, $this->known($node->class), 'properties', $node->name->name);
        } elseif ($node instanceof Expr\ClassConstFetch && $node->class instanceof Node\Name) {
            $this->constant($node, $this->known($node->class), (string) $node->name);
        } elseif ($node instanceof Expr\ConstFetch) {
            $this->word($node, $node->name);
        } elseif ($node instanceof Expr\Array_) {
            $this->pair($node);
        } elseif ($node instanceof Expr\Eval_ || ($node instanceof Expr\Variable && !is_string($node->name))) {
            $this->say($node, 'nobody can tell what this means before it runs');
        }
    }

    private function call(Expr\FuncCall $node, Node\Name $name): void
    {
        $function = $name->toString();
        $inside = (string) ($name->getAttribute('namespacedName') ?? $function);
        $function = $this->declared->isOwn($inside) ? $inside : $function;
        $first = isset($node->args[0]) && $node->args[0] instanceof Node\Arg ? $node->args[0]->value : null;
        if (in_array($function, ['function_exists', 'is_callable'], true) && $first instanceof Node\Scalar\String_) {
            $this->asked[] = $first->value;
        }
        if ($this->declared->isOwn($function)) {
            $this->arguments($node, $this->declared->of($function), $function . '()');
        } elseif (!in_array($function, $this->asked, true)) {
            $this->native($node, $function);
        }
    }

    private function native(Expr\FuncCall $node, string $function): void
    {
        if (in_array(strtolower($function), self::NOT_IN_EACH, true)) {
            $this->say($node, "not every PHP from 7.4 on has the function $function()");
            return;
        }
        if (!function_exists($function)) {
            $this->say($node, "there is no function $function()");
            return;
        }
        $about = new \ReflectionFunction($function);
        $extension = strtolower((string) $about->getExtensionName());
        if ($about->isDeprecated()) {
            $this->say($node, "$function() is deprecated");
        } elseif (!in_array($extension, self::EXTENSIONS, true)) {
            $this->say($node, "$function() is of the extension $extension, which may be missing");
        }
        $this->arguments($node, $this->declared->of($function), $function . '()');
    }

    private function method(Expr\CallLike $node, ?string $class, string $name): void
    {
        if ($this->has($node, $class, 'methods', $name)) {
            $about = $this->declared->member($class, 'methods', $name);
            $this->arguments($node, $about, "$class::$name()");
            $isRelative = $node instanceof Expr\StaticCall && $node->class->isSpecialClassName();
            if ($node instanceof Expr\StaticCall && !$isRelative && !$about['static']) {
                $this->say($node, "$class::$name() needs an object");
            }
        }
    }

    private function made(Expr\New_ $node, ?string $class): void
    {
        $about = $class === null ? null : $this->declared->member($class, 'methods', '__construct');
        if ($about !== null) {
            $this->arguments($node, $about, "new $class()");
        }
    }

    private function constant(Expr\ClassConstFetch $node, ?string $class, string $name): void
    {
        if ($name !== 'class') {
            $this->has($node, $class, 'constants', $name);
        }
    }

    /** Says so when the class surely has no such member for us; true when it has. */
    private function has(Node $node, ?string $class, string $kind, string $name): bool
    {
        $lineage = $class === null ? null : $this->declared->lineage($class);
        if ($lineage === null) {
            return false;
        }
        $found = $this->declared->member($class, $kind, $name);
        if ($found === null && ($kind === 'constants' || !$this->declared->isMagic($class))) {
            $this->say($node, "$class has no $name among its $kind");
        } elseif ($found !== null && $found['private'] && $found['of'] !== end($this->classes)) {
            $this->say($node, "$name of $class is private");
        }
        return $found !== null;
    }

    private function arguments(Expr\CallLike $node, array $about, string $what): void
    {
        $given = count($node->getRawArgs());
        foreach ($node->getRawArgs() as $argument) {
            if (!$argument instanceof Node\Arg || $argument->unpack) {
                return;
            }
        }
        if ($given < $about['least'] || ($about['most'] !== null && $given > $about['most'])) {
            $this->say($node, "$what does not take $given arguments");
        }
    }

    private function word(Node $node, Node\Name $name): void
    {
        $inside = $name->getAttribute('namespacedName');
        if (preg_match(self::NEWER_WORDS, $name->toString())) {
            $this->say($node, "PHP 7.4 does not know {$name->toString()}");
        } elseif (!defined($name->toString()) && ($inside === null || !defined((string) $inside))) {
            $this->say($node, "there is no constant {$name->toString()}");
        }
    }

    /** Something to call: a class or an object, and the name of a method. */
    private function pair(Expr\Array_ $node): void
    {
        $items = array_values(array_filter($node->items));
        if (count($items) !== 2 || !$items[1]->value instanceof Node\Scalar\String_ || $items[0]->key !== null) {
            return;
        }
        $owner = $items[0]->value;
        if ($owner instanceof Expr\ClassConstFetch && (string) $owner->name === 'class' && $owner->class instanceof Node\Name) {
            $this->has($node, $this->known($owner->class), 'methods', $items[1]->value->value);
        } elseif ($owner instanceof Expr\Variable && $owner->name === 'this') {
            $this->has($node, end($this->classes), 'methods', $items[1]->value->value);
        }
    }

    /** The class that is meant; says so when there is none. */
    private function known(Node\Name $name): ?string
    {
        $class = $this->types->named($name, end($this->classes) ?: null);
        if ($class !== null && $this->declared->lineage($class) === null) {
            $this->say($name, "there is no class $class");
        }
        return $class;
    }

    private function typeOf(Expr $node): ?string
    {
        return $this->types->of($node, end($this->variables), end($this->classes) ?: null);
    }

    private function say(Node $node, string $what): void
    {
        ($this->tell)($node, $what);
    }
}
