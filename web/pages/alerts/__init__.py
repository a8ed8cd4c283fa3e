# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is told when a part is broken."""

from web.pages.alerts.views import blueprint

__all__ = ["blueprint"]
