# SPDX-License-Identifier: GPL-3.0-or-later
"""What a template may do: an allow-list of its parts, and a limit on the work of rendering it.

Templates come from administrators, their values from callers. Nothing here reaches Python: attributes are keys of our
own maps, the only function is ``range``, filters are named one by one, and every step is counted, so that the worst
template ends at once with a message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from jinja2 import Environment, Undefined, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

MAX_SOURCE = 4000  # characters
MAX_OUTPUT = 20_000  # characters, of the whole and of every text on the way
MAX_RANGE = 100
MAX_NESTING = 2  # loops in one another
MAX_NUMBER = 10**15
WORK = 100_000  # units in one rendering; a loop's round costs ROUND, an operation 1 and one for each 100 characters
ROUND = 50

_PARTS = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem,
    nodes.Slice, nodes.If, nodes.For, nodes.Assign, nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand,
    nodes.And, nodes.Or, nodes.Not, nodes.CondExpr, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv,
    nodes.Mod, nodes.Neg, nodes.Pos, nodes.Concat, nodes.Call, nodes.List, nodes.Tuple, nodes.Keyword,
)  # fmt: skip
_WORDS = {
    nodes.Include: "include", nodes.Import: "import", nodes.FromImport: "import", nodes.Extends: "extends",
    nodes.Macro: "macro", nodes.CallBlock: "call", nodes.FilterBlock: "filter block", nodes.Block: "block",
    nodes.Pow: "**", nodes.AssignBlock: "set block", nodes.With: "with", nodes.Dict: "a map",
}  # fmt: skip
_TESTS = frozenset(("defined", "undefined", "none", "string", "number", "odd", "even", "divisibleby", "in", "eq", "ne"))
_OF_LOOP = frozenset(("index", "index0", "first", "last", "length", "revindex"))
_OF_MOMENT = frozenset(("year", "month", "day", "hour", "minute", "second"))


class Refused(Exception):
    """What is wrong with a template, in words. ``line``: where, 0 when it is not known."""

    def __init__(self, text: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {text}" if line else text)


def checked(tree: nodes.Template, filters: Mapping[str, Any]) -> nodes.Template:
    """The tree with what must be counted put in. Raises Refused for a part that is not allowed."""
    for node in _all(tree):
        _check(node, filters)
    _check_nesting(tree, 0)
    return _Counted().visit(tree)  # type: ignore[no-any-return]


def _all(node: nodes.Node) -> Iterator[nodes.Node]:
    for child in node.iter_child_nodes():
        yield child
        yield from _all(child)


def _check(node: nodes.Node, filters: Mapping[str, Any]) -> None:
    if not isinstance(node, _PARTS):
        raise Refused(f"{_WORDS.get(type(node), type(node).__name__)} is not allowed in a template", node.lineno)
    if isinstance(node, nodes.Filter) and node.name not in filters:
        raise Refused(f"there is no filter {node.name!r}; known: {', '.join(sorted(filters))}", node.lineno)
    if isinstance(node, nodes.Test) and node.name not in _TESTS:
        raise Refused(f"there is no test {node.name!r}; known: {', '.join(sorted(_TESTS))}", node.lineno)
    if isinstance(node, nodes.Call) and not (isinstance(node.node, nodes.Name) and node.node.name == "range"):
        raise Refused("only range() can be called; use filters for the rest", node.lineno)
    if isinstance(node, nodes.Call | nodes.Filter | nodes.Test) and (node.dyn_args or node.dyn_kwargs):
        raise Refused("* and ** are not allowed in a template", node.lineno)
    if isinstance(node, nodes.List | nodes.Tuple) and not _is_plain(node):
        raise Refused("a list may hold plain values only", node.lineno)
    if isinstance(node, nodes.Name) and node.name.startswith("_"):
        raise Refused(f"the name {node.name!r} is not allowed", node.lineno)
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        raise Refused(f"the name {node.attr!r} is not allowed", node.lineno)


def _is_plain(node: nodes.List | nodes.Tuple) -> bool:
    if isinstance(node, nodes.Tuple) and node.ctx == "store":
        return True
    return all(isinstance(item, nodes.Const) for item in node.items)


def _check_nesting(node: nodes.Node, depth: int) -> None:
    for child in node.iter_child_nodes():
        is_loop = isinstance(child, nodes.For)
        if isinstance(child, nodes.For) and child.recursive:
            raise Refused("recursive loops are not allowed in a template", child.lineno)
        if is_loop and depth >= MAX_NESTING:
            raise Refused(f"loops may be {MAX_NESTING} deep", child.lineno)
        _check_nesting(child, depth + is_loop)


class _Counted(NodeTransformer):
    """Puts in what counts: the rounds of loops, and texts that ``~`` joins."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.iter = _through("_rounds", node.iter)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _through("_joined", nodes.List(node.nodes, lineno=node.lineno))


