# SPDX-License-Identifier: GPL-3.0-or-later
"""All that is stored about one client number: found in every spelling, written out, taken away, and nothing else."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from itgrix_module.app.erasure import sought
from itgrix_module.app.open_tasks import OURS
from itgrix_module.app.ports import TimelineEntry
from itgrix_module.core import Core, open_core
from itgrix_module.diagnosing import log_file
from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.erasing import Erasure
from itgrix_module.keeping import Keeping, Note
from itgrix_module.place import Place
from itgrix_module.storage.calls import SqlCallStore
from itgrix_module.storage.open_tasks import SqlOpenTasks
from itgrix_module.telemetry.book import LogBook
from tests.web.seeds import NOW, row, save, step

MINE = "+79161234567"
OTHER = "+79160000001"


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    with open_core(Place(tmp_path / "home", f"sqlite:///{tmp_path}/home/itgrix.db")) as opened:
        yield opened


def furnish(core: Core) -> Erasure:
    """Two calls of the client in two spellings, one of another who was transferred to him."""
    told = {"client": MINE, "text": "8 (916) 123-45-67", "phone": 79161234567}
    save(core.database, row("1.1", client=MINE, number=MINE, client_name="Павел"), [step(payload=told), step("finish")])
    save(core.database, row("1.2", client="89161234567", number=MINE, started=NOW - 500), [step(payload=told)])
    save(core.database, row("1.3", client=OTHER, number=OTHER, client_name="Инна"), [step(payload={"client": OTHER})])
    with SqlCallStore(core.database).work() as work:
        for linkedid in ("1.1", "1.2", "1.3"):
            work.add_timeline("pbx1", linkedid, [TimelineEntry(NOW, "fact", f"transferred to {MINE}", told)])
    assert SqlOpenTasks(core.database).claim(MINE, "pbx1", "1.1", NOW) == OURS
    core.settings.save({"filters.numbers": [MINE]})
    recorded = core.place.home / "x.mp3"
    recorded.write_bytes(b"sound")
    Keeping(core.place.home / "recordings", lambda _: 2**40).keep(
        row("1.1"), recorded, Note("pbx1", "1.1", NOW - 60, (f"in-{MINE}.wav",)), ours=False
    )
    recorded.unlink()
    file = log_file(core.place.home)
    file.parent.mkdir()
    file.write_text(f"x call from {MINE}\ny call from {OTHER}\nz 8-916-123-45-67 again\n")
    return Erasure(core.place, core.database, LogBook(file).files, lambda: ())


def everything(core: Core) -> str:
    """All that lies in the home, as text."""
    with closing(sqlite3.connect(core.place.home / "itgrix.db")) as connection:
        dump = "\n".join(connection.iterdump())
    files = [path.read_bytes().decode(errors="replace") for path in core.place.home.rglob("*")
             if path.is_file() and not path.name.startswith("itgrix.db")]  # fmt: skip
    return dump + "\n".join(files)


@pytest.mark.parametrize("spelling", [MINE, "89161234567", "8 (916) 123-45-67", "9161234567", "+7 916 123 45 67"])
def test_every_spelling_finds_the_same(core: Core, spelling: str) -> None:
    found = furnish(core).find(spelling)
    assert (found.calls, found.recordings, found.tasks, found.others) == (2, 1, 1, 1)
    assert found.spellings == [MINE, "89161234567"]
    assert found.settings == ["filters.numbers"]


def test_erased_number_is_nowhere_and_others_stay(core: Core) -> None:
    erasure = furnish(core)
    erased = erasure.erase("8 916 123-45-67")
    assert (erased.calls, erased.recordings, erased.tasks, erased.deliveries) == (2, 1, 1, 3)
    assert erased.settings == ["filters.numbers"]
    core.settings.save({"filters.numbers": []})
    left = everything(core)
    assert "9161234567" not in "".join(char for char in left if char not in " -()")
    assert "Павел" not in left
    assert OTHER in left
    assert "Инна" in left
    assert erasure.find(MINE).is_empty


def test_calls_stay_without_their_client_and_deliveries_go_on_for_others(core: Core) -> None:
    furnish(core).erase(MINE)
    story = core.calls.story("pbx1", "1.1")
    assert story is not None
    assert (story.item.call.client, story.item.call.last_talker, story.item.call.talk) == ("", "101", 42.0)
    assert story.timeline == ()
    assert {stored.state for stored in story.steps} == {"dropped"}
    lanes = core.outbox.claim("worker", NOW, 60.0, 10)
    assert [lane.call.linkedid for lane in lanes] == ["1.3"]
    told = core.calls.story("pbx1", "1.3")
    assert told is not None
    assert json.dumps(told.timeline[0].data)


def test_log_keeps_its_length(core: Core) -> None:
    erasure = furnish(core)
    before = log_file(core.place.home).stat().st_size
    assert erasure.erase(MINE).log_lines == 2
    text = log_file(core.place.home).read_text()
    assert log_file(core.place.home).stat().st_size == before
    assert text.splitlines()[1] == f"y call from {OTHER}"


def test_call_that_goes_on_is_left_and_named(core: Core) -> None:
    save(
        core.database, row("1.4", client=MINE, live=True, phase="talking", ended=None), [step(payload={"client": MINE})]
    )
    erased = furnish(core).erase(MINE)
    assert erased.live == 1
    story = core.calls.story("pbx1", "1.4")
    assert story is not None
    assert story.item.call.client == MINE
    assert story.steps[0].payload == {"client": MINE}


def test_export_holds_calls_with_their_story(core: Core) -> None:
    data = furnish(core).export("89161234567")
    assert [call["linkedid"] for call in data["calls"]] == ["1.2", "1.1"]
    assert data["calls"][1]["timeline"][0]["text"] == f"transferred to {MINE}"
    assert data["calls"][1]["deliveries"][0]["payload"]["client"] == MINE
    assert data["calls"][1]["recording"].endswith(".mp3")
    json.dumps(data)


def test_unknown_number_changes_nothing(core: Core) -> None:
    erasure = furnish(core)
    before = everything(core)
    erased = erasure.erase("+7 999 999-99-99")
    assert (erased.calls, erased.tasks, erased.others, erased.log_lines) == (0, 0, 0, 0)
    assert everything(core) == before


@pytest.mark.parametrize("number", ["", "abc", "12", "1" * 30, "' OR 1=1", "%", "+7916123456_", "101; DROP"])
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(NeedsOwner):
        sought(number)


def test_short_numbers_are_taken_to_the_digit(core: Core) -> None:
    erasure = furnish(core)
    assert erasure.find("101").is_empty
    assert erasure.find("1234567").is_empty
