# SPDX-License-Identifier: GPL-3.0-or-later
"""Who changed what: every change made in the panel is noted, without secrets and without customers' data."""

from __future__ import annotations

import logging

from web import access
from web.deps import deps

log = logging.getLogger("itgrix.panel")


def note(action: str, **details: object) -> None:
    """Note that the viewer did ``action`` (``settings.save``); ``details``: what JSON can hold, never a secret.

    The change has been made when this is called: a journal that cannot be written must not look like a failed change,
    so its fault is logged.
    """
    keep = deps().audit
    if keep is None:
        return
    try:
        keep(access.viewer().name, action, details)
    except Exception:
        log.exception("the journal of changes could not take %s", action)
