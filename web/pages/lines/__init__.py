# SPDX-License-Identifier: GPL-3.0-or-later
"""What each trunk or DID means in the portal."""

from web.pages.lines.views import blueprint

__all__ = ["blueprint"]
