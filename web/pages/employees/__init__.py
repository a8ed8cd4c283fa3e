# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has which extension."""

from web.pages.employees.views import blueprint

__all__ = ["blueprint"]
