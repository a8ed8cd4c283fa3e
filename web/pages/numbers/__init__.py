# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for telephone numbers, and a place to try them."""

from web.pages.numbers.views import blueprint

__all__ = ["blueprint"]
