# SPDX-License-Identifier: GPL-3.0-or-later
"""The administrator's scripts: found in their folder, run within bounds, their answers read with suspicion."""
