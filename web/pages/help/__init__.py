# SPDX-License-Identifier: GPL-3.0-or-later
"""Guides, and who helps."""

from web.pages.help.views import blueprint, install

__all__ = ["blueprint", "install"]
