# SPDX-License-Identifier: GPL-3.0-or-later
"""What Prometheus is told: read back by its own parser."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from itgrix_module.telemetry.counters import Counters, Now

ROOT = Path(__file__).parents[2]
NOW = Now(
    version="1.0.0",
    node="pbx1",
    started=1_700_000_000.0,
    parts={"pbx": "ok", "portal": "error", "disk": "warning"},
    counts={"live_calls": 3, "steps_waiting": 7, "steps_failed": 1, "employees": 12},
    budget=0.25,
    oldest=61.5,
    messages=100,
    noise=4,
    needed=0,
)


@dataclass(frozen=True)
class Call:
    linkedid: str = "1.1"
    node: str = "pbx1"
    direction: str = "incoming"
    outcome: str = "answered"
    ended: float | None = 50.0
    wait: float | None = 4.0
    talk: float = 20.0


@dataclass(frozen=True)
class Attempt:
    method: str
    code: str = ""
    milliseconds: float = 40.0


def samples(counters: Counters, now: Now = NOW) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = counters.page(now).decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(counters: Counters, name: str, **labels: str) -> float | None:
    return samples(counters).get((name, frozenset(labels.items())))


def test_call_is_counted_once_when_it_has_ended() -> None:
    counters = Counters()
    counters.saw(Call(ended=None))
    counters.saw(Call())
    counters.saw(Call())
    counters.saw(Call(linkedid="1.2", outcome="missed", wait=30.0, talk=0.0))
    assert value(counters, "itgrix_calls_ended_total", direction="incoming", outcome="answered") == 1
    assert value(counters, "itgrix_calls_ended_total", direction="incoming", outcome="missed") == 1
    assert value(counters, "itgrix_call_wait_seconds_sum") == 34.0
    assert value(counters, "itgrix_call_talk_seconds_count") == 1


def test_requests_are_counted_by_method_and_result() -> None:
    counters = Counters()
    counters.asked(Attempt("telephony.externalcall.register"))
    counters.asked(Attempt("telephony.externalcall.register", "QUERY_LIMIT_EXCEEDED"))
    counters.asked(Attempt("batch"))
    register = {"method": "telephony.externalcall.register"}
    assert value(counters, "itgrix_portal_requests_total", **register, result="ok") == 1
    assert value(counters, "itgrix_portal_requests_total", **register, result="QUERY_LIMIT_EXCEEDED") == 1
    assert abs((value(counters, "itgrix_portal_request_duration_seconds_sum") or 0) - 0.12) < 1e-9


def test_page_shows_the_moment() -> None:
    counters = Counters()
    shown = {name: value(counters, name) for name in ("itgrix_calls_live", "itgrix_delivery_oldest_seconds")}
    assert shown == {"itgrix_calls_live": 3, "itgrix_delivery_oldest_seconds": 61.5}
    assert [value(counters, "itgrix_part_level", part=part) for part in NOW.parts] == [0, 2, 1]
    assert value(counters, "itgrix_build_info", version="1.0.0", node="pbx1") == 1
    assert value(counters, "itgrix_ami_dropped_total", kind="noise") == 4


def test_page_of_a_later_moment_does_not_remember_the_earlier() -> None:
    counters = Counters()
    counters.page(NOW)
    later = samples(counters, replace(NOW, parts={"pbx": "ok"}))
    assert ("itgrix_part_level", frozenset({("part", "portal")})) not in later


def test_page_tells_of_the_process() -> None:
    assert (value(Counters(), "process_resident_memory_bytes") or 0) > 1_000_000


@pytest.mark.parametrize("document", ["docs/grafana/itgrix.json", "docs/en/monitoring.md", "docs/ru/monitoring.md"])
def test_documents_name_only_what_there_is(document: str) -> None:
    counters = Counters()
    counters.saw(Call())
    counters.asked(Attempt("batch"))
    there = {name for name, _ in samples(counters)}
    families = {name.removesuffix("_bucket").removesuffix("_count").removesuffix("_sum") for name in there}
    named = set(re.findall(r"\b(?:itgrix|process)_[a-z_]+[a-z]\b", (ROOT / document).read_text()))
    assert named
    assert not named - there - families
