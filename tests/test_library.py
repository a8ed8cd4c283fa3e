# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings found, kept, linked and made again, with real files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from itgrix_module.app.links import Audience, BadLink, Gone, Link, Preparing, Ready
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from itgrix_module.domain.steps import Attach
from itgrix_module.library import keys_of
from itgrix_module.media.mp3 import measure
from tests.domain.story import Story
from tests.fakes.recorded import START, Recorded, recorded
from tests.media.sounds import heard, hertz, mp3_of, tone

LATER = START + 100_000.0


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Recorded]:
    with recorded(tmp_path) as found:
        yield found


def test_copy_is_made_again_of_all_parts_in_order(here: Recorded) -> None:
    call = here.call("1.1", "a.wav", "b.wav", "c.wav")
    assert isinstance(here.library.file(call), Preparing)
    found = here.settle(call)
    assert isinstance(found, Ready)
    made = measure(found.path)
    assert made
    assert made.seconds == pytest.approx(6.0, abs=0.3)
    samples = heard(found.path)
    assert [round(hertz(samples, at + 0.5, at + 1.5), -1) for at in (0, 2, 4)] == [300, 600, 900]
    assert list(here.core.place.work.iterdir()) == []


def test_both_parts_of_a_call_transferred_by_feature_code_are_heard(here: Recorded) -> None:
    """The file of an outgoing call ends with the employee who gave it away; the rest is in a second one."""
    told = Story("""
        0  new    a1 ext 101 from 101 did 79161234567 calls
        0  record a1 out-79161234567-101.wav
        1  new    t1 trunk beeline from 79161234567 call a1
        1  dial   a1 t1 79161234567
        3  end    a1 t1 ANSWER
        3  join   b1 a1 t1
        8  blind  a1 102
        8  part   b1 a1
        8  part   b1 t1
        8  hang   a1
        9  new    a2 ext 102 from 79161234567 call a1
        9  record t1 internal-102-79161234567.wav
        9  dial   t1 a2
        11 end    t1 a2 ANSWER
        11 join   b2 a2 t1
        17 hang   a2 t1
    """)
    (attach,) = [step for steps in told.steps.values() for step in steps if isinstance(step, Attach)]
    assert attach.paths == ("out-79161234567-101.wav", "internal-102-79161234567.wav")
    here.sound(attach.paths[0], 5.0, hertz=300)
    here.sound(attach.paths[1], 6.0, hertz=600)
    made = here.library.prepare(attach.paths, "x", START, LATER)
    found = measure(Path(made.path))
    assert found
    assert made.seconds == pytest.approx(11.0, abs=0.1)
    assert found.seconds == pytest.approx(11.0, abs=0.3)
    samples = heard(Path(made.path))
    assert [round(hertz(samples, at, at + 3), -1) for at in (1, 7)] == [300, 600]
    assert made.left_out == ()


def test_part_that_is_gone_leaves_the_others(here: Recorded) -> None:
    call = here.call("1.1", "a.wav", "b.wav")
    (here.monitor / "2026/11/21/b.wav").unlink()
    found = here.settle(call)
    assert isinstance(found, Ready)
    assert here.library.copies.note(call) is not None


def test_recording_of_which_nothing_is_left_is_gone(here: Recorded) -> None:
    call = here.call("1.1", "a.wav")
    (here.monitor / "2026/11/21/a.wav").unlink()
    assert here.library.file(call) == Gone()


def test_call_that_was_never_recorded_has_nothing_to_hear(here: Recorded) -> None:
    assert here.library.file(here.call("1.1")) == Gone()


def test_damaged_recording_is_told_and_not_tried_at_each_reload(here: Recorded) -> None:
    call = here.call("1.1", "a.wav")
    (here.monitor / "2026/11/21/a.wav").write_bytes(b"RIFFnonsense" * 100)
    found = here.settle(call)
    assert isinstance(found, Preparing)
    assert found.why


def test_mp3_of_the_pbx_is_copied_and_left_alone(here: Recorded) -> None:
    call = here.call("1.1", "a.wav")
    original = mp3_of(here.monitor / "2026/11/21/a.mp3", tone(3, rate=16000))
    (here.monitor / "2026/11/21/a.wav").unlink()
    before = original.stat()
    found = here.settle(call)
    assert isinstance(found, Ready)
    assert found.path.read_bytes() == original.read_bytes()
    assert (original.stat().st_ino, original.stat().st_mode) == (before.st_ino, before.st_mode)
    assert found.path.stat().st_ino != before.st_ino


