# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON for monitoring, scripts and the pages themselves."""

from web.api.views import blueprint

__all__ = ["blueprint"]
