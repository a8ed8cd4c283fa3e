# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to recordings, and how links to them work."""

from __future__ import annotations

from flask import Blueprint

from web.i18n import mark
from web.settings.pages import Group, SettingsPage

blueprint = Blueprint("recordings_settings", __name__, url_prefix="/settings-of-recordings")

PAGE = SettingsPage(
    "recordings_settings",
    mark("Recordings"),
    (
        Group(
            mark("Where recordings go"),
            ("recordings.mode", "recordings.incoming", "recordings.outgoing"),
            mark("A line may have a rule of its own, see the page of lines."),
        ),
        Group(
            mark("Files"),
            ("recordings.directory", "recordings.bitrate", "recordings.keep_days"),
            prefixes=("recordings.",),
        ),
        Group(
            mark("Links"),
            (
                "recordings.link_to",
                "recordings.link_days",
                "recordings.link_access",
                "recordings.link_networks",
                "recordings.link_relay",
            ),
            mark("Only for recordings that stay on the PBX."),
            ("recordings.link",),
        ),
    ),
    mark("Recordings are converted and uploaded in the background; live calls never wait for them."),
)
PAGE.mount(blueprint)
