# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox PBX by hand: ``python -m itgrix_module.sandbox.pbx --port 5038 --monitor-dir ./monitor``."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from itgrix_module.sandbox.pbx.clock import WallClock
from itgrix_module.sandbox.pbx.config import AmiUser, PbxConfig
from itgrix_module.sandbox.pbx.pbx import SandboxPbx
from itgrix_module.sandbox.pbx.player import Player


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM. Returns the exit status."""
    options = _options(arguments)
    logging.basicConfig(level=logging.INFO)
    config = PbxConfig.sized(
        options.employees,
        options.lines,
        users=(AmiUser(options.user, options.secret),),
        monitor_dir=options.monitor_dir,
        timestamps=options.timestamps,
    )
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    pbx = SandboxPbx(config, clock=WallClock(options.speed))
    try:
        pbx.start(options.host, options.port)
    except OSError as error:
        sys.stderr.write(f"cannot listen at {options.host}:{options.port}: {error.strerror}\n")
        return 1
    try:
        _play(pbx, options)
        sys.stdout.write(f"AMI at {options.host}:{pbx.port}, user {options.user}\n")
        sys.stdout.flush()
        stopped.wait()
    finally:
        pbx.stop()
    return 0


def _play(pbx: SandboxPbx, options: argparse.Namespace) -> None:
    if options.rate is None:
        pbx.run(Player(pbx.stage, seed=options.seed).demo())
    elif options.rate > 0:
        pbx.run(Player(pbx.stage, seed=options.seed, at_once=10_000, exclusive=False).steady(options.rate))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m itgrix_module.sandbox.pbx", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5038, help="0 takes a free one")
    parser.add_argument("--monitor-dir", type=Path, help="where recordings are written; none without it")
    parser.add_argument("--rate", type=float, help="calls a second; 0: none; without it: the demo")
    parser.add_argument("--employees", type=int, default=10)
    parser.add_argument("--lines", type=int, default=8, help="DIDs")
    parser.add_argument("--seed", type=int, default=1, help="the same seed plays the same calls")
    parser.add_argument("--speed", type=float, default=1.0, help="seconds of the PBX per second")
    parser.add_argument("--user", default="itgrix", help="AMI account")
    parser.add_argument("--secret", default="sandbox-secret")
    parser.add_argument("--timestamps", action="store_true", help="send Timestamp headers")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
