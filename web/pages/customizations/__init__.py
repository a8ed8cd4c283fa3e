# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts of the administrator that change what is told to the portal."""

from web.pages.customizations.views import blueprint

__all__ = ["blueprint"]
