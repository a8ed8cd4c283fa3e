# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks where the panel itself lets people in: by a cookie that names a session.

While there is no user nobody could log in, and only this machine is let in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from flask import Flask, Request, current_app, has_request_context, redirect, request, url_for
from flask.sessions import SecureCookieSessionInterface
from werkzeug.wrappers import Response

from itgrix_module.app.user_ports import ADMINISTER, OPERATE, VIEW, Session, User
from itgrix_module.app.users import Accounts
from itgrix_module.domain.failures import Failure
from web import access
from web.deps import PanelDeps, deps
from web.operating import Operations

COOKIE = "itgrix_login"
RIGHTS = {
    VIEW: frozenset({access.SEE}),
    OPERATE: frozenset({access.SEE, access.CHANGE}),
    ADMINISTER: access.EVERYTHING,
}
_SESSION = "itgrix.session"


def viewer_of(user: User) -> access.Viewer:
    """A user with the rights of his role."""
    rights = RIGHTS.get(user.role, frozenset())
    return access.Viewer(user.name, rights | {access.LISTEN} if user.hears and rights else rights)


def door(accounts: Accounts) -> Callable[[Request], access.Viewer | None]:
    """For ``PanelDeps.viewer``."""
    with suppress(Failure):  # known before anybody asks, so that a database that goes away locks nobody out
        accounts.exist()

    def viewer(asked: Request) -> access.Viewer | None:
        if not accounts.exist():
            return access.local_viewer(asked)
        found = accounts.session(asked.cookies.get(COOKIE, ""))
        asked.environ[_SESSION] = found
        return viewer_of(found.user) if found else None

    return viewer


def seated(given: PanelDeps, operations: Operations, behind_gate: bool) -> PanelDeps:
    """With users, journal, log and backups. ``behind_gate``: the PBX's login counts, the panel has none of its own."""
    if behind_gate:
        operations.leave_login_to(lambda: False)
    return replace(
        given,
        operations=operations,
        audit=noted(operations.note),
        hosts=_Hosts(operations.hosts),
        viewer=given.viewer if behind_gate else door(operations.accounts),
    )


class _Hosts(Collection[str]):
    """Names as the settings have them at this moment."""

    def __init__(self, names: Callable[[], list[str]]) -> None:
        self._names = names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def __contains__(self, name: object) -> bool:
        return name in self._names()


def current() -> Session | None:
    """The session of this request; None when the viewer was let in another way."""
    found = request.environ.get(_SESSION)
    return found if isinstance(found, Session) else None


def keep_cookie(answer: Response, token: str) -> None:
    """It ends with the browser; the table knows when it ends at the latest."""
    answer.set_cookie(COOKIE, token, path=_path(), secure=is_secure(), httponly=True, samesite="Lax")


def drop_cookie(answer: Response) -> None:
    answer.delete_cookie(COOKIE, path=_path(), secure=is_secure(), httponly=True, samesite="Lax")


def is_secure() -> bool:
    """Must cookies go over TLS only?"""
    operations = deps().operations
    wanted = deps().secure_cookies or (operations is not None and operations.secure_cookies())
    return wanted or request.is_secure


def _path() -> str:
    return str(current_app.config["SESSION_COOKIE_PATH"])


class _Cookies(SecureCookieSessionInterface):
    """Flask's cookie of forms and messages, secure whenever ours is."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return bool(app.config["SESSION_COOKIE_SECURE"]) or is_secure()


def install(app: Flask) -> None:
    """Make the cookies safe; lead people without a session to the login."""
    app.session_interface = _Cookies()
    app.extensions[access.WAY_IN] = way_in
    app.context_processor(lambda: {"login": current()})


def way_in() -> Response | None:
    """Where to send somebody who is not let in but could log in; None for scripts and forms."""
    operations = deps().operations
    if operations is None or not operations.asks_login() or "login.index" not in current_app.view_functions:
        return None
    is_page = request.method == "GET" and (request.accept_mimetypes.accept_html or not request.accept_mimetypes)
    if not is_page or request.path.startswith("/api/") or request.headers.get("X-Requested-With"):
        return None
    target = request.full_path.rstrip("?") if request.path != "/" else ""
    answer = redirect(url_for("login.index", next=target or None, lang=request.args.get("lang")), 303)
    if request.cookies.get(COOKIE):
        drop_cookie(answer)
    return answer


def noted(note: Callable[[str, str, Mapping[str, object], str], None]) -> Callable[[str, str, Mapping[str, Any]], None]:
    """For ``PanelDeps.audit``: with the visitor's address."""

    def keep(who: str, action: str, details: Mapping[str, Any]) -> None:
        address = (request.remote_addr or "") if has_request_context() else ""
        note(who, action, details, address)

    return keep
