# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a call in the CRM."""

from web.pages.rules.views import blueprint

__all__ = ["blueprint"]
