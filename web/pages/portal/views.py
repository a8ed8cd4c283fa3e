# SPDX-License-Identifier: GPL-3.0-or-later
"""How the portal is joined, what it lacks, which events come how; authorise again, try the connection, mend."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from itgrix_module.domain.failures import Failure
from web import access, auditing
from web.deps import deps
from web.pages.portal.desk import PATH, PortalDesk
from web.pages.portal.forms import AddressForm, OrderForm, answer_of
from web.preferences import plural, said, text

blueprint = Blueprint("portal", __name__, url_prefix="/portal")


@blueprint.get("/")
@access.needs(access.SEE)
def index() -> str:
    """The page."""
    return _page()


@blueprint.post("/test")
@access.needs(access.ADMINISTER)
def test() -> ResponseReturnValue:
    """Try what the authorisation allows; nothing changes in the portal."""
    _checked(OrderForm())
    try:
        return _page(tested=_desk().test())
    except Failure as failure:
        return _page(tested_failure=failure)


@blueprint.post("/handlers")
@access.needs(access.ADMINISTER)
def handlers() -> ResponseReturnValue:
    """Compare our handlers in the portal with what we want, and mend them."""
    _checked(OrderForm())
    try:
        found = _desk().mend()
    except Failure as failure:
        flash(f"{said(failure.text)} {said(failure.hint)}", "error")
        return redirect(url_for("portal.index"))
    auditing.note("portal.handlers", added=found.added, removed=found.removed)
    if found.added or found.removed:
        flash(
            text("Events of the portal: bound {added}, unbound {removed}.", added=found.added, removed=found.removed),
            "ok",
        )
    else:
        flash(text("All events are bound as they should be."), "ok")
    return redirect(url_for("portal.index"))


@blueprint.post("/authorise")
@access.needs(access.ADMINISTER)
def authorise() -> ResponseReturnValue:
    """Show the way to the portal's page: a person confirms there, in a window of the portal's own."""
    _checked(OrderForm())
    try:
        page = _desk().authorise()
    except Failure as failure:
        flash(f"{said(failure.text)} {said(failure.hint)}", "error")
        return redirect(url_for("portal.index"))
    return render_template("portal/authorise.html", page=page, host=urlsplit(page).netloc, form=AddressForm())


@blueprint.route("/authorised", methods=["GET", "POST"])
@access.needs(access.ADMINISTER)
def authorised() -> ResponseReturnValue:
    """The portal leads back here, or the person brings the address where it led to."""
    if request.method == "GET":
        given = request.args
        return _finish(given.get("state", ""), given.get("code", ""), given.get("server_domain", ""))
    form = AddressForm()
    if not form.validate():
        if form.errors.get("csrf_token"):
            abort(400)
        flash(" ".join(text(str(problem)) for problem in form.address.errors), "error")
        return render_template("portal/authorise.html", page="", host="", form=form)
    return _finish(*answer_of(form.address.data))


def _finish(state: str, code: str, server: str) -> ResponseReturnValue:
    try:
        domain = _desk().authorised(state, code, server[:253])
    except Failure as failure:
        flash(f"{said(failure.text)} {said(failure.hint)}", "error")
        return redirect(url_for("portal.index"))
    auditing.note("portal.authorise", portal=domain)
    flash(text("The application is authorised at {domain}.", domain=domain), "ok")
    return redirect(url_for("portal.index"))


def _checked(form: OrderForm) -> None:
    if not form.validate():
        abort(400)


def _desk() -> PortalDesk:
    found = deps().portal
    assert found is not None
    return found


def _page(**shown: Any) -> str:
    seen = _desk().overview(recent=True)
    names = sorted({each.event for each in seen.bound})
    return render_template(
        "portal/index.html", seen=seen, names=names, now=deps().clock(), path=PATH, plural=plural, **shown
    )
