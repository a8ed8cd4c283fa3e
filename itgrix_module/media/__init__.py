# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings of calls: found on the PBX, waited for, joined and turned into one mp3."""
