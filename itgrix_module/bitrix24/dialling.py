# SPDX-License-Identifier: GPL-3.0-or-later
"""Notices to portal users (contract §13)."""

from __future__ import annotations

from itgrix_module.app.errand_ports import Notify
from itgrix_module.app.rest_ports import Command


def notify(key: str, item: Notify) -> Command:
    """im.notify.system.add: from the portal itself, so that nobody seems to have written it."""
    return Command(key, "im.notify.system.add", {"USER_ID": item.user, "MESSAGE": item.text, "TAG": item.tag})
