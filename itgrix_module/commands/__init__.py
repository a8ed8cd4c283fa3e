# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of ``itgrix``, grouped by what they are for."""
