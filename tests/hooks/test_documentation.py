# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation shows what the code does: samples, fields, limits, what cancelling means."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from itgrix_module.app.hook_answers import CANCELS
from itgrix_module.app.hook_sample_call import sample
from itgrix_module.app.hooking import HOOKS
from itgrix_module.hooks.answer import DEEPEST
from itgrix_module.hooks.breaker import PAUSE
from itgrix_module.hooks.process import KEPT_ERRORS, LONGEST_OUTPUT
from itgrix_module.hooks.scripts import AT_ONCE
from itgrix_module.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["en", "ru"])
def page(request: pytest.FixtureRequest) -> str:
    language: str = request.param
    return (ROOT / "docs" / language / "customizations.md").read_text(encoding="utf-8")


def section(page: str, title: str) -> str:
    return re.split(r"^#{2,3} ", page.split(f"# `{title}`\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def shown(page: str, title: str) -> Any:
    return json.loads(section(page, title).split("```json\n", 1)[1].split("```", 1)[0])


def own(name: str) -> dict[str, Any]:
    """The sample without what every input holds, and without the fields of a request a second time."""
    given = sample(name)
    twice = set(given.get("params", ())) | {"call_full", "call_stage"}
    return {key: value for key, value in given.items() if key not in twice}


@pytest.mark.parametrize("name", HOOKS)
def test_samples_are_those_of_the_code(page: str, name: str) -> None:
    assert shown(page, name) == own(name)


@pytest.mark.parametrize("name", HOOKS)
def test_every_field_of_an_input_is_described(page: str, name: str) -> None:
    words = section(page, name).split("```json", 1)[0]
    told_before = {"process_user_phone": {"phone"}, "post_registration": set(sample("post_registration")["params"])}
    fields = (set(own(name)) | set(sample(name).get("params", ()))) - told_before.get(name, set())
    assert [field for field in sorted(fields) if f"`{field}`" not in words] == []


def test_call_full_is_shown_and_every_field_of_it_is_described(page: str) -> None:
    whole = sample("customize_activity")["call_full"]
    text = section(page, "call_full")
    found = shown(page, "call_full")
    current = whole["active_conversation_id"]
    assert found == {**whole, "conversations": {current: whole["conversations"][current]}}
    words = text.split("```json", 1)[0]
    channel, record = whole["channel"], whole["entity"]
    names = {*whole, *channel, *channel["extra"], *channel["from"], *channel["trunk"], *record, *whole["registration"]}
    names |= set(whole["conversations"][current]) | set(record["responsible"])
    assert [name for name in sorted(names) if f"`{name}`" not in words] == []


def test_moments_are_listed_in_the_order_of_the_code(page: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", page, flags=re.MULTILINE)
    listed = [(name, cancels) for name, cancels in rows if name in HOOKS]
    assert [name for name, _ in listed] == list(HOOKS)
    assert {name for name, cancels in listed if not cancels.startswith("–")} == set(CANCELS)


def test_limits_are_those_of_the_code(page: str) -> None:
    settings = Settings()
    numbers = {
        f"{settings['hooks.seconds']:g}", f"{settings['hooks.record_seconds']:g}", str(LONGEST_OUTPUT // 2**20),
        str(KEPT_ERRORS // 1024), str(AT_ONCE), f"{PAUSE:g}",
    }  # fmt: skip
    table = re.split(r"^## ", page, flags=re.MULTILINE)[4]
    assert {"`hooks.seconds`", "`hooks.record_seconds`"} <= set(re.findall(r"`[\w.]+`", table))
    assert numbers <= set(re.findall(r"\d+", table))
    assert str(DEEPEST) in page


def test_cases_that_are_named_are_there(page: str) -> None:
    named = re.findall(r"`(\w+/\w+)`", page.rsplit("## ", 1)[1])
    assert len(named) == 5
    for case in named:
        for ending in ("py", "php"):
            assert (ROOT / "examples" / "hooks" / "cases" / f"{case}.{ending}").is_file()
