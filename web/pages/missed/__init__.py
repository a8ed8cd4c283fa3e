# SPDX-License-Identifier: GPL-3.0-or-later
"""Missed calls, their tasks, and messages about new leads."""

from web.pages.missed.views import blueprint

__all__ = ["blueprint"]
