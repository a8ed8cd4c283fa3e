# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings: by upload, in base64, by address; what is refused; what is kept."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
import requests

from itgrix_module.sandbox.portal import SandboxPortal, audio
from itgrix_module.sandbox.portal.model import Record
from tests.known import known
from tests.sandbox.portal.conftest import Api, Receiver, mp3, wav

ATTACH = "telephony.externalCall.attachRecord"


def upload(api: Api, call_id: str, content: bytes, filename: str = "a.mp3") -> requests.Response:
    offered = api.ok(ATTACH, CALL_ID=call_id, FILENAME=filename)
    return api.session.post(offered["uploadUrl"], files={"file": (filename, content)}, timeout=10)


def first_record(api: Api) -> Record:
    return known(api.portal.calls()[0].record)


@pytest.mark.parametrize("through", ["api", "app_api"])
def test_upload_by_its_own_address(request: pytest.FixtureRequest, through: str) -> None:
    api: Api = request.getfixturevalue(through)
    answer = upload(api, api.finished(), mp3(4.0))
    record = first_record(api)
    assert answer.json() == {"result": {"FILE_ID": record.file_id}}
    assert (record.filename, record.mime, record.size, record.way) == ("a.mp3", "audio/mpeg", len(mp3(4.0)), "upload")
    assert record.content == mp3(4.0)
    assert api.portal.http["upload"] == 1


def test_address_of_an_upload_is_good_once(api: Api) -> None:
    offered = api.ok(ATTACH, CALL_ID=api.finished(), FILENAME="a.wav")
    send = [api.session.post(offered["uploadUrl"], files={"file": wav(1)}, timeout=10) for _ in range(2)]
    assert [answer.status_code for answer in send] == [200, 400]
    assert send[1].json()["error"] == "ERROR_CORE"
    assert api.portal.calls()[0].records == 1


def test_upload_needs_the_file_in_its_field(api: Api) -> None:
    offered = api.ok(ATTACH, CALL_ID=api.finished(), FILENAME="a.wav")
    answer = api.session.post(offered["uploadUrl"], files={"other": wav(1)}, timeout=10)
    assert answer.status_code == 400
    assert api.session.post(offered["uploadUrl"], files={"file": wav(1)}, timeout=10).status_code == 200


def test_upload_without_authorisation_is_refused(portal: SandboxPortal, app_api: Api) -> None:
    offered = app_api.ok(ATTACH, CALL_ID=app_api.finished(), FILENAME="a.wav")
    bare = offered["uploadUrl"].replace(app_api.auth, "x")
    assert requests.post(bare, files={"file": wav(1)}, timeout=10).status_code == 401


def test_upload_in_chunks_of_unknown_length(api: Api) -> None:
    offered = api.ok(ATTACH, CALL_ID=api.finished(), FILENAME="a.wav")
    prepared = requests.Request("POST", offered["uploadUrl"], files={"file": ("a.wav", wav(40))}).prepare()
    body = prepared.body
    assert isinstance(body, bytes)
    pieces = (body[start : start + 10_000] for start in range(0, len(body), 10_000))
    headers = {"Content-Type": prepared.headers["Content-Type"]}
    assert api.session.post(offered["uploadUrl"], data=pieces, headers=headers, timeout=10).status_code == 200
    assert first_record(api).seconds == 40


def test_content_in_base64(api: Api) -> None:
    content = base64.b64encode(wav(2)).decode()
    result = api.ok(ATTACH, CALL_ID=api.finished(), FILENAME="a.wav", FILE_CONTENT=content)
    record = first_record(api)
    assert (result["FILE_ID"], record.seconds, record.mime) == (record.file_id, 2.0, "audio/wav")
    assert all(
        "characters" in str(entry.params["FILE_CONTENT"])
        for entry in api.portal.requests
        if entry.method == ATTACH.lower()
    )


def test_record_by_address(api: Api, receiver: Receiver) -> None:
    receiver.content = mp3(2.0)
    api.ok(ATTACH, CALL_ID=api.finished(), RECORD_URL=receiver.url + "/call.mp3")
    record = first_record(api)
    assert (record.filename, record.way) == ("call.mp3", "url")
    assert record.seconds == pytest.approx(2.0, abs=0.05)


def test_record_by_address_that_fails(api: Api, receiver: Receiver) -> None:
    receiver.status = 404
    refusal = api.refused(ATTACH, CALL_ID=api.finished(), RECORD_URL=receiver.url + "/call.mp3")
    assert refusal == (400, "ERROR_CORE", "Server returns HTTP error code 404")


