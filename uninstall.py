# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: PTH100, PTH120
"""Remove Itgrix: ``python3 uninstall.py --help``. Data, settings and secrets are kept unless ``--purge`` is given."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from install import hand_over  # noqa: E402

if __name__ == "__main__":
    hand_over("removal", sys.argv[1:])
