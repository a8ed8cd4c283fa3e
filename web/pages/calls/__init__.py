# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls and the story of each."""

from web.pages.calls.views import blueprint

__all__ = ["blueprint"]