def test_record_by_address_in_finish_fails_silently_and_works_silently(api: Api, receiver: Receiver) -> None:
    receiver.content = wav(1)
    for path in ("/call.wav", "/call.ogg"):
        call_id = api.register()
        api.ok("telephony.externalCall.finish", CALL_ID=call_id, USER_ID=2, DURATION=1, RECORD_URL=receiver.url + path)
    assert [bool(call.record) for call in api.portal.calls()] == [True, False]


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({}, "Required parameters are not set. Request should contain either URL or FILENAME parameter"),
        ({"FILENAME": ""}, "File name is empty"),
        ({"FILENAME": "a.gsm"}, "Wrong file extension. Only wav and mp3 are allowed"),
        ({"FILENAME": "a.mp3", "FILE_CONTENT": ""}, "File content is empty."),
        (
            {"FILENAME": "a.mp3", "FILE_CONTENT": "***"},
            "File content is not properly encoded. Base64 encoding is expected.",
        ),
        ({"RECORD_URL": "file:///etc/passwd.mp3"}, "Server returns HTTP error code 0"),
    ],
)
def test_refusals(api: Api, params: dict[str, str], text: str) -> None:
    assert api.refused(ATTACH, CALL_ID=api.finished(), **params) == (400, "ERROR_CORE", text)


def test_record_of_an_unfinished_or_unknown_call_is_refused(api: Api) -> None:
    text = "Call is not found in the statistic table. It looks like it is not finished yet."
    for call_id in (api.register(), "nobody"):
        assert api.refused(ATTACH, CALL_ID=call_id, FILENAME="a.mp3") == (400, "ERROR_CORE", text)


def test_repeat_replaces_the_record_everywhere(api: Api) -> None:
    call_id = api.finished()
    upload(api, call_id, mp3(1.0))
    second = upload(api, call_id, mp3(3.0)).json()["result"]["FILE_ID"]
    call = api.portal.calls()[0]
    assert (call.records, known(call.record).file_id) == (2, second)
    row = api.ok("voximplant.statistic.get", FILTER={"CALL_ID": call_id})[0]
    assert (row["RECORD_FILE_ID"], row["RECORD_DURATION"]) == (second, "3")
    files = api.ok("crm.activity.list", select=["ID", "FILES"])[0]["FILES"]
    assert [file["id"] for file in files] == [second]
    played = requests.get(files[0]["url"], headers={"Range": "bytes=0-3"}, timeout=10)
    assert (played.status_code, played.content) == (206, mp3(3.0)[:4])


def test_what_does_not_play_is_kept_and_told(api: Api) -> None:
    upload(api, api.finished(), b"no sound at all")
    record = first_record(api)
    assert (record.playable, record.seconds, record.size) == (False, None, 15)


def test_old_recordings_give_way_when_memory_is_full(
    start: Callable[..., SandboxPortal], session: requests.Session
) -> None:
    api = Api(start(keep_record_bytes=100_000), session)
    for number in range(4):
        upload(api, api.finished(EXTERNAL_CALL_ID=str(number)), wav(3), "a.wav")
    records = [known(call.record) for call in api.portal.calls()]
    assert [bool(record.content) for record in records] == [False, False, True, True]
    assert {record.seconds for record in records} == {3.0}


@pytest.mark.parametrize(
    ("content", "seconds"),
    [
        (mp3(4.0), 3.996),
        (b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10) + mp3(1.8), 1.8),
        ((b"\xff\xfb\x90\x64" + bytes(413)) * 100, 2.612),
        ((b"\xff\xe3\x18\xc4" + bytes(68)) * 50, 3.6),
        (wav(1.5), 1.5),
        (b"", None),
        (b"RIFF1234", None),
        (b"\xff\xfb\x90\x64", None),
        (mp3(4.0)[1:], None),
    ],
)
def test_length_of_sounds(content: bytes, seconds: float | None) -> None:
    found = audio.seconds(content)
    assert found == (None if seconds is None else pytest.approx(seconds, abs=0.002))


def test_transcript_is_kept_with_the_call(api: Api) -> None:
    call_id = api.finished()
    line = {"SIDE": "User", "START_TIME": 0, "STOP_TIME": 2, "MESSAGE": "Здравствуйте"}
    result = api.ok("telephony.call.attachTranscription", CALL_ID=call_id, MESSAGES=[line])
    assert api.portal.calls()[0].transcript[0]["text"] == "Здравствуйте"
    row = api.ok("voximplant.statistic.get")[0]
    assert row["TRANSCRIPT_ID"] == str(result["TRANSCRIPT_ID"])


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"CALL_ID": ""}, "CALL_ID should be set"),
        ({"MESSAGES": "x"}, "MESSAGES should be an array"),
        ({"MESSAGES": [{"SIDE": "Me"}]}, "MESSAGES[0][SIDE] should be either Client or User"),
        (
            {"MESSAGES": [{"SIDE": "User", "START_TIME": -1}]},
            "MESSAGES[0][START_TIME] should be greater or equal to zero",
        ),
        (
            {"MESSAGES": [{"SIDE": "User", "START_TIME": 0, "STOP_TIME": 0}]},
            "MESSAGES[0][STOP_TIME] should be greater than zero",
        ),
        ({"MESSAGES": [{"SIDE": "User", "START_TIME": 0, "STOP_TIME": 1}]}, "MESSAGES[0][MESSAGE] is empty"),
        ({"MESSAGES": []}, "Call nobody is not found. Is it finished?"),
    ],
)
def test_transcript_refusals(api: Api, params: dict[str, Any], text: str) -> None:
    values = {"CALL_ID": "nobody", "MESSAGES": []} | params
    assert api.refused("telephony.call.attachTranscription", **values) == (400, "ERROR_CORE", text)
