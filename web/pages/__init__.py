# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages, one folder per area: ``views`` and, where something is entered, ``forms``."""
