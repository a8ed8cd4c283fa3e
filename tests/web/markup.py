# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a page well made? Nesting, ids, labels, names of what can be pressed; and what the policy forbids."""

from __future__ import annotations

from html.parser import HTMLParser

_VOID = frozenset({"meta", "link", "input", "br", "img", "use", "hr"})
_BLOCKS = frozenset({"p", "div", "td", "th", "tr", "li", "dt", "dd", "h1", "h2", "h3", "label", "option", "pre", "a"})
_LABELLED = frozenset({"input", "select", "textarea", "meter"})


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, dict[str, str]]] = []
        self.problems: list[str] = []
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.controls: list[tuple[str, dict[str, str], bool]] = []
        self.headings: list[int] = []
        self.text: list[str] = []
        self._named: list[list[str]] = []

    def handle_starttag(self, tag: str, found: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in found}
        self._look(tag, attributes)
        self._space(tag)
        if tag not in _VOID:
            self.open.append((tag, attributes))
            if tag in ("a", "button"):
                self._named.append([attributes.get("aria-label", "")])
        if attributes.get("aria-label") and self._named:
            self._named[-1].append(attributes["aria-label"])

    def handle_startendtag(self, tag: str, found: list[tuple[str, str | None]]) -> None:
        self._look(tag, {name: value or "" for name, value in found})

    def _look(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in ("script", "style") and "src" not in attributes:
            self.problems.append(f"inline <{tag}>")
        self.problems += [f"{name} on <{tag}>" for name in attributes if name == "style" or name.startswith("on")]
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "label":
            self.labels.add(attributes.get("for", ""))
        if tag in _LABELLED and attributes.get("type") != "hidden":
            inside = any(parent == "label" for parent, _ in self.open)
            self.controls.append((tag, attributes, inside))
        if tag in ("h1", "h2", "h3"):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            self.problems.append(f"</{tag}> closes {self.open[-1][0] if self.open else 'nothing'} at {self.getpos()}")
            return
        self.open.pop()
        self._space(tag)
        if tag in ("a", "button") and not "".join(self._named.pop()).strip():
            self.problems.append(f"<{tag}> without a name at {self.getpos()}")

    def _space(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.text.append(" ")

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        for name in self._named:
            name.append(data)


def problems(page: str, *, whole: bool = True) -> list[str]:
    """What is wrong with the markup; ``whole`` is False for a part of a page."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    found = reader.problems + [f"<{tag}> stays open" for tag, _ in reader.open]
    found += [f"id {name} twice" for name in set(reader.ids) if reader.ids.count(name) > 1]
    for tag, attributes, inside in reader.controls:
        named = inside or "aria-label" in attributes or "aria-labelledby" in attributes
        if not named and attributes.get("id") not in reader.labels:
            found.append(f"<{tag} name={attributes.get('name')}> has no label")
    if whole and reader.headings.count(1) + page.count('class="empty"') < 1:
        found.append("no heading")
    return found


def words(page: str) -> str:
    """What a person reads, in one line."""
    reader = _Reader()
    reader.feed(page)
    return " ".join("".join(reader.text).split())
