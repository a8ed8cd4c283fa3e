# SPDX-License-Identifier: GPL-3.0-or-later
"""Export and import of all settings as one file."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from itgrix_module.app.desk_ports import Overtaken
from web import access, auditing
from web.deps import deps
from web.preferences import said, text, zone
from web.settings.form import noted
from web.settings.pages import desk, large, tell
from web.settings.transfer import NoSettings, Pending, Waiting, parsed, planned


def mount(blueprint: Blueprint) -> None:
    """The pages; their addresses stand before those of the parts."""
    for rule, name, view, method in (
        ("/transfer", "transfer", access.needs(access.ADMINISTER)(transfer), "GET"),
        ("/transfer/export", "export", access.needs(access.ADMINISTER)(export), "POST"),
        ("/transfer/import", "upload", large(access.needs(access.ADMINISTER)(upload)), "POST"),
        ("/transfer/confirm", "confirm", access.needs(access.ADMINISTER)(confirm), "POST"),
    ):
        blueprint.add_url_rule(rule, name, view, methods=[method])


def transfer() -> ResponseReturnValue:
    """Both forms."""
    return _page()


def _page(problem: str = "", entered: str = "") -> str:
    return render_template(
        "settings/transfer.html", problem=problem, entered=entered, count=len(desk().book.sheet().given)
    )


def export() -> ResponseReturnValue:
    """One JSON object, as ``itgrix settings export`` writes it; secrets only when that is confirmed."""
    wants_secrets, is_sure = request.form.get("secrets") == "on", request.form.get("sure") == "on"
    if wants_secrets and not is_sure:
        return _page(text("Secrets are only put into the file when you confirm that you will keep it safe.")), 422
    content = json.dumps(desk().book.exported(secrets=wants_secrets), ensure_ascii=False, indent=2) + "\n"
    auditing.note("settings.export", secrets=wants_secrets)
    day = datetime.fromtimestamp(deps().clock(), zone())
    name = f"itgrix-settings-{day:%Y-%m-%d}.json"
    answer = Response(content, mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def upload() -> ResponseReturnValue:
    """Say what a file would change; nothing is changed yet."""
    content = _content()
    if content is None:
        return _page(text("The file is no text in UTF-8.")), 422
    if not content.strip():
        return _page(text("Choose a file first, or put its text into the field.")), 422
    try:
        given = parsed(content)
    except NoSettings as bad:
        return _page(said(str(bad)), "" if request.files.get("file") else content), 422
    resets = request.form.get("resets") == "on"
    plan = planned(desk(), given, resets=resets)
    if plan.problems:
        return render_template("settings/plan.html", plan=plan, token=""), 422
    token = _pending().put(access.viewer().name, given, resets=resets) if plan.changes else ""
    return render_template("settings/plan.html", plan=plan, token=token)


def _content() -> str | None:
    file = request.files.get("file")
    if file is None or not file.filename:
        return request.form.get("text", "")
    try:
        return str(file.read(), "utf-8-sig")
    except UnicodeDecodeError:
        return None


def _pending() -> Pending:
    found = current_app.extensions[Pending.KEY]
    assert isinstance(found, Pending)
    return found


def confirm() -> ResponseReturnValue:
    """Import what was shown, as a whole or not at all."""
    waiting = _pending().take(access.viewer().name, request.form.get("token", ""))
    if waiting is None:
        flash(text("The file is no longer there: choose it again."), "warning")
        return redirect(url_for("settings.transfer"))
    return _import(waiting)


def _import(waiting: Waiting) -> ResponseReturnValue:
    given = desk()
    sheet = given.book.sheet()
    plan = planned(given, waiting.given, resets=waiting.resets)
    changes: dict[str, Any] = {each.key: each.new for each in plan.changes if not each.removed}
    removed = [each.key for each in plan.changes if each.removed]
    try:
        problems = plan.problems or given.book.save(changes, removed, sheet.version)
    except Overtaken:
        flash(text("The settings are being changed by somebody else at this moment. Try again."), "warning")
        return redirect(url_for("settings.transfer"))
    if problems:
        return render_template("settings/plan.html", plan=planned(given, waiting.given, resets=False), token=""), 422
    noted(plan.changes)
    auditing.note("settings.import", keys=sorted([*changes, *removed]))
    tell(plan.changes)
    return redirect(url_for("settings.index", only="changed"))
