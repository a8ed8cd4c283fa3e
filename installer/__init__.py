# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the product into its home and takes it out again; standard library only, Python 3.11 or newer."""
