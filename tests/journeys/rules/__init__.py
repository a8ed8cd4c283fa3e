# SPDX-License-Identifier: GPL-3.0-or-later
"""For each rule of the house: a recorded session and settings give exactly this conversation with the portal."""
