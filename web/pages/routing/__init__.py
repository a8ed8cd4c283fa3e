# SPDX-License-Identifier: GPL-3.0-or-later
"""Smart routing and working hours."""

from web.pages.routing.views import blueprint

__all__ = ["blueprint"]
