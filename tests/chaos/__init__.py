# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that can go wrong goes wrong at once: bounded in the quick suite, in full by ``make chaos``."""
