# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a recording says who called when, plays, and loads nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from itgrix_module.app.links import Audience
from itgrix_module.app.ports import CallRow
from tests.fakes.recorded import Recorded
from tests.web.markup import problems, words
from tests.web.recordings.listening import LAN, path_of


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["Call from +7 916 123-45-67", "21 November, 03:24:33", "1:00", "Анна", "101 Ольга Петрова"]),
        ("ru", ["Звонок с +7 916 123-45-67", "21 ноября, 03:24:33", "Разговор", "101 Ольга Петрова", "Сохранить"]),
    ],
)
def test_page_says_who_called_when_and_plays(
    here: Recorded, call: CallRow, client: FlaskClient, language: str, expected: list[str]
) -> None:
    path = path_of(here, call)
    answer = client.get(path, headers={"Accept-Language": language}, environ_base=LAN)
    assert answer.status_code == 200
    assert problems(answer.text) == []
    assert [word for word in expected if word not in words(answer.text)] == []
    assert f'src="{path.rpartition("/")[2]}/audio"' in answer.text
    assert f'<html lang="{language}">' in answer.text
    assert len(answer.data) < 5000


def test_page_of_an_outgoing_call_and_of_a_hidden_number(here: Recorded, client: FlaskClient) -> None:
    out = here.call("1.2", "b.wav", direction="outgoing", caller="102", client_name="")
    hidden = here.call("1.3", "c.wav", client="anonymous", client_name="<script>alert(1)</script>")
    assert "Call to +7 916 123-45-67" in client.get(path_of(here, out), environ_base=LAN).text
    text = client.get(path_of(here, hidden), environ_base=LAN).text
    assert "Call from a caller who hides his number" in text
    assert "<script" not in text


@pytest.mark.parametrize("audience", Audience)
def test_everything_answered_to_the_outside_is_closed_tight(
    here: Recorded, call: CallRow, client: FlaskClient, audience: Audience
) -> None:
    path = path_of(here, call, audience)
    for place in (path, f"{path}/audio", "/recordings/nonsense", "/recordings/page.css", "/recordings/a/b/c"):
        answer = client.get(place, environ_base=LAN)
        headers = answer.headers
        assert "default-src 'none'" in headers["Content-Security-Policy"], place
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "noindex" in headers["X-Robots-Tag"]
        assert headers["Cache-Control"].startswith("private, no-")
        assert "Set-Cookie" not in headers
        answer.close()


def test_page_loads_nothing_but_its_style_and_its_sound(here: Recorded, call: CallRow, client: FlaskClient) -> None:
    import re

    path = path_of(here, call)
    text = client.get(path, environ_base=LAN).text
    token = path.rpartition("/")[2]
    assert set(re.findall(r'(?:href|src)="([^"]+)"', text)) == {"page.css", f"{token}/audio"}
    assert client.get("/recordings/page.css").mimetype == "text/css"
    deep = client.get(f"{path}x/audio", environ_base=LAN).text
    assert 'href="../page.css"' in deep


def test_database_that_does_not_answer_is_said(here: Recorded, call: CallRow, client: FlaskClient) -> None:
    path = path_of(here, call)
    here.core.database.close()
    Path(str(here.core.database.engine.url.database)).write_bytes(b"no database" * 100)
    answer = client.get(path, environ_base=LAN)
    assert answer.status_code == 503
    assert "cannot be shown now" in words(answer.text)


def test_recording_is_made_again_while_the_page_says_so(here: Recorded, client: FlaskClient) -> None:
    call = here.call("1.1", "a.wav")
    path = path_of(here, call)
    page = client.get(path, environ_base=LAN)
    assert page.status_code == 200
    assert "being prepared" in words(page.text)
    assert int(page.headers["Refresh"]) <= 10
    assert "<audio" not in page.text
    assert problems(page.text) == []
    here.settle(call)
    assert "<audio" in client.get(path, environ_base=LAN).text


def test_file_that_is_being_made_is_asked_for_again(here: Recorded, client: FlaskClient) -> None:
    call = here.call("1.1", "a.wav")
    answer = client.get(f"{path_of(here, call)}/audio", environ_base=LAN)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) <= 10
    here.settle(call)
    assert client.get(f"{path_of(here, call)}/audio", environ_base=LAN).status_code == 200


def test_what_keeps_it_from_being_made_is_not_told_to_the_outside(here: Recorded, client: FlaskClient) -> None:
    call = here.call("1.1", "a.wav")
    (here.monitor / "2026/11/21/a.wav").write_bytes(b"RIFFnonsense" * 100)
    here.settle(call)
    text = client.get(path_of(here, call), environ_base=LAN).text
    assert "did not work at the first attempt" in words(text)
    assert "a.wav" not in text
    assert str(here.monitor) not in text
