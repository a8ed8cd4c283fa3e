# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts: when and by which ways, which of them stand now, and a test by all ways that are saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from itgrix_module.app.alert_ports import CHAT, MAIL, USER, AlertDesk, Trial, Way
from itgrix_module.app.desk_ports import Listing
from itgrix_module.app.health import Check, Level
from itgrix_module.domain.failures import Failure
from web import access, auditing
from web.deps import deps
from web.i18n import mark
from web.preferences import said, sentence, text
from web.settings.form import SettingsForm
from web.settings.pages import Group, SettingsPage

blueprint = Blueprint("alerts", __name__, url_prefix="/alerts")

WAYS: Mapping[str, str] = {
    USER: mark("User of the portal: {to}"),
    CHAT: mark("Chat of the portal: {to}"),
    MAIL: mark("Mail to {to}"),
}


def more(form: SettingsForm) -> Mapping[str, Any]:
    """What stands above the form; nothing where no service runs behind the panel."""
    desk = deps().alerts
    if desk is None:
        return {"board": None}
    board = _board(desk)
    last: Trial | None = board["last"]
    shown = [*board["ways"], *(each.way for each in last.outcomes)] if last else board["ways"]
    people = form.desk.listing("users") if any(way.kind == USER for way in shown) else Listing()

    def way(found: Way) -> str:
        name = people.name(found.to) if found.kind == USER else ""
        return text(WAYS.get(found.kind, "{to}"), to=f"{name} #{found.to}" if name else found.to)

    return {"board": board, "way": way}


def _board(desk: AlertDesk) -> dict[str, Any]:
    ways = desk.ways()
    in_portal = any(way.kind in (USER, CHAT) for way in ways)
    found: dict[str, Any] = {"ways": ways, "last": desk.last(), "standing": (), "problem": ""}
    try:
        found["standing"] = desk.standing()
    except Failure as failure:
        found["problem"] = failure.text
    return found | {"portal": _portal() if in_portal else None, "is_paused": in_portal and deps().is_paused()}


def _portal() -> Check | None:
    """What is wrong with the portal, by which somebody is to be told."""
    checks = (check for check in deps().health().checks if check.part == "portal")
    return next((check for check in checks if check.level is not Level.OK), None)


@blueprint.post("/test")
@access.needs(access.ADMINISTER)
def test() -> ResponseReturnValue:
    """One message by each way that is saved; its answers stand on the page."""
    desk = deps().alerts
    if desk is None:
        abort(404)
    try:
        trial = desk.test()
    except Failure as failure:
        flash(f"{sentence(said(failure.text))}. {said(failure.hint)}".rstrip(), "warning")
    else:
        auditing.note("alerts.test", sent=trial.sent, failed=trial.failed)
        flash(_summary(trial), "error" if trial.failed else "ok")
    return redirect(url_for("alerts.index", _anchor="test"), 303)


def _summary(trial: Trial) -> str:
    if not trial.failed:
        return text("The test was sent by every way. See whether it has arrived.")
    if not trial.sent:
        return text("The test could not be sent by any way. Why stands below.")
    return text("The test was not sent by every way. What went wrong stands below.")


PAGE = SettingsPage(
    "alerts",
    mark("Alarms"),
    (
        Group(mark("When"), ("alerts.minutes",), prefixes=("alerts.",)),
        Group(
            mark("In the portal"),
            ("alerts.user", "alerts.chat"),
            mark("While the portal itself is away nothing arrives there: name a mail address as well."),
        ),
        Group(
            mark("By mail"),
            (
                "alerts.mail_to",
                "alerts.mail_server",
                "alerts.mail_tls",
                "alerts.mail_user",
                "alerts.mail_password",
                "alerts.mail_from",
            ),
            prefixes=("alerts.mail_",),
        ),
    ),
    mark(
        "Somebody is told when a part is broken: the connection to the PBX, Bitrix24, the database, deliveries,"
        " recordings, employees, routing, click-to-call. Also when the disk is nearly full, deliveries are late or have"
        " failed, the call records of the PBX cannot be read, or this version is no longer supported. Each fault is"
        " told once when it has lasted for the time below, and once more when all is well again."
    ),
    template="alerts/index.html",
    more=more,
)
PAGE.mount(blueprint)
