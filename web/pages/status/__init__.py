# SPDX-License-Identifier: GPL-3.0-or-later
"""The status page."""

from web.pages.status.views import blueprint

__all__ = ["blueprint"]
