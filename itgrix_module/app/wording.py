# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts from templates: Jinja in a sandbox, bounded in size and work, harmless whatever a caller is called.

Texts for the portal are BB code. Square brackets in values (a caller's name, a queue) become full-width ones, so that
no value is read as a tag; the template's own tags stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, Undefined, nodes
from jinja2.meta import find_undeclared_variables

from itgrix_module.app.wording_guard import MAX_OUTPUT, GuardedEnvironment, Meter, Refused, parsed
from itgrix_module.app.wording_terms import FORMATS, KNOWN, SAMPLE
from itgrix_module.domain.failures import Permanent

MAX_VALUE = 500  # characters of one value
MAX_LIST = 100  # entries of one value
_BRACKETS = str.maketrans("[]", "\uff3b\uff3d")
_FAULTS = (TemplateError, Refused, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)
_LETTERS = frozenset("aAbBdHIjmMpSuwyYzZ")


@dataclass(frozen=True)
class Worded:
    """A text, and what the template names that there is not: shown in a preview."""

    text: str
    notices: tuple[str, ...] = ()


class Wording:
    """Renders templates. ``language``: ``ru`` or ``en``, for dates. Thread-safe: nothing is kept between renderings."""

    def __init__(self, language: str = "ru") -> None:
        self._format = FORMATS.get(language, FORMATS["en"])

    def render(self, template: str, variables: Mapping[str, Any], *, markup: bool = True) -> str:
        """The text. ``markup``: it is read as BB code. Raises Permanent ``template`` with what is wrong."""
        return self.preview(template, variables, markup=markup).text

    def preview(self, template: str, variables: Mapping[str, Any], *, markup: bool = True) -> Worded:
        """The text with notices. Raises Permanent ``template``."""
        missing: list[str] = []
        try:
            text = self._rendered(template, _safe(variables, markup), missing)
        except _FAULTS as error:
            raise Permanent("template", f"the template cannot be used: {_said(error)}", _HINT) from error
        return Worded(text, tuple(f"{name} is not known" for name in dict.fromkeys(missing)))

    def problem(self, template: str) -> str:
        """What is wrong with a template, with its line; empty when nothing is. Names that do not exist are wrong."""
        try:
            tree = parsed(self._environment([]), template)
            unknown = sorted(find_undeclared_variables(tree) - KNOWN.keys() - {"range"})
        except _FAULTS as error:
            return _said(error)
        if unknown:
            return f"{_place(tree, unknown[0])}there is no variable {unknown[0]!r}"
        return _unknown_part(tree) or self._tried(template)

    def _tried(self, template: str) -> str:
        try:
            self._rendered(template, _safe(SAMPLE, False), [])
        except _FAULTS as error:
            return _said(error)
        return ""

    def _rendered(self, template: str, variables: Mapping[str, Any], missing: list[str]) -> str:
        environment = self._environment(missing)
        tree = parsed(environment, template)
        code = environment.compile(tree)
        made = environment.template_class.from_code(environment, code, dict(environment.globals))
        pieces, left = [], MAX_OUTPUT
        for piece in made.generate(dict(variables)):
            left -= len(piece)
            if left < 0:
                raise Refused(f"the text would have more than {MAX_OUTPUT} characters")
            pieces.append(piece)
        return "".join(pieces)

    def _environment(self, missing: list[str]) -> GuardedEnvironment:
        class Missing(Undefined):
            """Prints as nothing, like its own parts; remembered for the preview."""

            def __init__(self, hint: str | None = None, name: str | None = None, **_: Any) -> None:
                super().__init__(hint=hint, name=name)
                missing.append(str(name))

        environment = GuardedEnvironment(Missing)
        environment.filters |= _filters(environment.meter, self._format)
        return environment


_HINT = "Correct the template in the settings; the built-in one is used meanwhile."


def _said(error: BaseException) -> str:
    if isinstance(error, TemplateSyntaxError):
        return f"line {error.lineno}: {error.message}"
    if isinstance(error, Refused | TemplateError):
        return str(error)
    return f"a value of the wrong kind ({error})"


def _place(tree: nodes.Template, name: str) -> str:
    lines = [node.lineno for node in tree.find_all(nodes.Name) if node.name == name]
    return f"line {min(lines)}: " if lines else ""


def _unknown_part(tree: nodes.Template) -> str:
    """``employee.nmae`` is wrong as well."""
    for node in tree.find_all(nodes.Getattr):
        parts = KNOWN.get(node.node.name, "") if isinstance(node.node, nodes.Name) else ""
        if isinstance(parts, Mapping) and node.attr not in parts:
            assert isinstance(node.node, nodes.Name)
            return f"line {node.lineno}: {node.node.name} has no {node.attr!r}, but {', '.join(parts)}"
    return ""


def _safe(value: Any, markup: bool) -> Any:
    """Values as templates see them: short, in one line, without characters that the portal reads as markup."""
    if isinstance(value, str):
        line = "".join(" " if letter < " " or letter in "\x7f\x85\u2028\u2029" else letter for letter in value)
        return (line.translate(_BRACKETS) if markup else line)[:MAX_VALUE]
    if isinstance(value, Mapping):
        return {str(key): _safe(item, markup) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_safe(item, markup) for item in value[:MAX_LIST]]
    return value


# -- filters


def _filters(meter: Meter, form: str) -> dict[str, Callable[..., Any]]:
    counted: dict[str, Callable[..., Any]] = {
        "default": _default, "d": _default, "upper": lambda v: str(v).upper(), "lower": lambda v: str(v).lower(),
        "capitalize": lambda v: str(v).capitalize(), "title": lambda v: str(v).title(),
        "trim": lambda v: str(v).strip(), "length": len, "count": len, "first": lambda v: v[0] if v else "",
        "last": lambda v: v[-1] if v else "", "join": _join, "replace": _replace, "round": _round,
        "int": lambda v: _whole(v), "abs": abs, "truncate": _truncate, "digits": _digits,
        "duration": _duration, "datetime": lambda v, f=form: _moment(v, f),
        "date": lambda v: _moment(v, form.partition(" ")[0]), "time": lambda v: _moment(v, "%H:%M"),
    }  # fmt: skip
    return {name: _metered(meter, function) for name, function in counted.items()}


def _metered(meter: Meter, function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: meter.spend(function(*args, **kwargs))


def _default(value: Any, instead: Any = "", boolean: bool = False) -> Any:
    """``boolean``: also for what is empty."""
    return instead if isinstance(value, Undefined) or value is None or (boolean and not value) else value


def _join(items: Any, between: str = ", ") -> str:
    if not isinstance(items, list | tuple):
        return str(items)
    texts = [str(item) for item in items]
    if sum(map(len, texts)) + len(str(between)) * len(texts) > MAX_OUTPUT:
        raise Refused(f"a text of more than {MAX_OUTPUT} characters")
    return str(between).join(texts)


def _replace(value: Any, old: str, new: str = "") -> str:
    text, was, now = str(value), str(old), str(new)
    if not was:
        return text
    if len(text) + text.count(was) * len(now) > MAX_OUTPUT:
        raise Refused(f"a text of more than {MAX_OUTPUT} characters")
    return text.replace(was, now)


def _round(value: Any, places: int = 0) -> float | int:
    kept = min(max(int(places), 0), 6)
    return round(float(value), kept) if kept else round(float(value))


def _whole(value: Any) -> int:
    try:
        return int(float(value))
    except (TypeError, ValueError, OverflowError):
        return 0


def _truncate(value: Any, length: int = 100, end: str = "…") -> str:
    text = str(value)
    return text if len(text) <= length else text[: max(0, int(length) - len(str(end)))] + str(end)


def _digits(value: Any, last: int = 0) -> str:
    """Only the digits, or the ``last`` ones of them."""
    found = "".join(letter for letter in str(value) if letter.isdigit())
    return found[-int(last) :] if last else found


def _duration(value: Any) -> str:
    """Seconds as 1:05, from an hour on as 1:02:03."""
    if isinstance(value, Undefined) or value is None or value == "":
        return ""
    seconds = max(0, round(float(value)))
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def _moment(value: Any, form: str) -> str:
    """A moment in the words of ``strftime``: single letters only, whose length is known."""
    if not isinstance(value, datetime):
        return ""
    if len(form) > 40 or not all(part[:1] in _LETTERS for part in form.split("%")[1:]):
        raise Refused(f"{form!r} is no form of a date, such as %d.%m.%Y %H:%M")
    return value.strftime(form)
