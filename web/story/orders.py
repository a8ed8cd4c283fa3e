# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that were ordered in the portal, in words for a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from itgrix_module.app import dial_words
from itgrix_module.domain.ordered import CALLBACK
from web.formatting import phone
from web.preferences import language, text
from web.story.scene import Scene

Told = tuple[str, str, bool, str]


def ordered(scene: Scene, data: Mapping[str, Any]) -> Told:
    """Who is to call whom."""
    employee, number = str(data.get("employee", "")), phone(str(data.get("number", "")))
    if data.get("order") == CALLBACK:
        return "out", text("{number} asked to be called back: the PBX is to call", number=number), False, ""
    who = scene.party(employee) if employee else text("somebody without a phone")
    return "out", text("{who} clicked {number} in the portal: the PBX is to call", who=who, number=number), False, ""


def failed(_scene: Scene, data: Mapping[str, Any]) -> Told:
    """Why the PBX did not do it; what only seems so is for experts."""
    why = dial_words.reason_of_form(str(data.get("code", "")), language()) or str(data.get("code", ""))
    return "missed", text("The call did not come about: {why}", why=why), bool(data.get("unless_heard")), "warning"
