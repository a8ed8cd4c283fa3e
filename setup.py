# SPDX-License-Identifier: GPL-3.0-or-later
"""Build entry point; everything is declared in pyproject.toml."""

from setuptools import setup

setup()
