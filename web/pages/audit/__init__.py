# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal: who changed what."""

from web.pages.audit.views import blueprint

__all__ = ["blueprint"]
