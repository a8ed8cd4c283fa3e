# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of the service."""

from web.pages.log.views import blueprint

__all__ = ["blueprint"]
