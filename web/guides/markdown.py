# SPDX-License-Identifier: GPL-3.0-or-later
"""Our guides as markup: what is no Markdown is escaped, pictures are left out, for they are not shipped."""

from __future__ import annotations

from collections.abc import Callable

import mistune
from markupsafe import Markup, escape
from mistune.plugins.table import table

Address = Callable[[str], str]


def page(text: str, address: Address) -> Markup:
    """``address``: of the guide with a name, empty for none."""
    markdown = mistune.Markdown(renderer=_Guide(address), plugins=[table])
    return Markup(markdown(text))  # noqa: S704 -- the renderer escapes


class _Guide(mistune.HTMLRenderer):
    """Blocks that may be wider than a phone can be scrolled, by keyboard as well."""

    def __init__(self, address: Address) -> None:
        super().__init__(escape=True)
        self._address = address

    def link(self, text: str, url: str, title: str | None = None) -> str:  # noqa: ARG002
        if url.startswith("https://"):
            return f'<a href="{escape(url)}" rel="noopener noreferrer" target="_blank">{text}</a>'
        found = self._address(url.partition("#")[0].removesuffix(".md"))
        return f'<a href="{escape(found)}">{text}</a>' if found else text

    def paragraph(self, text: str) -> str:
        return super().paragraph(text) if text.strip() else ""  # it was a picture

    def image(self, text: str, url: str, title: str | None = None) -> str:  # noqa: ARG002
        return ""

    def block_html(self, html: str) -> str:
        return "" if html.lstrip().startswith("<!--") else super().block_html(html)

    def block_code(self, code: str, info: str | None = None) -> str:  # noqa: ARG002
        return super().block_code(code).replace("<pre>", '<pre tabindex="0">', 1)

    def table(self, text: str) -> str:
        return f'<div class="scroll" tabindex="0"><table>{text}</table></div>\n'

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:  # noqa: ARG002
        return f'<th scope="col">{text}</th>' if head else f"<td>{text}</td>"
