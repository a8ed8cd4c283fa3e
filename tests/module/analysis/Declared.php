<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Analysis;

use PhpParser\NameContext;
use PhpParser\Node;
use PhpParser\Node\Stmt;

/**
 * Which classes, members and functions there are: ours and those of the stand-ins by their source, PHP's own by reflection.
 *
 * A class: name, parents[], methods, properties, constants, each of them by name; a signature: see {@see signature}.
 */
class Declared
{
    /** @var array[] by name in small letters */
    private $classes = [];
    /** @var array[] by name in small letters */
    private $functions = [];

    /** ``$names``: how the file calls what it imports, for the types in comments. */
    public function add(Node $node, NameContext $names): void
    {
        if ($node instanceof Stmt\Function_) {
            $this->functions[self::key((string) $node->namespacedName)] = self::signature($node, '');
        } elseif ($node instanceof Stmt\ClassLike && $node->name !== null) {
            $this->classes[self::key((string) $node->namespacedName)] = self::classOf($node, $names);
        }
    }

    /** Its own, then its parents'; null when one of them is not known. */
    public function lineage(string $class): ?array
    {
        $found = [];
        for ($open = [$class]; $open !== []; $open = array_merge($open, $about['parents'])) {
            $name = array_shift($open);
            $about = $this->classes[self::key($name)] ?? self::nativeClass($name);
            if ($about === null) {
                return null;
            }
            $found[] = $about;
        }
        return $found;
    }

    /** ``$kind``: methods, properties or constants; null when the class has none of this name. */
    public function member(string $class, string $kind, string $name): ?array
    {
        foreach ($this->lineage($class) ?? [] as $about) {
            $found = $about[$kind][$kind === 'methods' ? strtolower($name) : $name] ?? null;
            if ($found !== null) {
                return $found + ['of' => $about['name']];
            }
        }
        return null;
    }

    /** Has it methods or properties that nobody can list? */
    public function isMagic(string $class): bool
    {
        return $this->member($class, 'methods', '__call') !== null || $this->member($class, 'methods', '__get') !== null;
    }

    public function isOwn(string $function): bool
    {
        return isset($this->functions[self::key($function)]);
    }

    public function of(string $function): ?array
    {
        if ($this->isOwn($function)) {
            return $this->functions[self::key($function)];
        }
        return function_exists($function) ? self::nativeSignature(new \ReflectionFunction($function)) : null;
    }

    /** The class that a type or a comment names; null for anything else. */
    public static function named(?Node $type): ?string
    {
        $type = $type instanceof Node\NullableType ? $type->type : $type;
        return $type instanceof Node\Name ? $type->toString() : null;
    }

    private static function key(string $name): string
    {
        return strtolower(ltrim($name, '\\'));
    }

    private static function classOf(Stmt\ClassLike $node, NameContext $names): array
    {
        $about = ['name' => (string) $node->namespacedName, 'methods' => [], 'properties' => [], 'constants' => []];
        $parents = $node instanceof Stmt\Class_ ? array_merge($node->extends ? [$node->extends] : [], $node->implements) : [];
        $parents = $node instanceof Stmt\Interface_ ? $node->extends : $parents;
        $about['parents'] = array_map('strval', $parents);
        foreach ($node->getMethods() as $method) {
            $about['methods'][$method->name->toLowerString()] = self::signature($method, $about['name']);
        }
        foreach ($node->getProperties() as $group) {
            $seen = ['private' => $group->isPrivate(), 'static' => $group->isStatic(), 'type' => self::propertyType($group, $names)];
            foreach ($group->props as $property) {
                $about['properties'][(string) $property->name] = $seen;
            }
        }
        foreach ($node->getConstants() as $group) {
            foreach ($group->consts as $constant) {
                $about['constants'][(string) $constant->name] = ['private' => $group->isPrivate()];
            }
        }
        return $about;
    }

    private static function propertyType(Stmt\Property $group, NameContext $names): ?string
    {
        if ($group->type !== null) {
            return self::named($group->type);
        }
        $comment = (string) $group->getDocComment();
        if (!preg_match('/@var\s+\??(\\\\?[A-Z][\w\\\\]*)(?=\s)/', $comment, $found)) {
            return null;
        }
        $isWhole = $found[1][0] === '\\';
        return $isWhole ? substr($found[1], 1) : (string) $names->getResolvedClassName(new Node\Name($found[1]));
    }

    /** least and most arguments (most null: any), which are references, class of the result, private, static. */
    private static function signature(Node\FunctionLike $node, string $class): array
    {
        $about = ['least' => 0, 'most' => 0, 'references' => [], 'private' => false, 'static' => false];
        foreach ($node->getParams() as $number => $parameter) {
            $about['least'] = $parameter->default === null && !$parameter->variadic ? $number + 1 : $about['least'];
            $about['most'] = $parameter->variadic ? null : $number + 1;
            $about['references'][] = $parameter->byRef;
        }
        $returned = self::named($node->getReturnType());
        $about['returns'] = in_array($returned, ['self', 'static'], true) ? $class : $returned;
        if ($node instanceof Stmt\ClassMethod) {
            $about = ['private' => $node->isPrivate(), 'static' => $node->isStatic()] + $about;
        }
        return $about;
    }

    private static function nativeClass(string $name): ?array
    {
        if (!class_exists($name, false) && !interface_exists($name, false)) {
            return null;
        }
        $class = new \ReflectionClass($name);
        if (!$class->isInternal()) {
            return null;
        }
        $about = ['name' => $class->name, 'parents' => [], 'methods' => [], 'properties' => [], 'constants' => []];
        foreach ($class->getMethods() as $method) {
            $about['methods'][strtolower($method->name)] = self::nativeSignature($method);
        }
        foreach ($class->getProperties() as $property) {
            $about['properties'][$property->name] = ['private' => false, 'static' => $property->isStatic(), 'type' => null];
        }
        $about['constants'] = array_fill_keys(array_keys($class->getConstants()), ['private' => false]);
        return $about;
    }

    private static function nativeSignature(\ReflectionFunctionAbstract $native): array
    {
        $references = [];
        foreach ($native->getParameters() as $parameter) {
            $references[] = $parameter->isPassedByReference();
        }
        return [
            'least' => $native->getNumberOfRequiredParameters(),
            'most' => $native->isVariadic() ? null : $native->getNumberOfParameters(),
            'references' => $references,
            'returns' => null,
            'private' => false,
            'static' => $native instanceof \ReflectionMethod && $native->isStatic(),
        ];
    }
}
