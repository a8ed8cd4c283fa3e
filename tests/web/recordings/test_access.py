# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may open a link to a recording, and what opens nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
from flask.testing import FlaskClient

from itgrix_module.app.links import Audience, Link
from itgrix_module.app.ports import CallRow
from tests.fakes.recorded import NODE, START, Recorded
from tests.web.markup import problems, words
from tests.web.recordings.listening import LAN, WORLD, file_of, path_of


def test_people_from_elsewhere_are_told_so(here: Recorded, call: CallRow, client: FlaskClient) -> None:
    path = path_of(here, call)
    for place in (path, f"{path}/audio"):
        answer = client.get(place, environ_base=WORLD)
        assert answer.status_code == 403
        assert "company's network" in words(answer.text)
        assert "916" not in answer.text


def test_address_in_a_header_opens_nothing(here: Recorded, call: CallRow, client: FlaskClient) -> None:
    headers = {"X-Forwarded-For": "192.168.1.5", "X-Real-IP": "192.168.1.5", "Forwarded": "for=192.168.1.5"}
    assert client.get(path_of(here, call), headers=headers, environ_base=WORLD).status_code == 403


def test_behind_a_web_server_on_this_machine_nobody_is_taken_for_local(
    here: Recorded, call: CallRow, client: FlaskClient
) -> None:
    here.core.settings.save({"portal.public_url": "https://pbx.example.com"})
    path = path_of(here, call)
    local = {"REMOTE_ADDR": "127.0.0.1"}
    assert client.get(path, environ_base=local).status_code == 403
    assert client.get(path, headers={"X-Forwarded-For": "192.168.1.5"}, environ_base=local).status_code == 403


def test_anybody_may_where_the_settings_say_so(here: Recorded, call: CallRow, client: FlaskClient) -> None:
    here.core.settings.save({"recordings.link_access": "anyone"})
    assert client.get(path_of(here, call), environ_base=WORLD).status_code == 200


def test_portal_gets_the_file_itself_from_anywhere(here: Recorded, call: CallRow, client: FlaskClient) -> None:
    path = path_of(here, call, Audience.PORTAL)
    answer = client.get(path, environ_base=WORLD)
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "audio/mpeg", file_of(here, call))
    assert client.get(f"{path}/audio", environ_base=WORLD).status_code == 404


def test_host_does_not_matter_for_links_and_the_panel_stays_closed(
    here: Recorded, call: CallRow, client: FlaskClient
) -> None:
    headers = {"Host": "pbx.example.com"}
    assert client.get(path_of(here, call), headers=headers, environ_base=LAN).status_code == 200
    assert client.get("/", headers=headers, environ_base=LAN).status_code == 421
    assert client.get("/recordings/", environ_base=LAN).status_code in (403, 404)
    assert client.get("/calls/", environ_base=LAN).status_code == 403


@pytest.mark.parametrize(
    "path",
    ["/recordings/nonsense", "/recordings/..%2f..%2fetc%2fpasswd", "/recordings/../calls/", "/recordings/%00",
     "/recordings/<script>", "/recordings/a/b", "/recordings/" + "A" * 5000, "/recordings/💥", "/recordings//x"],
)  # fmt: skip
def test_what_is_no_link_is_not_there(client: FlaskClient, path: str) -> None:
    answer = client.get(path, environ_base=LAN)
    assert answer.status_code in (404, 308)
    assert "<script" not in answer.text


def test_changed_link_is_not_there(here: Recorded, call: CallRow, client: FlaskClient) -> None:
    path = path_of(here, call)
    changed = path[:-2] + ("A" if path[-2] != "A" else "B") + path[-1]
    assert client.get(changed, environ_base=LAN).status_code == 404
    assert client.get(f"{changed}/audio", environ_base=LAN).status_code == 404


def test_link_to_a_call_that_is_not_kept_any_more_is_not_there(here: Recorded, client: FlaskClient) -> None:
    never = CallRow(NODE, "9.9", "incoming", "ended", started=START, ended=START)
    assert client.get(path_of(here, never), environ_base=LAN).status_code == 404


@pytest.mark.parametrize("language", ["en", "ru"])
def test_expired_link_says_so(here: Recorded, call: CallRow, client: FlaskClient, language: str) -> None:
    path = path_of(here, call)
    here.now += 400 * 86_400
    answer = client.get(path, headers={"Accept-Language": language}, environ_base=LAN)
    assert answer.status_code == 410
    assert {"en": "expired", "ru": "истёк"}[language] in words(answer.text)
    assert problems(answer.text) == []
    assert client.get(f"{path}/audio", environ_base=LAN).status_code == 410


def test_recording_that_is_nowhere_is_gone(here: Recorded, client: FlaskClient) -> None:
    call = here.call("1.1", "a.wav")
    (here.monitor / "2026/11/21/a.wav").unlink()
    path = path_of(here, call)
    for place in (path, f"{path}/audio"):
        answer = client.get(place, environ_base=LAN)
        assert answer.status_code == 410
        assert "not there any more" in words(answer.text)


def test_links_take_no_other_requests(here: Recorded, call: CallRow, client: FlaskClient) -> None:
    for method in (client.post, client.put, client.delete):
        answer = method(path_of(here, call), environ_base=LAN)
        assert answer.status_code == 405
        assert "GET" in answer.headers["Allow"]


def test_token_of_an_audience_that_there_is_not_opens_nothing(
    here: Recorded, call: CallRow, client: FlaskClient
) -> None:
    link = here.library.read(path_of(here, call).rpartition("/")[2])
    assert isinstance(link, Link)
    odd = here.library._signer.sign(replace(link, audience=cast("Audience", 9)))
    assert client.get(f"/recordings/{odd}", environ_base=LAN).status_code == 404
