<?php
// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Reads PHP without running it. Standard input, JSON: [{"files": {name: source}, "known": {name: source}}, …]; "known" only
 * declares. Output, JSON: for each of them the findings, "name:line: what is wrong". It needs Debian's package php-parser.
 */

namespace Analysis;

use PhpParser\Node;
use PhpParser\NodeFinder;
use PhpParser\NodeTraverser;
use PhpParser\NodeVisitor\NameResolver;
use PhpParser\NodeVisitorAbstract;
use PhpParser\ParserFactory;

require 'PhpParser/autoload.php';
foreach (['Declared', 'Types', 'Members', 'Values', 'Variables', 'Unused', 'Texts'] as $part) {
    require __DIR__ . '/' . $part . '.php';
}

/** Types of what the module's templates find, see showPage(). */
const GIVEN = ['itgrix' => 'FreePBX\\modules\\Itgrix'];

/** The source as a tree with whole names; what it declares goes to the others. */
function read(string $source, Declared $declared): array
{
    $names = new NameResolver(null, ['preserveOriginalNames' => true]);
    $traverser = new NodeTraverser();
    $traverser->addVisitor($names);
    $traverser->addVisitor(new class ($declared, $names) extends NodeVisitorAbstract {
        private $declared;
        private $names;

        public function __construct(Declared $declared, NameResolver $names)
        {
            $this->declared = $declared;
            $this->names = $names;
        }

        public function leaveNode(Node $node)
        {
            $this->declared->add($node, $this->names->getNameContext());
            return null;
        }
    });
    $parsed = (new ParserFactory())->create(ParserFactory::ONLY_PHP7)->parse($source);
    return $traverser->traverse($parsed ?? []);
}

function look(string $name, array $tree, Declared $declared): array
{
    $found = [];
    $tell = static function (Node $node, string $what) use (&$found, $name) {
        $found[] = $name . ':' . $node->getStartLine() . ': ' . $what;
    };
    $given = strpos($name, 'views/') === 0 ? GIVEN : [];
    $members = new NodeTraverser();
    $members->addVisitor(new Members($declared, $given, $tell));
    $members->traverse($tree);
    (new Variables($declared, $tell))->file($tree, array_keys($given));
    $functions = (new NodeFinder())->find($tree, static function (Node $node) {
        return $node instanceof Node\Stmt\Function_ || $node instanceof Node\Stmt\ClassMethod;
    });
    foreach ($functions as $function) {
        (new Variables($declared, $tell))->function($function);
    }
    (new Unused($tell))->file($tree);
    $texts = new Texts($tell);
    strpos($name, 'i18n/') === 0 ? $texts->catalogue($tree) : $texts->file($tree);
    return $found;
}

$answers = [];
foreach (json_decode((string) stream_get_contents(STDIN), true) as $bundle) {
    $declared = new Declared();
    $trees = [];
    foreach ($bundle['files'] + $bundle['known'] as $name => $source) {
        $trees[$name] = read($source, $declared);
    }
    $found = [];
    foreach (array_intersect_key($trees, $bundle['files']) as $name => $tree) {
        $found = array_merge($found, look((string) $name, $tree, $declared));
    }
    $answers[] = $found;
}
echo json_encode($answers);
