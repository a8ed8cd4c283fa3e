# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls from the wire to the portal: requests, delays, limits, faults. Each figure beside its budget."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Sequence

from benchmarks.figures import Figure
from benchmarks.stage import Stage, stage
from itgrix_module.sandbox.pbx import Situation, Truth


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def call_requests(running: Stage, since: int) -> int:
    """HTTP requests for calls since a mark; the file's own POST is counted apart."""
    requests = [request for request in running.portal.requests if not request.via_batch]
    return sum(1 for request in requests[since:] if request.method not in ("user.get", "profile", "upload"))


def mark(running: Stage) -> int:
    """How many requests there were so far."""
    return sum(1 for request in running.portal.requests if not request.via_batch)


def requests_per_call() -> Iterable[Figure]:
    """One answered, recorded call at a time; 1, 5 and 20 phones ring."""
    peers = {1: "5", 5: "6-7", 20: "6-7"}
    with stage(20, limited=False) as running:
        for phones in (1, 5, 20):
            members = tuple(str(201 + number) for number in range(phones))
            kind = "incoming" if phones == 1 else "group"
            counts = []
            for _ in range(3):
                since = mark(running)
                group = () if phones == 1 else members
                running.pbx.play(
                    Situation(kind, client="79161234567", ring=1.0, talk=1.5, extension="201", members=group)
                )
                assert running.settle(30)
                counts.append(call_requests(running, since))
            yield Figure(
                f"requests per answered recorded call, {phones} ringing",
                f"{statistics.median(counts):g}", "4 or fewer", peers[phones],
            )  # fmt: skip


def ring_to_card() -> Iterable[Figure]:
    """From the first ringing on the PBX to the card, with a portal that takes no time itself."""
    with stage(20, latency=0.0, limited=False) as running:
        delays: list[float] = []
        for number in range(20):
            client = f"7916000{number:04}"
            truth = running.pbx.play(
                Situation("incoming", client=client, extension=f"{201 + number}", ring=0.6, talk=0.4)
            )
            delays += card_delays(running, [truth])
            assert running.settle_with_recording(truth.linkedid, 30)
        yield Figure(
            "ring to card, idle, beside the portal's own time, p50 / p95",
            f"{percentile(delays, 0.5) * 1000:.0f} / {percentile(delays, 0.95) * 1000:.0f} ms",
            "p95 50 ms",
            "500 ms",
        )


def card_delays(running: Stage, truths: Iterable[Truth]) -> list[float]:
    """Seconds from the call's first channel on the PBX to its first card in the portal."""
    shown = {call.external_call_id: call for call in running.portal.calls()}
    found = []
    for truth in truths:
        call = shown.get(f"pbx1-{truth.linkedid}")
        if call is not None and call.cards:
            found.append(call.cards[0].at - truth.started)
    return found


def fifty_at_once() -> Iterable[Figure]:
    """50 calls in the same moment, under the portal's limit."""
    with stage(50) as running:
        calls = [
            (0.0, Situation("incoming", client=f"7916001{n:04}", extension=str(201 + n), ring=8.0, talk=3.0))
            for n in range(50)
        ]
        played = running.pbx.begin_all(calls)
        truths = [item.wait(60) for item in played]
        running.settle(240)
        delays = card_delays(running, truths)
        ends = {f"pbx1-{truth.linkedid}": truth.answered or truth.ended or 0 for truth in truths}
        late = sum(
            1 for call in running.portal.calls() if call.cards and call.cards[0].at > ends[call.external_call_id]
        )
        finished = sum(call.finished for call in running.portal.calls())
        yield Figure(
            "50 calls at once: ring to card p95", f"{percentile(delays, 0.95):.2f} s", "3 s", "9.69 s unlimited"
        )
        yield Figure("50 calls at once: cards after the ringing", str(late), "0", "12 of 50 unlimited")
        yield Figure("50 calls at once: finished", f"{finished} of 50", "50 of 50", "-")


def one_a_second(calls: int = 80) -> Iterable[Figure]:
    """A call a second with 2 phones ringing, 3 s ring and 3 s talk, under the portal's limit."""
    with stage(20) as running:
        played = running.pbx.begin_all(
            (float(n), Situation("incoming", client=f"7916002{n:04}", extension=str(201 + n % 20), ring=3.0, talk=3.0))
            for n in range(calls)
        )
        for item in played:
            item.wait(calls + 60)
        began = time.monotonic()
        running.settle(600)
        drained = time.monotonic() - began
        yield from counted(running, calls, f"{calls} calls at 1/s", "44 of 80, 13 with recording", drained)


def counted(running: Stage, calls: int, name: str, peer: str, drained: float) -> Iterable[Figure]:
    """Finished once, with a recording."""
    found = running.portal.calls()
    once = sum(1 for call in found if call.finished and call.registers >= 1)
    recorded = sum(1 for call in found if call.record is not None)
    refused = sum(1 for request in running.portal.requests if request.error == "QUERY_LIMIT_EXCEEDED")
    yield Figure(
        f"{name}: finished", f"{once} of {calls}, {len(found) - calls} too many", f"{calls} of {calls}, 0", peer
    )
    yield Figure(f"{name}: with recording", f"{recorded} of {calls}", f"{calls} of {calls}", "")
    yield Figure(f"{name}: refused by the limit / drained after", f"{refused} / {drained:.0f} s", "-", "120 refused")


def outage() -> Iterable[Figure]:
    """The portal is away for 20 s of a minute with a call every 2 s."""
    with stage(20) as running:
        played = running.pbx.begin_all(
            (2.0 * n, Situation("incoming", client=f"7916003{n:04}", extension=str(201 + n % 20), ring=2.0, talk=3.0))
            for n in range(30)
        )
        time.sleep(20)
        running.portal.faults.outage(True)
        time.sleep(20)
        running.portal.faults.outage(False)
        for item in played:
            item.wait(120)
        running.settle(300)
        found = running.portal.calls()
        once = sum(1 for call in found if call.finished)
        yield Figure(
            "20 s outage in 60 s at 0.5/s: finished",
            f"{once} of 30, {len(found) - 30} too many",
            "30 of 30, 0",
            "17 of 30",
        )


def ami_cut() -> Iterable[Figure]:
    """The AMI link is cut with 10 live calls, which go on and end later."""
    with stage(20, limited=False) as running:
        played = running.pbx.begin_all(
            (0.0, Situation("incoming", client=f"7916004{n:04}", extension=str(201 + n), ring=1.0, talk=12.0))
            for n in range(10)
        )
        time.sleep(4)
        running.pbx.faults.cut(2.0)
        truths = {f"pbx1-{item.wait(60).linkedid}": item.wait(1) for item in played}
        running.settle(60)
        right = 0
        for call in running.portal.calls():
            truth = truths.get(call.external_call_id)
            if call.finish is not None and truth is not None:
                right += abs(call.finish.duration - truth.talk) <= 1.0
        yield Figure(
            "AMI cut with 10 live calls: closed with the right duration", f"{right} of 10", "10 of 10", "0 of 10"
        )


ALL = {
    "requests": requests_per_call,
    "card": ring_to_card,
    "fifty": fifty_at_once,
    "rate": one_a_second,
    "outage": outage,
    "cut": ami_cut,
}
