# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings from the PBX's disk to the portal: uploaded, fetched by it, linked in an activity, changed by scripts."""

from __future__ import annotations

import http.client
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from itgrix_module.app.ports import CallRow
from itgrix_module.media.mp3 import measure
from itgrix_module.sandbox.pbx import Truth
from itgrix_module.sandbox.portal.config import ClientSeed
from itgrix_module.storage.queries import CallStory
from itgrix_module.storage.recordings_admin import RecordingsAdmin
from tests.known import known
from tests.service.house import House, house, until

CLIENT = ClientSeed("CONTACT", {"NAME": "Anna", "PHONE": [{"VALUE": "+79161234567", "VALUE_TYPE": "WORK"}]})
KNOWN = {"clients": (CLIENT,)}


def publish(here: House) -> None:
    """The panel's address is what the portal reaches."""
    here.service.core.settings.save({"portal.public_url": here.panel})


def script(here: House, name: str, body: str) -> None:
    """A customization, switched on."""
    folder = here.service.core.place.hooks
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.php"
    file.write_text(f"<?php $given = json_decode(file_get_contents('php://stdin'), true);\n{body}\n")
    file.chmod(0o755)
    here.service.core.settings.save({"hooks.enabled": True, "hooks.active": [name]})


def attached(here: House, truth: Truth) -> str:
    """How the step ended."""
    until(lambda: here.steps(truth).get("attach") in ("done", "failed"), 20, lambda: here.told(truth))
    return here.steps(truth)["attach"]


def send_again(here: House, truth: Truth) -> None:
    """As a person does, until it is done."""
    admin = RecordingsAdmin(here.service.core.database)
    admin.send_again(here.service.node, truth.linkedid, "test", truth.recordings, time.time())
    here.service.wake()
    until(lambda: [step.state for step in stored(here, truth).steps if step.kind == "attach"] == ["done", "done"], 20)


def stored(here: House, truth: Truth) -> CallStory:
    """All that we know of the call."""
    return known(here.service.core.calls.story(here.service.node, truth.linkedid))


def fetch(url: str) -> tuple[int, bytes]:
    parts = urlsplit(url)
    server = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        server.request("GET", parts.path)
        answer = server.getresponse()
        return answer.status, answer.read()
    finally:
        server.close()


def test_portal_fetches_the_recording_from_us(tmp_path: Path) -> None:
    with house(tmp_path, {"recordings.mode": "link"}) as here:
        publish(here)
        truth = here.ring()
        assert attached(here, truth) == "done"
        call = here.wait_finished(truth)
        assert call.record is not None
        assert (call.record.way, call.records) == ("url", 1)
        assert call.record.seconds == pytest.approx(truth.talk, abs=0.4)
        copies = list(here.service.library.copies.copies())
        assert [copy.path.read_bytes() for copy in copies] == [call.record.content]
        assert list(here.service.core.place.work.iterdir()) == []


def test_links_wait_for_an_address_and_calls_go_on(tmp_path: Path) -> None:
    with house(tmp_path, {"recordings.mode": "link"}) as here:
        truth = here.ring()
        assert here.wait_finished(truth).record is None
        until(lambda: here.service.uploader.state.reason is not None)
        reason = here.service.uploader.state.reason
        assert reason is not None
        assert reason.code == "public_address_missing"
        assert here.service.standing.state.is_up
        publish(here)
        assert attached(here, truth) == "done"
        until(lambda: here.service.uploader.state.is_up)
        found = here.call(truth)
        assert found is not None
        assert found.records == 1


def test_people_hear_the_recording_by_the_link_in_the_activity(tmp_path: Path) -> None:
    wanted = {"recordings.mode": "link", "recordings.link_to": "activity"}
    with house(tmp_path, wanted, portal=KNOWN) as here:
        publish(here)
        truth = here.ring()
        assert attached(here, truth) == "done"
        (activity,) = here.portal.activities
        (url,) = [word for word in str(activity.fields["DESCRIPTION"]).split() if word.startswith("http")]
        status, page = fetch(url)
        assert status == 200
        assert "+7 916 123-45-67" in page.decode()
        status, sound = fetch(f"{url}/audio")
        assert status == 200
        made = tmp_path / "heard.mp3"
        made.write_bytes(sound)
        found = measure(made)
        assert found
        assert found.seconds == pytest.approx(truth.talk, abs=0.4)
        assert here.wait_finished(truth).records == 0
        # sent again by hand: the same link once
        send_again(here, truth)
        assert str(here.portal.activities[0].fields["DESCRIPTION"]).count("http") == 1
        # our copy is gone: it is made again of what the PBX has
        here.service.library.copies.remove(stored(here, truth).item.call)
        assert fetch(f"{url}/audio")[0] == 503
        until(lambda: fetch(f"{url}/audio")[0] == 200)


