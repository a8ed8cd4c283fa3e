# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts the process of an update, which outlives whoever started it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from itgrix_module.update_files import UpdateFiles
from itgrix_module.update_hands import child_environment

_START = """\
import runpy, sys
sys.path.insert(0, sys.argv.pop(1))
runpy.run_module("itgrix_module.updating", run_name="__main__")
"""


def spawn(files: UpdateFiles, handle: int, way: str) -> subprocess.Popen[bytes]:
    """``handle``: of the lock, which the process holds until it ends; ``way``: ``forward`` or ``resume``."""
    root = Path(__file__).resolve().parent.parent
    # The real folder, not the link: that leads to another version soon.
    python = Path(sys.prefix).resolve() / "bin" / "python"
    command = [str(python), "-s", "-E", "-B", "-c", _START, str(root), str(files.home), str(handle), way]
    with files.log.open("wb" if way == "forward" else "ab") as said:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            cwd=files.home,
            env=child_environment(),
            pass_fds=(handle,),
            start_new_session=True,
        )
