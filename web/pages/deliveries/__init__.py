# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits for the portal."""

from web.pages.deliveries.views import blueprint

__all__ = ["blueprint"]
