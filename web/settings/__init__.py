# SPDX-License-Identifier: GPL-3.0-or-later
"""Forms made from the table of settings: a field for each, whatever its kind, checked and saved together."""
