# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to recordings."""

from web.pages.recordings_settings.views import blueprint

__all__ = ["blueprint"]
