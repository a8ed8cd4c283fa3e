# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the look for new versions."""

from __future__ import annotations

from itgrix_module.app.updates import is_safe
from itgrix_module.settings_checks import Setting


def address(value: str) -> str:
    """https, or nothing."""
    return "" if not value or (len(value) <= 500 and is_safe(value)) else "must be an https address"


UPDATES = (
    Setting("updates.check", bool, True, "Look for new versions each day; nothing is installed by itself"),
    Setting(
        "updates.url", str, "", "Where the list of releases is; empty: the address that this release names", address
    ),
)
