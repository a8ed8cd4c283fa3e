# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m itgrix_module``."""

from itgrix_module.cli import main

main()
