# SPDX-License-Identifier: GPL-3.0-or-later
"""A page of settings: groups of fields, opened, filled in, tried and saved at one address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from itgrix_module.app.desk_ports import SettingsDesk
from web import access
from web.deps import deps
from web.preferences import plural, text
from web.settings.form import Change, Field, SettingsForm
from web.settings.widgets import shortened

_SHOWN = 12  # changes that are told one by one
MOST = 1_000_000  # bytes of a form of settings: a table of lines is long


@dataclass(frozen=True)
class Group:
    """Fields that belong together. ``prefixes``: further settings, also those of later versions, that belong here.
    ``is_drawn``: else the page's own template shows them.
    """

    title: str
    keys: Sequence[str] = ()
    intro: str = ""
    prefixes: Sequence[str] = ()
    is_drawn: bool = True


@dataclass(frozen=True)
class ShownGroup:
    """Titles in the reader's language."""

    title: str
    intro: str
    fields: Sequence[Field]


More = Callable[[SettingsForm], Mapping[str, Any]]


def _nothing(_form: SettingsForm) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class SettingsPage:
    """``more``: what the template needs besides, also after ``try``; ``template``: extends the plain one."""

    endpoint: str
    title: str
    groups: Sequence[Group]
    intro: str = ""
    template: str = "settings/page.html"
    more: More = _nothing
    without: Sequence[str] = field(default=())

    def keys(self, desk: SettingsDesk) -> list[list[str]]:
        """Of each group."""
        taken = {key for group in self.groups for key in group.keys} | set(self.without)
        found: list[list[str]] = []
        for group in self.groups:
            more = [key for key in desk.book.specs() if key not in taken and key.startswith(tuple(group.prefixes))]
            taken |= set(more)
            found.append([*group.keys, *more])
        return found

    def mount(self, blueprint: Blueprint, rule: str = "/") -> None:
        """Both ways in."""
        blueprint.add_url_rule(rule, "index", access.needs(access.SEE)(self.show), methods=["GET"])
        blueprint.add_url_rule(rule, "save", large(access.needs(access.ADMINISTER)(self.change)), methods=["POST"])

    def show(self) -> ResponseReturnValue:
        """As stored."""
        return self.render(self.form())

    def form(self) -> SettingsForm:
        """With the settings of now."""
        given = desk()
        return SettingsForm.of(given, [key for keys in self.keys(given) for key in keys])

    def change(self) -> ResponseReturnValue:
        """Save, or only do what another button says."""
        form = self.form()
        form.fill(request.form)
        order = request.form.get("act", "save")
        if order == "try":
            return self.render(form)
        if order != "save":
            form.move(order)
            return self.render(form)
        changes = form.save()
        if changes is None:
            return self.render(form), 422
        tell(changes)
        return redirect(url_for(f"{self.endpoint}.index"))

    def render(self, form: SettingsForm) -> str:
        """The page around a form."""
        return render_template(
            self.template,
            title=text(self.title),
            intro=text(self.intro) if self.intro else "",
            form=form,
            groups=self._shown(form),
            people=form.desk.listing("users"),
            action=url_for(f"{self.endpoint}.save"),
            **self.more(form),
        )

    def _shown(self, form: SettingsForm) -> list[ShownGroup]:
        keys = self.keys(form.desk)
        return [
            ShownGroup(
                text(group.title),
                text(group.intro) if group.intro else "",
                [form.fields[key] for key in found if key in form.fields],
            )
            for group, found in zip(self.groups, keys, strict=True)
            if group.is_drawn
        ]


def desk() -> SettingsDesk:
    """What the pages work with; without it there are none."""
    found = deps().settings
    if found is None:
        abort(404)
    return found


def tell(changes: Iterable[Change]) -> None:
    """Say what was changed, from what to what."""
    listed = list(changes)
    if not listed:
        flash(text("Nothing to save: all is as it was."), "live")
        return
    lines = [f"{each.title}: {_part(each.before)} → {_part(each.after)}" for each in listed[:_SHOWN]]
    if len(listed) > _SHOWN:
        lines.append(plural("and {n} more", "and {n} more", len(listed) - _SHOWN))
    head = plural("{n} setting saved:", "{n} settings saved:", len(listed))
    flash("\n".join([head, *lines]), "ok")


def _part(words: str) -> str:
    """Short enough for a cookie, which carries it to the next page."""
    short = shortened(words)
    return short if len(short) <= 60 else f"{short[:59]}…"


def large(view: Callable[..., Any], most: int = MOST) -> Callable[..., Any]:
    """Mark a page that takes more than a small form; see ``bounds``."""
    view.max_request = most  # type: ignore[attr-defined]
    return view