def _through(name: str, node: Any) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


class Meter:
    """Counts the work of one rendering."""

    def __init__(self) -> None:
        self._left = WORK

    def spend(self, value: Any, cost: int = 1) -> Any:
        """The value. Raises Refused when it is too long, or the template does too much."""
        length = len(value) if isinstance(value, str | list | tuple) else 0
        if length > MAX_OUTPUT:
            raise Refused(f"a text of more than {MAX_OUTPUT} characters")
        self._left -= cost + length // 100
        if self._left < 0:
            raise Refused("the template does too much")
        return value


class GuardedEnvironment(ImmutableSandboxedEnvironment):
    """Jinja without a way out. One for each rendering: it holds the meter."""

    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%"))
    intercepted_unops = frozenset(("-", "+"))

    def __init__(self, undefined: type[Undefined]) -> None:
        super().__init__(
            undefined=undefined, autoescape=False, finalize=_printable, keep_trailing_newline=True, cache_size=0
        )
        self.meter = Meter()
        self.globals = {"range": self._range}
        self.filters = {"_rounds": self._rounds, "_joined": self._joined}
        self.tests = {name: test for name, test in self.tests.items() if name in _TESTS}

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Keys of maps, places of lists and texts, a few plain attributes of moments and loops; nothing else."""
        if isinstance(obj, Undefined):
            return obj
        if isinstance(argument, str) and self._may_read(obj, argument):
            return getattr(obj, argument)
        if isinstance(obj, dict) or (isinstance(obj, str | list | tuple) and isinstance(argument, int | slice)):
            try:
                return self.meter.spend(obj[argument])
            except (LookupError, TypeError, ValueError):
                pass
        return self.undefined(obj=obj, name=argument)

    @staticmethod
    def _may_read(obj: Any, name: str) -> bool:
        return (isinstance(obj, LoopContext) and name in _OF_LOOP) or (isinstance(obj, date) and name in _OF_MOMENT)

    def call(self, context: Any, called: Any, *args: Any, **_: Any) -> Any:  # noqa: ARG002
        """Jinja adds arguments of its own by name, which are dropped."""
        if called != self._range:
            raise Refused("only range() can be called")
        return self._range(*args)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        texts = [side for side in (left, right) if isinstance(side, str | list | tuple)]
        if texts and (operator != "+" or len(texts) != 2):
            raise Refused(f"{operator} is for numbers, ~ joins texts")
        return self._bounded(super().call_binop(context, operator, left, right))

    def _bounded(self, value: Any) -> Any:
        if isinstance(value, int) and abs(value) > MAX_NUMBER:
            raise Refused("a number is too large")
        return self.meter.spend(value)

    def _range(self, *args: Any) -> list[int]:
        numbers = range(*args)
        if len(numbers) > MAX_RANGE:
            raise Refused(f"range() gives up to {MAX_RANGE} numbers")
        return list(numbers)

    def _rounds(self, items: Any) -> Iterator[Any]:
        if isinstance(items, Undefined):
            return
        if not isinstance(items, list | tuple):
            raise Refused("a loop goes over a list")
        for item in items:
            yield self.meter.spend(item, ROUND)

    def _joined(self, items: list[Any]) -> str:
        return self.meter.spend("".join(str(_printable(item)) for item in items))  # type: ignore[no-any-return]


def _printable(value: Any) -> Any:
    """Lists of plain values are printed with commas, employees by their names; what is no value is not printed."""
    if isinstance(value, list | tuple):
        return ", ".join(str(_printable(item)) for item in value if not isinstance(item, list | tuple))
    if isinstance(value, dict):
        return next((str(value[name]) for name in ("name", "extension", "id") if value.get(name)), "")
    if isinstance(value, date):
        return value.isoformat(" ", "minutes") if isinstance(value, datetime) else value.isoformat()
    return value if isinstance(value, str | int | float | Undefined) else ""


def parsed(environment: Environment, source: str) -> nodes.Template:
    """The tree of a template, checked. Raises Refused or jinja2.TemplateSyntaxError."""
    if len(source) > MAX_SOURCE:
        raise Refused(f"a template may have {MAX_SOURCE} characters")
    return checked(environment.parse(source), {n: f for n, f in environment.filters.items() if n[0] != "_"})