def test_what_a_customization_made_is_taken_before_what_the_pbx_recorded(
    here: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = here.call("1.1", "a.wav")
    better = mp3_of(tmp_path / "better.mp3", tone(5, rate=16000))
    monkeypatch.setattr(here.library, "named", lambda _: (["a.wav"], str(better)))
    assert here.library.sources(call) == [better]
    made = here.library.prepare_given(str(better), "x", LATER)
    assert made.path == str(better)
    better.unlink()
    assert [path.name for path in here.library.sources(call)] == ["a.wav"]


def test_files_that_are_complete_have_their_full_paths(here: Recorded) -> None:
    here.call("1.1", "a.wav", "b.wav")
    assert here.library.complete(["b.wav", "a.wav"], START, LATER) == (
        str(here.monitor / "2026/11/21/b.wav"),
        str(here.monitor / "2026/11/21/a.wav"),
    )
    with pytest.raises(Temporary):
        here.library.complete(["c.wav"], START, here.now + 1e9)
    with pytest.raises(Permanent):
        here.library.complete(["../../etc/passwd"], START, LATER)


# -- copies


def kept(here: Recorded, **settings: object) -> tuple[Path | None, list[Path]]:
    here.core.settings.save({key.replace("__", "."): value for key, value in settings.items()})
    call = here.call("1.1", "a.wav")
    made = here.library.prepare(["a.wav"], "pbx1-1.1", START, LATER)
    here.library.done(call, made, ["a.wav"], "")
    return here.library.copies.find(call), list(here.core.place.work.iterdir())


def test_uploaded_recording_is_kept_for_its_days(here: Recorded) -> None:
    copy, work = kept(here)
    assert copy is not None
    assert work == []


def test_without_days_nothing_is_kept_after_the_upload(here: Recorded) -> None:
    assert kept(here, recordings__keep_days=0) == (None, [])


def test_full_disk_never_spoils_an_upload(here: Recorded) -> None:
    here.library.copies._free = lambda _: 0
    assert kept(here) == (None, [])


def test_linked_recording_needs_room(here: Recorded) -> None:
    here.library.copies._free = lambda _: 0
    call = here.call("1.1", "a.wav")
    made = here.library.prepare(["a.wav"], "x", START, LATER)
    with pytest.raises(Failure, match="no space"):
        here.library.keep(call, made, ["a.wav"], "")


def test_copy_that_links_lead_to_goes_only_when_it_can_be_made_again(here: Recorded) -> None:
    here.core.settings.save({"recordings.link_to": "activity"})
    call = here.call("1.1", "a.wav")
    assert isinstance(here.settle(call), Ready)
    (here.monitor / "2026/11/21/a.wav").rename(here.monitor / "hidden")
    assert here.library.prune(here.now + 40 * 86400) == 0
    (here.monitor / "hidden").rename(here.monitor / "2026/11/21/a.wav")
    assert here.library.prune(here.now + 40 * 86400) == 1
    assert isinstance(here.settle(call), Ready)


def test_forgotten_work_is_cleared(here: Recorded) -> None:
    here.call("1.1", "a.wav")
    made = here.library.prepare(["a.wav"], "x", START, LATER)
    import time

    here.library.prune(time.time())
    assert Path(made.path).exists()
    here.library.prune(time.time() + 2 * 86400)
    assert not Path(made.path).exists()


# -- links


def test_link_opens_the_recording_of_its_call(here: Recorded) -> None:
    call = here.call("1.1", "a.wav")
    url = here.library.people_link(call)
    assert url.startswith("http://127.0.0.1:8077/recordings/")
    token = url.rpartition("/")[2]
    found = here.library.read(token)
    assert isinstance(found, Link)
    assert (found.node, found.linkedid, found.audience) == ("pbx1", "1.1", Audience.PEOPLE)
    assert here.library.leads_to(token, call)
    assert not here.library.leads_to(token, replace(call, linkedid="1.2"))


def test_link_for_people_is_the_same_each_time_and_lives_as_long_as_the_settings_say(here: Recorded) -> None:
    call = here.call("1.1", "a.wav")
    first = here.library.people_link(call)
    here.now += 86_400
    assert here.library.people_link(call) == first
    here.now = START + 65 + 365 * 86_400 + 60
    assert here.library.read(first.rpartition("/")[2]) is BadLink.EXPIRED
    assert here.library.leads_to(first.rpartition("/")[2], call)


def test_link_for_the_portal_lives_for_a_day(here: Recorded) -> None:
    token = here.library.portal_link(here.call("1.1", "a.wav")).rpartition("/")[2]
    here.now += 86_300
    assert isinstance(here.library.read(token), Link)
    here.now += 200
    assert here.library.read(token) is BadLink.EXPIRED


@pytest.mark.parametrize(
    ("address", "code"), [("", "public_address_missing"), ("pbx.example.com", "public_address_wrong")]
)
def test_without_a_usable_address_there_are_no_links(here: Recorded, address: str, code: str) -> None:
    here.core.settings.save({"portal.public_url": address})
    with pytest.raises(NeedsOwner) as caught:
        here.library.people_link(here.call("1.1", "a.wav"))
    assert caught.value.code == code
    assert "portal.public_url" in caught.value.text + caught.value.hint


def test_new_key_of_the_installation_keeps_links_while_the_old_one_is_there(here: Recorded) -> None:
    token = here.library.people_link(here.call("1.1", "a.wav")).rpartition("/")[2]
    file = here.core.place.key_file
    file.write_text("n" * 44 + "\n" + file.read_text())
    assert isinstance(here.library.read(token), Link)
    file.write_text("n" * 44)
    assert here.library.read(token) is BadLink.TAMPERED


@pytest.mark.parametrize("content", ["", None])
def test_key_file_that_holds_no_key_is_said(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "key").write_text(content)
    with pytest.raises(NeedsOwner):
        keys_of(tmp_path / "key")
