# SPDX-License-Identifier: GPL-3.0-or-later
"""All settings, and their export and import."""

from web.pages.settings.views import blueprint

__all__ = ["blueprint"]
