# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the expectations in ``real/`` from recordings of real PBXs: ``python -m tests.sandbox.pbx.derive TRACES``.

``headers.json``: event → every set of header names seen. ``freepbx17/``: what each channel goes through, to the last
header. ``asterisk22/``: the same without the dialplan, which was another one there.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import defaultdict
from pathlib import Path

from tests.sandbox.pbx import canon

REAL = Path(__file__).with_name("real")
FREEPBX = [
    "in_direct_answered",
    "in_caller_cancel",
    "in_rg_answered",
    "in_queue_ringall",
    "in_ivr_to_ext",
    "in_voicemail",
    "in_pickup_directed",
    "in_xfer_blind_refer",
    "in_xfer_att_refer",
    "in_followme_noanswer",
    "out_answered",
    "out_busy",
    "int_answered",
    "c2c_local",
]
ASTERISK = [
    "in_hold",
    "in_park_retrieve",
    "in_ivr_early_hangup",
    "in_direct_busy",
    "out_cancel",
    "out_noanswer",
    "out_wrong_number",
    "out_xfer_att",
    "c2c_pjsip",
    "c2c_agent_busy",
    "c2c_agent_noanswer",
    "c2c_bad_channel",
]
CLASSES = {"call,all", "cdr,all", "agent,all", "system,all", "dialplan,all", None, "Call"}


def main(traces: Path) -> None:
    """``traces``: folder with ``fpbx17`` and ``22``."""
    for name in FREEPBX:
        data = gzip.decompress((traces / "fpbx17" / f"{name}.min.ami.gz").read_bytes())
        _write(REAL / "freepbx17" / f"{name}.txt", canon.stories(data))
    for name in ASTERISK:
        data = gzip.decompress((traces / "22" / f"{name}.ami.gz").read_bytes())
        _write(REAL / "asterisk22" / f"{name}.txt", canon.outlines(data))
    rows = sorted(_headers(traces).items())
    text = ",\n".join(f'"{event}": {json.dumps(sets)}' for event, sets in rows)
    (REAL / "headers.json").write_text(f"{{\n{text}\n}}\n", "utf-8")


def _write(file: Path, stories: dict[str, list[str]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(canon.text(stories), "utf-8")


def _headers(traces: Path) -> dict[str, list[str]]:
    """FreePBX's own where it has sent the event, else Asterisk's with the other dialplan."""
    return _seen(traces / "22") | _seen(traces / "fpbx17")


def _seen(folder: Path) -> dict[str, list[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for file in folder.glob("*.ami.gz"):
        for message in canon.messages(gzip.decompress(file.read_bytes())):
            values = dict(message)
            if values.get("Privilege") in CLASSES and values["Event"] != "CEL":
                found[values["Event"]].add(" ".join(canon.names(message)))
    return {event: sorted(sets) for event, sets in found.items()}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