def test_call_without_a_client_in_the_crm_gets_no_link(tmp_path: Path) -> None:
    wanted = {"recordings.mode": "link", "recordings.link_to": "activity", "calls.create_incoming": False}
    with house(tmp_path, wanted) as here:
        publish(here)
        truth = here.ring()
        assert attached(here, truth) == "done"
        assert any("no activity" in line for line in here.told(truth))


def test_recording_sent_again_replaces_the_one_that_the_portal_had(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        truth = here.ring()
        assert attached(here, truth) == "done"
        send_again(here, truth)
        found = here.wait_finished(truth)
        assert found.records == 2
        assert found.record is not None
        assert stored(here, truth).item.portal.record_file_id == str(found.record.file_id)


def test_line_rule_keeps_its_recordings_here(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        here.service.core.settings.save({"lines": [{"match": "*", "recordings": "off"}]})
        truth = here.ring()
        assert attached(here, truth) == "done"
        assert any("recordings stay here" in line for line in here.told(truth))
        assert here.wait_finished(truth).record is None


def test_address_that_the_portal_cannot_reach_is_said_and_mended(tmp_path: Path) -> None:
    with house(tmp_path, {"recordings.mode": "link", "portal.public_url": "http://127.0.0.1:9"}) as here:
        truth = here.ring()
        until(lambda: here.service.uploader.state.reason is not None, what=lambda: here.told(truth))
        reason = here.service.uploader.state.reason
        assert reason is not None
        assert reason.code == "record_url_failed"
        assert "public address" in reason.hint
        assert here.steps(truth)["attach"] == "waiting"
        publish(here)
        steps = [step.id for step in here.service.core.deliveries.steps("waiting")]
        until(lambda: here.service.core.settings.current["portal.public_url"] == here.panel)
        here.service.retry(steps, "test")
        assert attached(here, truth) == "done"


def test_script_converts_the_recording_itself(tmp_path: Path) -> None:
    body = """
    $out = $given['path'] . '.louder.wav';
    exec('sox ' . escapeshellarg($given['path']) . ' ' . escapeshellarg($out) . ' repeat 1', $lines, $status);
    echo json_encode(['state' => 'success', 'data' => ['path' => $out]]);
    """
    with house(tmp_path) as here:
        script(here, "process_record_file_path", body)
        truth = here.ring()
        assert attached(here, truth) == "done", here.told(truth)
        record = here.wait_finished(truth).record
        assert record is not None
        assert record.seconds == pytest.approx(2 * truth.talk, abs=0.5)


def test_script_names_the_file(tmp_path: Path) -> None:
    body = (
        "echo json_encode(['state' => 'success', 'data' => ['FILENAME' => 'talk-' . $given['CALL_ID'][0] . '.mp3']]);"
    )
    with house(tmp_path) as here:
        script(here, "customize_attach_record_url", body)
        truth = here.ring()
        assert attached(here, truth) == "done"
        record = here.wait_finished(truth).record
        assert record is not None
        assert record.filename.startswith("talk-")


@pytest.mark.parametrize("name", ["process_record_file_path", "customize_attach_record_url"])
def test_script_that_fails_never_loses_a_recording(tmp_path: Path, name: str) -> None:
    with house(tmp_path) as here:
        script(here, name, "fwrite(STDERR, 'no disk'); exit(3);")
        truth = here.ring()
        assert attached(here, truth) == "done"
        assert here.wait_finished(truth).record is not None
        assert any("status 3: no disk; the default goes ahead" in line for line in here.told(truth))


def test_script_that_cancels_keeps_the_recording_here(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        script(here, "process_record_file_path", "echo json_encode(['state' => 'success', 'data' => null]);")
        truth = here.ring()
        assert attached(here, truth) == "done"
        assert here.wait_finished(truth).record is None


def test_call_that_nobody_answered_has_nothing_to_play(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        answered, busy = here.ring(client="79161110001"), here.ring("outgoing_busy", client="79161110002")
        here.wait_finished(answered)
        here.wait_finished(busy)
        files = [here.service.recording_file(row_of(here, truth)) for truth in (answered, busy)]
    assert busy.recordings, "the PBX makes a file all the same"
    assert [file is not None for file in files] == [True, False]


def row_of(here: House, truth: Truth) -> CallRow:
    story = here.service.core.calls.story(here.service.node, truth.linkedid)
    assert story is not None
    return story.item.call
