# SPDX-License-Identifier: GPL-3.0-or-later
"""Which PHP the tests use: ``ITGRIX_PHP`` names another one, such as the 7.4 of FreePBX 16."""

from __future__ import annotations

import os
import shutil

PHP = os.environ.get("ITGRIX_PHP", "php")


def is_there() -> bool:
    return shutil.which(PHP) is not None
