# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, added, changed and removed; and what is stored about a client, shown, exported or erased."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any, cast

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from itgrix_module.app.passwords import folded
from itgrix_module.app.user_ports import ADMINISTER, OPERATE, VIEW
from itgrix_module.domain.failures import NeedsOwner
from web import access, auditing, sessions
from web.deps import deps
from web.i18n import mark
from web.operating import Operations
from web.pages.access.forms import AddForm, ClientForm, UserForm
from web.preferences import said, sentence, text

log = logging.getLogger("itgrix.panel")
blueprint = Blueprint("access", __name__, url_prefix="/access")

ROLE_TITLES: Mapping[str, tuple[str, str]] = {
    VIEW: (mark("Viewer"), mark("sees calls and deliveries")),
    OPERATE: (mark("Operator"), mark("repeats and drops deliveries as well")),
    ADMINISTER: (mark("Administrator"), mark("may do everything")),
}
_PROBLEM_FIELDS = {"user_name": "name", "user_exists": "name", "role_unknown": "role", "first_administrator": "role"}


def operations() -> Operations:
    """There, or these pages would not be."""
    return cast(Operations, deps().operations)


def role_title(role: str) -> str:
    """A role in the reader's language."""
    return text(ROLE_TITLES[role][0]) if role in ROLE_TITLES else role


@blueprint.get("/")
@access.needs(access.ADMINISTER)
def index() -> ResponseReturnValue:
    """All users, or who lets people in instead."""
    first = not operations().accounts.exist()
    return _page(AddForm(formdata=None, role=ADMINISTER if first else OPERATE))


def _page(form: AddForm) -> str:
    users = operations().accounts.users()
    return render_template(
        "access/index.html",
        form=form,
        users=users,
        by_gate=bool(users) and not operations().asks_login(),
        own_name=access.viewer().name,
        is_gate=_lets_gate_in(),
        roles=[(role, text(title), text(what)) for role, (title, what) in ROLE_TITLES.items()],
    )


def _lets_gate_in() -> bool:
    return sessions.current() is None and "itgrix.visitor" in request.environ


@blueprint.post("/add")
@access.needs(access.ADMINISTER)
def add() -> ResponseReturnValue:
    """A new user; the first one ends the time in which this machine was let in without a login."""
    form = AddForm()
    if not form.validate():
        return _page(form), 400
    is_first = not operations().accounts.exist()
    try:
        user = operations().accounts.add(
            str(form.name.data), str(form.password.data), str(form.role.data), listens=bool(form.listens.data)
        )
    except NeedsOwner as failure:
        getattr(form, _PROBLEM_FIELDS.get(failure.code, "password")).errors = [_words(failure)]
        return _page(form), 400
    auditing.note("users.add", subject=user.name, role=user.role, listens=user.listens)
    flash(text("{name} may log in now.", name=user.name), "ok")
    if is_first and operations().asks_login():
        flash(text("From now on everybody has to log in, you as well."), "info")
        return redirect(url_for("login.index"), 303)
    return redirect(url_for("access.index"), 303)


@blueprint.post("/change")
@access.needs(access.ADMINISTER)
def change() -> ResponseReturnValue:
    """One order about one user."""
    form = UserForm()
    if not form.validate():
        abort(400)
    name, order = folded(str(form.name.data)), str(form.order.data)
    if order == "remove":
        return render_template("access/remove.html", name=name)
    try:
        told = _changed(name, order, form)
    except NeedsOwner as failure:
        flash(_words(failure), "error")
    else:
        flash(told, "ok")
    return redirect(url_for("access.index"), 303)


def _changed(name: str, order: str, form: UserForm) -> str:
    accounts = operations().accounts
    if order == "role":
        accounts.set_role(name, str(form.role.data), listens=bool(form.listens.data))
        auditing.note("users.role", subject=name, role=str(form.role.data), listens=bool(form.listens.data))
        return text("{name}: {role}.", name=name, role=role_title(str(form.role.data)))
    if order == "password":
        accounts.set_password(name, str(form.password.data or ""))
        auditing.note("users.password", subject=name)
        return text("{name} has a new password and was logged out everywhere.", name=name)
    accounts.remove(name)
    auditing.note("users.remove", subject=name)
    return text("{name} is removed and was logged out everywhere.", name=name)


def _words(failure: NeedsOwner) -> str:
    hint = f" {said(failure.hint)}" if failure.hint and "`" not in failure.hint else ""
    return f"{sentence(said(failure.text))}.{hint}"


# -- what is stored about a client


@blueprint.get("/client")
@access.needs(access.ADMINISTER)
def client() -> str:
    """Ask for the number."""
    return render_template("access/client.html", form=ClientForm(formdata=None), found=None, erased=None)


@blueprint.post("/client")
@access.needs(access.ADMINISTER)
def client_order() -> ResponseReturnValue:
    """Look, export or erase. The number goes in the form, never in an address or the journal."""
    form = ClientForm()
    if not form.validate():
        return render_template("access/client.html", form=form, found=None, erased=None), 400
    number = str(form.number.data)
    try:
        return _ordered(str(form.order.data), number, form)
    except NeedsOwner as failure:
        form.number.errors = [_words(failure)]
        return render_template("access/client.html", form=form, found=None, erased=None), 400


def _ordered(order: str, number: str, form: ClientForm) -> ResponseReturnValue:
    if order == "export":
        data = operations().export(number)
        auditing.note("clients.export", calls=len(data["calls"]))
        return _download(data)
    if order == "erase":
        erased = operations().erase(number)
        auditing.note("clients.erase", calls=erased.calls, others=erased.others)
        return render_template("access/client.html", form=ClientForm(formdata=None), found=None, erased=erased)
    return render_template("access/client.html", form=form, found=operations().find(number), erased=None)


def _download(data: Mapping[str, Any]) -> Response:
    content = json.dumps(data, ensure_ascii=False, indent=2, default=str)
    answer = Response(content, mimetype="application/json")
    answer.headers["Content-Disposition"] = "attachment; filename=client.json"
    return answer
