# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may log in to the panel; and what is stored about one client."""

from web.pages.access.views import blueprint

__all__ = ["blueprint"]
