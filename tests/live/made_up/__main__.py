# SPDX-License-Identifier: GPL-3.0-or-later
"""Play made-up conversations on a real Asterisk, record them and judge what tracking makes of them.

    python -m tests.live.made_up play 22 FOLDER FIRST LAST     seeds FIRST to LAST, one after the other (as root)
    python -m tests.live.made_up judge FOLDER                  what is recorded there, with the tracking of today

Several at once: several processes, each with seeds of its own. What differs is printed; ``witness`` is what the
bridges say, where that differs from the phones (they do not know mobiles, nor clients parked behind Local pairs).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from itgrix_module.sandbox.rig.rig import Played, Rig, Situation
from itgrix_module.sandbox.rig.rootfs import Version
from itgrix_module.sandbox.rig.truth import Truth
from tests.journeys.record import TapedPbx, record
from tests.live.made_up.judge import differences
from tests.live.made_up.player import situation

CLOCKS = 0.6  # seconds


class KeptRig(Rig):
    """Remembers what it played last."""

    last: Played

    def play(self, *situations: Situation) -> dict[str, Played]:
        """See Rig."""
        played = super().play(*situations)
        (self.last,) = played.values()
        return played


def play(version: Version, folder: Path, first: int, last: int, chan_sip: bool = False) -> int:
    """How many went wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    wrong = 0
    pbx = TapedPbx(version, folder / f"pbx-{first}", chan_sip)
    rig = KeptRig(pbx)
    with pbx, rig:
        for seed in range(first, last + 1):
            line = record(pbx, rig, situation(seed), folder)
            failed = rig.last.failure is not None
            told = ["not played"] if failed else list(_judged(folder, f"made_up_{seed}"))
            wrong += bool(told)
            told += _witnessed(rig) if told and not failed else ()
            print(f"{'!!' if told else 'ok'} {version} {line}\n   {rig.last.situation.play.__doc__}")
            print(*(f"   - {one}\n" for one in told), sep="", end="", flush=True)
    return wrong


def _judged(folder: Path, name: str) -> Iterator[str]:
    for kind in ("", ".min"):
        yield from (f"{kind or 'full'}: {one}" for one in differences(folder / f"{name}{kind}.ami.gz"))


def _witnessed(rig: KeptRig) -> Iterator[str]:
    for truth in rig.last.truths:
        yield from (f"witness: {truth.linkedid} {one}" for one in _doubts(rig, truth))


def _doubts(rig: KeptRig, truth: Truth) -> Iterator[str]:
    seen = rig.seen(truth)
    for key in ("direction", "trunk", "answered_by", "last_talker"):
        if getattr(seen, key) != getattr(truth, key):
            yield f"{key} {getattr(seen, key)} instead of {getattr(truth, key)}"
    for key in ("wait", "talk"):
        if abs(getattr(seen, key) - getattr(truth, key)) > CLOCKS:
            yield f"{key} {getattr(seen, key):.2f} instead of {getattr(truth, key):.2f}"


def judge(folder: Path) -> int:
    """How many recordings differ."""
    wrong = 0
    for path in sorted(folder.glob("*.ami.gz")):
        found = list(differences(path))
        wrong += bool(found)
        for one in found:
            print(f"{path.name}: {one}")
        if found:
            print(f"   {json.loads((folder / (path.name.split('.')[0] + '.json')).read_text())['description']}")
    return wrong


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = options.add_subparsers(dest="command", required=True)
    playing = commands.add_parser("play")
    playing.add_argument("version", choices=("22", "16"))
    playing.add_argument("folder", type=Path)
    playing.add_argument("first", type=int)
    playing.add_argument("last", type=int)
    playing.add_argument("--chan-sip", action="store_true", help="on Asterisk 16")
    commands.add_parser("judge").add_argument("folder", type=Path)
    chosen = options.parse_args()
    if chosen.command == "judge":
        sys.exit(bool(judge(chosen.folder)))
    sys.exit(bool(play(chosen.version, chosen.folder, chosen.first, chosen.last, chosen.chan_sip)))


if __name__ == "__main__":
    main()
