# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that begin in the CRM."""

from web.pages.dialling.views import blueprint

__all__ = ["blueprint"]
