# SPDX-License-Identifier: GPL-3.0-or-later
"""A call as one JSON document for support: everything that the page knows, without secrets, and if wished persons."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from itgrix_module.storage.queries import CallStory
from web.masking import without_persons, without_secrets

FORMAT = 1


def transcript(story: CallStory, version: str, *, masked: bool) -> dict[str, Any]:
    """JSON data. ``masked``: outside numbers keep four digits, names are left out."""
    call = story.item.call
    data = without_secrets(
        {
            "format": FORMAT,
            "version": version,
            "call": {key: value for key, value in asdict(call).items() if key != "state"},
            "merged": story.merged,
            "portal": asdict(story.item.portal),
            "delivery": story.item.delivery,
            "timeline": [asdict(entry) for entry in story.timeline],
            "steps": [asdict(step) for step in story.steps],
        }
    )
    if not masked:
        return dict(data)
    known = (call.client, *call.rang, call.answered_by, call.last_talker)
    return dict(without_persons(data, known, own=(call.line, call.trunk)))
