# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports: calls by day, hour, line, source and employee."""

from web.pages.reports.views import blueprint

__all__ = ["blueprint"]
