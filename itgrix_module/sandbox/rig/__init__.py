# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Asterisk from Debian packages with scripted phones around it, for the demo and the live tests."""
