# SPDX-License-Identifier: GPL-3.0-or-later
"""One customization: its script in an editor, shipped examples, a trial on a past call, its input."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from itgrix_module.app.desk_ports import HookFile, SettingsDesk
from itgrix_module.app.hook_answers import CANCELS
from itgrix_module.app.hook_trial import Trial
from itgrix_module.app.hooking import HOOKS
from web import access, auditing
from web.pages.customizations.words import CASES, LANGUAGES, PURPOSES
from web.preferences import said, text
from web.settings import past
from web.settings.form import mark_of
from web.settings.pages import desk, large

_SHOWN = 20_000  # characters of an input or an answer


def mount(blueprint: Blueprint) -> None:
    """The pages of one customization."""
    for rule, name, view, methods in (
        ("/<hook>", "edit", access.needs(access.SEE)(edit), ["GET"]),
        ("/<hook>", "save", large(access.needs(access.ADMINISTER)(save)), ["POST"]),
        ("/<hook>/copy", "copy", access.needs(access.ADMINISTER)(copy), ["POST"]),
        ("/<hook>/remove", "remove", access.needs(access.ADMINISTER)(remove), ["POST"]),
        ("/<hook>/trial", "trial", access.needs(access.ADMINISTER)(trial), ["POST"]),
    ):
        blueprint.add_url_rule(rule, f"{name}_hook", view, methods=methods)


def edit(hook: str) -> ResponseReturnValue:
    """As it is in the folder; ``?example=`` puts a shipped one into the editor, unsaved."""
    shelf = _known(hook).shelf
    file = shelf.file(hook)
    wanted = request.args.get("example", "")
    example = shelf.example(wanted) if any(each.id == wanted and each.hook == hook for each in shelf.examples()) else ""
    ending = (wanted if example else file.name).rpartition(".")[2]
    return page(hook, entered=example or file.text, ending=ending, is_example=bool(example))


def _known(hook: str) -> SettingsDesk:
    if hook not in HOOKS:
        abort(404)
    return desk()


def page(hook: str, *, entered: str, ending: str, **more: Any) -> str:
    """``entered``: the text in the editor, saved or not."""
    given = desk()
    file = given.shelf.file(hook)
    if "seal" not in more:
        more["seal"] = _seal(file)
    return render_template(
        "customizations/hook.html",
        hook=hook,
        purpose=PURPOSES[hook],
        state=next(state for state in given.shelf.states() if state.name == hook),
        is_enabled=bool(given.book.sheet().values["hooks.enabled"]),
        file=file,
        entered=entered,
        ending=ending if ending in LANGUAGES else "php",
        languages=LANGUAGES,
        examples=[each for each in given.shelf.examples() if each.hook == hook],
        cases=CASES,
        calls=past.recent(),
        sample=json.dumps(given.shelf.sample(hook), ensure_ascii=False, indent=1),
        cancels=said(CANCELS[hook]) if hook in CANCELS else "",
        **more,
    )


def _seal(file: HookFile) -> str:
    return mark_of(file.name, file.text)


def save(hook: str) -> ResponseReturnValue:
    """Check the text, and write it when nothing is wrong with it."""
    shelf = _known(hook).shelf
    entered = request.form.get("text", "").replace("\r\n", "\n")
    ending, seal = request.form.get("ending", ""), request.form.get("seal", "")
    problem = shelf.check(ending, entered) if entered.strip() else "the script is empty"
    if request.form.get("act") == "check":
        return page(hook, entered=entered, ending=ending, problem=said(problem), is_checked=not problem, seal=seal)
    if not problem and seal != _seal(shelf.file(hook)):
        seal = _seal(shelf.file(hook))
        problem = "somebody else has changed this file meanwhile; save again to put yours in its place"
    problem = problem or shelf.write(hook, ending, entered)
    if problem:
        return page(hook, entered=entered, ending=ending, problem=said(problem), seal=seal), 422
    auditing.note("hooks.save", hook=hook, file=f"{hook}.{ending}", characters=len(entered))
    flash(text("The script was saved. It counts from the next call on, if it is switched on."), "ok")
    return redirect(url_for("customizations.edit_hook", hook=hook))


def copy(hook: str) -> ResponseReturnValue:
    """A shipped example becomes the script, where there is none yet."""
    shelf, wanted = _known(hook).shelf, request.form.get("example", "")
    example = shelf.example(wanted) if any(each.id == wanted and each.hook == hook for each in shelf.examples()) else ""
    if not example:
        abort(404)
    if shelf.file(hook).is_there:
        flash(
            text("There is a script already. The example stands in the editor; save it to replace the script."),
            "warning",
        )
        return redirect(url_for("customizations.edit_hook", hook=hook, example=wanted, _anchor="editor"))
    problem = shelf.write(hook, wanted.rpartition(".")[2], example)
    if problem:
        flash(said(problem), "error")
    else:
        auditing.note("hooks.copy", hook=hook, example=wanted)
        flash(text("The example was copied into the folder. Switch it on in the list when you have tried it."), "ok")
    return redirect(url_for("customizations.edit_hook", hook=hook))


def remove(hook: str) -> ResponseReturnValue:
    """Asks first; the file stays beside its place."""
    shelf = _known(hook).shelf
    if "sure" not in request.form:
        return render_template("customizations/remove.html", hook=hook, file=shelf.file(hook))
    problem = shelf.remove(hook)
    if problem:
        flash(said(problem), "error")
    else:
        auditing.note("hooks.remove", hook=hook)
        flash(text("The script was removed; the file is kept with the ending .bak."), "ok")
    return redirect(url_for("customizations.index"))


def trial(hook: str) -> ResponseReturnValue:
    """The saved script on a past call. Nothing is sent."""
    given, call = _known(hook), request.form.get("call", "")
    node, linkedid = past.chosen(call)
    done = given.shelf.tried(hook, node, linkedid)
    if done is None:
        flash(text("Choose a call to try it on."), "warning")
        return redirect(url_for("customizations.edit_hook", hook=hook, _anchor="trial"))
    auditing.note("hooks.trial", hook=hook, call=call)
    file = given.shelf.file(hook)
    return page(hook, entered=file.text, ending=file.name.rpartition(".")[2], trial=_shown(done), call=call)


def _shown(done: Trial) -> dict[str, Any]:
    return {
        "seconds": done.attempt.seconds,
        "given": _json(done.given),
        "answer": _json(done.attempt.said.data),
        "result": _json(done.decision.value),
        "cancelled": done.decision.cancelled,
        "failure": said(done.decision.failure),
        "told": said(done.decision.told),
        "errors": done.attempt.errors,
    }


def _json(value: Any) -> str:
    words = json.dumps(value, ensure_ascii=False, indent=1, default=list)
    return words if len(words) <= _SHOWN else f"{words[:_SHOWN]}…"
