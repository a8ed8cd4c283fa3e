# SPDX-License-Identifier: GPL-3.0-or-later
"""The login, the logout, and one's own password."""

from __future__ import annotations

import logging
import math
from typing import cast
from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from itgrix_module.domain.failures import NeedsOwner
from web import access, auditing, sessions
from web.deps import deps
from web.i18n import mark
from web.operating import Operations
from web.pages.login.forms import LoginForm, PasswordForm
from web.preferences import plural, said, sentence, text

log = logging.getLogger("itgrix.panel")
blueprint = Blueprint("login", __name__)

_WRONG = mark("The name or the password is wrong.")


def operations() -> Operations:
    """There, or these pages would not be."""
    return cast(Operations, deps().operations)


@blueprint.get("/login")
def index() -> ResponseReturnValue:
    """The form; whoever is logged in goes on."""
    target = safe(request.args.get("next", ""))
    if not operations().asks_login() or _is_in():
        return redirect(_address(target), 303)
    return render_template("login/index.html", form=LoginForm(formdata=None, next=target), problem="")


def _is_in() -> bool:
    return operations().accounts.session(request.cookies.get(sessions.COOKIE, "")) is not None


@blueprint.post("/login")
def enter() -> ResponseReturnValue:
    """Name and password to a session."""
    form = LoginForm()
    if not form.validate():
        return _again(form, "", 400)
    address = request.remote_addr or ""
    entry = operations().accounts.enter(str(form.name.data), str(form.password.data), address)
    if entry.wait > 0:
        log.warning("somebody at %s tries passwords and has to wait", address)
        return _again(form, _patience(entry.wait), 429)
    if entry.user is None:
        log.info("a login from %s was refused", address)
        return _again(form, text(_WRONG), 401)
    return _welcome(entry.token, sessions.viewer_of(entry.user), safe(str(form.next.data or "")))


def _welcome(token: str, viewer: access.Viewer, target: str) -> Response:
    old = request.cookies.get(sessions.COOKIE, "")
    if old:
        operations().accounts.leave(old)
    # What belonged to the visitor before he was known (forms, messages) does not go on.
    session.clear()
    g.viewer = viewer
    auditing.note("login.enter")
    answer = redirect(_address(target), 303)
    sessions.keep_cookie(answer, token)
    return answer


def _patience(seconds: float) -> str:
    whole = math.ceil(seconds)
    if whole < 60:
        return plural(
            "Too many wrong attempts. Try again in {n} second.",
            "Too many wrong attempts. Try again in {n} seconds.",
            whole,
        )
    return plural(
        "Too many wrong attempts. Try again in {n} minute.",
        "Too many wrong attempts. Try again in {n} minutes.",
        math.ceil(whole / 60),
    )


def _again(form: LoginForm, problem: str, code: int) -> ResponseReturnValue:
    form.next.data = safe(str(form.next.data or ""))
    return render_template("login/index.html", form=form, problem=problem), code


def safe(target: str) -> str:
    """A page of ours; empty for anything that may lead elsewhere."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return ""
    is_path = target.startswith("/") and not target.startswith("//") and not parts.scheme and not parts.netloc
    is_plain = target.isascii() and target.isprintable() and not set(target) & set("\\ ")
    return target if is_path and is_plain and not parts.path.startswith(("/login", "/logout")) else ""


def _address(target: str) -> str:
    return f"{request.script_root}{target}" if target else url_for("status.index")


@blueprint.post("/logout")
def leave() -> Response:
    """The session ends here and in the table."""
    if sessions.current() is not None:
        auditing.note("login.leave")
    operations().accounts.leave(request.cookies.get(sessions.COOKIE, ""))
    session.clear()
    answer = redirect(url_for("login.index"), 303)
    sessions.drop_cookie(answer)
    return answer


@blueprint.get("/account")
@access.needs(access.SEE)
def account() -> str:
    """One's own password and sessions."""
    return _account(PasswordForm(formdata=None))


def _account(form: PasswordForm) -> str:
    found = sessions.current()
    if found is None:
        abort(404)
    mine = operations().accounts.sessions_of(found.user.name)
    return render_template("login/account.html", form=form, session_now=found, sessions=mine)


@blueprint.post("/account/password")
@access.needs(access.SEE)
def password() -> ResponseReturnValue:
    """A new password ends all sessions, this one goes on as a new one."""
    form, found = PasswordForm(), sessions.current()
    if found is None:
        abort(404)
    accounts, name, address = operations().accounts, found.user.name, request.remote_addr or ""
    if form.validate() and not accounts.is_password(name, str(form.old.data), address):
        form.old.errors = [mark("This is not your password, or there were too many wrong attempts.")]
    if form.errors or form.old.errors:
        return _account(form), 400
    try:
        accounts.set_password(name, str(form.new.data))
    except NeedsOwner as failure:
        form.new.errors = [sentence(said(failure.text))]
        return _account(form), 400
    auditing.note("login.password")
    flash(text("The password is changed; you were logged out everywhere else."), "ok")
    answer = redirect(url_for("login.account"), 303)
    sessions.keep_cookie(answer, accounts.enter(name, str(form.new.data), address).token)
    return answer


@blueprint.post("/account/others")
@access.needs(access.SEE)
def leave_others() -> Response:
    """Log out everywhere but here."""
    found = sessions.current()
    if found is None:
        abort(404)
    count = operations().accounts.leave_others(found)
    auditing.note("login.leave_others", sessions=count)
    flash(plural("{n} other session was ended.", "{n} other sessions were ended.", count), "ok")
    return redirect(url_for("login.account"), 303)
