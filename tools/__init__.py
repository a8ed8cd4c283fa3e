# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs for whoever builds, tests and releases; each is run as a script."""
