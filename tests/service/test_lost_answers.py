# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal does what it is asked and its answer is lost: the same is never done twice."""

from __future__ import annotations

from pathlib import Path

from tests.service.house import house, short, until
from tests.service.outcome import assert_all_whole

LONG = 40.0  # seconds
METHODS = (
    "telephony.externalcall.register",
    "telephony.externalcall.show",
    "telephony.externalcall.hide",
    "telephony.externalcall.finish",
    "telephony.externalcall.attachrecord",
    "upload",
)


def test_lost_answers_double_nothing(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        for method in METHODS:
            here.portal.faults.add(method, "lost_answer")
            here.portal.faults.add(method, "truncated", after=1)
        kinds = ["group", "incoming", "outgoing", "missed"] * 2
        played = [
            here.pbx.begin(short(kind, client=f"7916111{1000 + number}", extension="103", talk=1.0), number / 8)
            for number, kind in enumerate(kinds)
        ]
        assert_all_whole(here, *(call.wait() for call in played))
        struck = {rule["method"]: rule["struck"] for rule in here.portal.faults.rules()}
        assert all(struck[method] for method in METHODS[:1] + METHODS[3:]), struck


def test_call_whose_request_hangs_keeps_no_other_from_the_portal(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        fault = here.portal.faults.add("batch", "timeout_before", seconds=LONG)
        stuck = here.pbx.begin(short("incoming", client="79161110001", extension="103", ring=1.0, talk=0.5))
        until(lambda: fault.struck)
        others = [here.ring(client=f"7916111000{number}", extension="104") for number in (2, 3)]
        for truth in others:
            assert here.wait_finished(truth).cards
        assert here.call(stuck.wait()) is None  # it hangs still


def test_lost_answer_to_a_card_that_closes(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        fault = here.portal.faults.add("telephony.externalcall.hide", "lost_answer")
        assert_all_whole(here, here.ring("group", extension="103", talk=1.5))
        assert fault.struck == 1


def test_whole_answer_to_a_missed_call_is_lost(tmp_path: Path) -> None:
    """Register and finish went out as one request, and nothing of its answer came back."""
    with house(tmp_path) as here:
        here.portal.faults.add("batch", "reset")
        here.portal.faults.add("batch", "lost_answer", times=2, after=1)
        truths = [here.ring("busy", client=f"7916111000{number}") for number in range(3)]
        assert_all_whole(here, *truths)
