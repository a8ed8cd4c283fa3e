# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m benchmarks [NAME ...]``: every budget of the design with the figure beside it."""

from __future__ import annotations

import sys

from benchmarks import backlog, bounds, calls, dial, intake, pages
from benchmarks.figures import HEADING
from itgrix_module.telemetry.logs import to_stderr

ALL = {**calls.ALL, **dial.ALL, **bounds.ALL, **backlog.ALL, **intake.ALL, **pages.ALL}


def main(names: list[str]) -> int:
    """Run the named benchmarks, all without a name."""
    unknown = set(names) - set(ALL)
    if unknown:
        print(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(ALL)}")
        return 2
    to_stderr("CRITICAL")
    print(HEADING.line(), flush=True)
    for name in names or ALL:
        for figure in ALL[name]():
            print(figure.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
