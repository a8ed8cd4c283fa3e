# SPDX-License-Identifier: GPL-3.0-or-later
"""Charts drawn here as SVG: no script, no picture from elsewhere, readable without colours and by screen readers.

Each part of a bar has a pattern of its own beside its colour; all that a chart shows stands in a table beside it too
(``charts/_bars.html``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from markupsafe import Markup

WIDTH, HEIGHT = 720, 220  # units of the drawing; it grows and shrinks with the page
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 4, 10, 26
_STEPS = (1, 2, 5)
_LABELS = 12  # names below the bars that find room on a desk, and half of them on a phone
_FIRST = Markup('class="part-0 figure"')


@dataclass(frozen=True)
class Bar:
    """``label``: the whole name, for the table and the pointer; ``short``: below the bar; ``values``: from below."""

    label: str
    short: str
    values: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.values)


@dataclass(frozen=True)
class Bars:
    """A chart of stacked bars. ``key``: its id in the page; ``parts``: names of what the bars are made of."""

    key: str
    title: str
    parts: tuple[str, ...]
    bars: Sequence[Bar]
    first: str  # heading of the table's first column

    @property
    def is_empty(self) -> bool:
        """Nothing to see."""
        return not any(bar.total for bar in self.bars)

    @property
    def tallest(self) -> int:
        """What the highest bar stands for."""
        return max((bar.total for bar in self.bars), default=0)

    @property
    def highest(self) -> int:
        """The top of the scale."""
        return scale(self.tallest)[-1]

    def svg(self, summary: str) -> Markup:
        """The drawing; ``summary``: what it shows, in one sentence."""
        head = Markup(
            '<svg class="chart" viewBox="0 0 {w} {h}" role="img" aria-labelledby="{key}-t {key}-d" '
            'xmlns="http://www.w3.org/2000/svg"><title id="{key}-t">{title}</title><desc id="{key}-d">{what}</desc>'
        ).format(w=WIDTH, h=HEIGHT, key=self.key, title=self.title, what=summary)
        return head + self._patterns() + self._grid() + self._columns() + Markup("</svg>")

    def _patterns(self) -> Markup:
        return Markup(
            '<defs><pattern id="{key}-1" class="part-1" width="7" height="7" patternUnits="userSpaceOnUse" '
            'patternTransform="rotate(45)"><rect width="7" height="7" class="ground"/>'
            '<rect width="3" height="7" class="figure"/></pattern>'
            '<pattern id="{key}-2" class="part-2" width="6" height="6" patternUnits="userSpaceOnUse">'
            '<rect width="6" height="6" class="ground"/><circle cx="3" cy="3" r="1.6" class="figure"/></pattern></defs>'
        ).format(key=self.key)

    def _grid(self) -> Markup:
        top = self.highest
        lines = Markup()
        for value in scale(top):
            y = _y(value, top)
            lines += Markup(
                '<line class="grid" x1="{x}" x2="{end}" y1="{y}" y2="{y}"/>'
                '<text class="y" x="{at}" y="{low}" text-anchor="end">{value}</text>'
            ).format(x=_LEFT, end=WIDTH - _RIGHT, y=y, at=_LEFT - 6, low=y + 4, value=_short(value))
        return lines

    def _columns(self) -> Markup:
        step = (WIDTH - _LEFT - _RIGHT) / max(1, len(self.bars))
        every = -(-len(self.bars) // _LABELS)
        drawn = Markup()
        for place, bar in enumerate(self.bars):
            x = _LEFT + place * step
            drawn += Markup("<g><title>{label}: {said}</title>").format(label=bar.label, said=self._said(bar))
            drawn += self._stack(bar, x + step * 0.14, step * 0.72) + Markup("</g>")
            if place % every == 0:
                rare = "x" if place % (2 * every) == 0 else "x often"
                drawn += Markup('<text class="{kind}" x="{x}" y="{y}" text-anchor="middle">{label}</text>').format(
                    kind=rare, x=_round(x + step / 2), y=HEIGHT - 8, label=bar.short
                )
        return drawn

    def _said(self, bar: Bar) -> str:
        return ", ".join(f"{name} {value}" for name, value in zip(self.parts, bar.values, strict=True))

    def _stack(self, bar: Bar, x: float, width: float) -> Markup:
        top, drawn = self.highest, Markup()
        for place, (value, reached) in enumerate(zip(bar.values, accumulate(bar.values), strict=True)):
            if value:
                fill = Markup('fill="url(#{key}-{n})"').format(key=self.key, n=place) if place else _FIRST
                drawn += Markup('<rect x="{x}" y="{y}" width="{w}" height="{h}" {fill}/>').format(
                    x=_round(x),
                    y=_y(reached, top),
                    w=_round(width),
                    h=_round(_y(reached - value, top) - _y(reached, top)),
                    fill=fill,
                )
        return drawn


def scale(most: int) -> list[int]:
    """Round numbers from 0 to at least ``most``, three to six of them."""
    size = 1
    while True:
        for step in _STEPS:
            if step * size * 5 >= most:
                step_size = step * size
                return [step_size * n for n in range(max(2, -(-most // step_size)) + 1)]
        size *= 10


def _y(value: float, top: int) -> float:
    return _round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - value / top))


def _round(value: float) -> float:
    return round(value, 1)


def _short(value: int) -> str:
    return f"{value // 1000}k" if value >= 10_000 and value % 1000 == 0 else str(value)
