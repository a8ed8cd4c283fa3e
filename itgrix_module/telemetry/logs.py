# SPDX-License-Identifier: GPL-3.0-or-later
"""Where log lines go and what they look like."""

from __future__ import annotations

import logging
import sys

_LINE = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_QUIET = ("alembic", "apscheduler", "urllib3", "waitress", "werkzeug")


def to_stderr(level: str = "INFO") -> None:
    """Our lines at ``level``, those of the libraries only from warnings on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(_LINE))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("itgrix").setLevel(level)
    logging.getLogger("itgrix_module").setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
