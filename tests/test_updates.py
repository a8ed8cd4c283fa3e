# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking for new versions over a real wire: good, forged, replayed, cut, huge, redirected, slow lists."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from itgrix_module import feed as releases
from itgrix_module.app.alerts import Alert
from itgrix_module.app.health import Check, Level
from itgrix_module.app.updates import Outlook, feed_of, outlook
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from itgrix_module.notices import Notices
from itgrix_module.settings import Settings, SettingsError
from itgrix_module.update_files import UpdateFiles
from itgrix_module.update_news import News
from itgrix_module.updates import AGAIN, DAY, Updates
from tests.bitrix24.certificates import Authority
from tests.fakes.releases import Publisher, Shelf, shelf

NOW = 1_795_000_000.0


@dataclass
class Desk:
    """``settings``: of the look."""

    home: Path
    shelf: Shelf
    publisher: Publisher
    now: float = NOW
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.publisher.url = f"http://{self.shelf.address}"
        self.settings |= {"updates.check": True, "updates.url": f"{self.publisher.url}/itgrix.json"}
        self.updates = self.anew()

    def anew(self) -> Updates:
        """As after a restart."""
        return Updates(
            self.home,
            lambda: self.settings,
            "1.0.0",
            key=lambda: self.publisher.key,
            shipped_url=lambda: "",
            clock=lambda: self.now,
            chance=lambda: 0.5,
        )

    def publish(self, *versions: str, **changes: Any) -> bytes:
        found = self.publisher.list(*(self.publisher.release(version) for version in versions), **changes)
        self.shelf.files["/itgrix.json"] = found
        return found

    def refused(self) -> Failure:
        with pytest.raises(Failure) as failure:
            self.updates.check()
        checked = self.updates.state().checked
        assert (checked.code, checked.text) == (failure.value.code, failure.value.text), "it is kept for the panel"
        return failure.value


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with shelf() as server:
        yield Desk(tmp_path, server, Publisher())


def test_a_newer_version_is_found_and_still_known_after_a_restart(desk: Desk) -> None:
    desk.publish("1.0.0", "1.1.0")
    state = desk.updates.check()
    assert state.outlook is not None
    assert state.outlook.newest is not None
    assert state.outlook.newest.version == "1.1.0"
    again = desk.anew().state()
    assert again.outlook is not None
    assert again.outlook.newest == state.outlook.newest
    assert again.checked.good_at == NOW


def test_nothing_about_this_machine_is_told(desk: Desk) -> None:
    desk.publish("1.0.0")
    desk.updates.check()
    ((path, headers),) = desk.shelf.asked
    assert path == "/itgrix.json"
    assert set(headers) <= {"host", "user-agent", "accept-encoding", "accept", "connection"}
    assert headers["user-agent"] == "itgrix"


def test_forged_lists_are_refused_whatever_they_are_forged_in(desk: Desk) -> None:
    good = json.loads(desk.publish("1.1.0"))
    other = Publisher(desk.publisher.url)
    for forged in (
        {**good, "issued": good["issued"] + 1},
        {**good, "more": 1},
        {**good, "signature": ""},
        {**good, "signature": 5},
        {**good, "signature": "é"},
        {name: value for name, value in good.items() if name != "signature"},
        json.loads(other.list(other.release("9.0.0"))),
    ):
        desk.shelf.files["/itgrix.json"] = json.dumps(forged).encode()
        assert desk.refused().code == "updates_forged"
    assert desk.updates.outlook() is None
    assert [check.level for check in desk.updates.checks()] == [Level.WARNING]


def test_a_list_older_than_one_seen_before_is_refused_and_the_newer_one_stays(desk: Desk) -> None:
    old = desk.publish("1.1.0", issued=1_700_000_000)
    desk.publish("1.1.0", "1.2.0", issued=1_700_000_100)
    desk.updates.check()
    desk.shelf.files["/itgrix.json"] = old
    desk.updates = desk.anew()
    assert desk.refused().code == "updates_replayed"
    found = desk.updates.outlook()
    assert found is not None
    assert found.newest is not None
    assert found.newest.version == "1.2.0"
    assert desk.updates.checks()[0].code == "updates_replayed"


def test_the_same_list_again_is_good(desk: Desk) -> None:
    desk.publish("1.1.0")
    desk.updates.check()
    desk.updates.check()


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"<html>", b"[]", b"null", b'{"a": 1, "a": 2}', b'{"a": 1.5}', b'{"a": NaN}'),
        *(b"[" * 100_000, b"\xff\xfe", b"1" * 5000),
    ],
    ids=["empty", "page", "array", "null", "twice", "fraction", "nan", "deep", "bytes", "number"],
)
def test_what_is_no_list_is_refused(desk: Desk, content: bytes) -> None:
    desk.shelf.files["/itgrix.json"] = content
    assert desk.refused().code == "updates_unreadable"


def test_signed_nonsense_is_refused(desk: Desk) -> None:
    desk.shelf.files["/itgrix.json"] = desk.publisher.signed({"rawname": "other"})
    assert desk.refused().code == "updates_bad"


def _cut(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b"{")
    handler.close_connection = True


def _endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" " * 65_536)


def _answer(status: int, **headers: str) -> Any:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


@pytest.mark.parametrize(
    ("answer", "code", "kind"),
    [
        (_cut, "updates_cut", Temporary),
        (_endless, "updates_huge", Permanent),
        (_answer(404), "updates_status", Permanent),
        (_answer(503), "updates_status", Temporary),
        (_answer(429), "updates_status", Temporary),
        (_answer(302, Location="http://example.org/itgrix.json"), "updates_unsafe", Permanent),
        (_answer(302, Location="file:///etc/passwd"), "updates_unsafe", Permanent),
        (_answer(302, Location="https://user:word@example.org/"), "updates_unsafe", Permanent),
        (_answer(302, Location="/itgrix.json"), "updates_redirects", Permanent),
    ],
    ids=["cut", "endless", "404", "503", "429", "plain", "file", "login", "circle"],
)
def test_answers_that_bring_no_list(desk: Desk, answer: Any, code: str, kind: type[Failure]) -> None:
    desk.shelf.files["/itgrix.json"] = answer
    failure = desk.refused()
    assert (failure.code, type(failure)) == (code, kind)


def test_a_redirection_that_stays_safe_is_followed(desk: Desk) -> None:
    desk.shelf.files["/there.json"] = desk.publish("1.1.0")
    desk.shelf.files["/itgrix.json"] = _answer(301, Location="/there.json")
    desk.updates.check()
    assert [path for path, _ in desk.shelf.asked] == ["/itgrix.json", "/there.json"]


def test_who_drips_is_not_waited_for(desk: Desk) -> None:
    desk.publish("1.1.0")
    with pytest.raises(Temporary) as slow:
        releases.fetch_list(desk.settings["updates.url"], seconds=-1.0)
    assert slow.value.code == "updates_slow"


def test_nobody_at_the_address(desk: Desk) -> None:
    desk.settings["updates.url"] = "http://127.0.0.1:9/itgrix.json"
    assert desk.refused().code == "updates_unreachable"


def test_over_https_the_certificate_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    with shelf(authority.server_context()) as server:
        made = Desk(tmp_path, server, Publisher())
        made.publish("1.1.0")
        made.settings["updates.url"] = f"https://localhost:{server.server_address[1]}/itgrix.json"
        assert made.refused().code == "updates_tls"
        assert server.asked == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
        made.updates.check()


def test_without_key_or_address_nothing_is_asked(desk: Desk) -> None:
    keyless = Updates(desk.home, lambda: desk.settings, "1.0.0", key=lambda: None, shipped_url=lambda: "")
    with pytest.raises(NeedsOwner, match="no key"):
        keyless.check()
    desk.settings["updates.url"] = ""
    assert desk.refused().code == "updates_no_url"
    assert desk.shelf.asked == []


def test_damaged_key_is_said(tmp_path: Path) -> None:
    (tmp_path / "release.pub").write_text("nonsense")
    with pytest.raises(Permanent):
        releases.shipped_key(tmp_path / "release.pub")
    assert releases.shipped_key(tmp_path / "none") is None
    assert releases.shipped_url(tmp_path / "none") == ""


def test_the_look_comes_once_a_day_and_sooner_after_a_failure(desk: Desk) -> None:
    desk.publish("1.1.0")
    desk.updates.look()
    assert desk.shelf.asked == [], "not all machines at the moment of their start"
    desk.now += 1000
    desk.updates.look()
    assert len(desk.shelf.asked) == 1
    desk.now += DAY
    desk.anew().look()
    assert len(desk.shelf.asked) == 1
    desk.now += DAY * 0.13
    del desk.shelf.files["/itgrix.json"]
    desk.updates.look()
    assert len(desk.shelf.asked) == 2
    desk.now += AGAIN * 0.99
    desk.updates.look()
    assert len(desk.shelf.asked) == 2
    desk.now += AGAIN * 0.15
    desk.updates.look()
    assert len(desk.shelf.asked) == 3


def test_a_clock_that_was_set_back_does_not_put_the_look_off_for_years(desk: Desk) -> None:
    desk.publish("1.1.0")
    desk.now = NOW + 10 * 365 * DAY
    desk.updates.check()
    desk.now = NOW
    desk.updates.look()
    desk.now += 1000
    desk.updates.look()
    assert len(desk.shelf.asked) == 2


def test_switched_off_nobody_asks(desk: Desk) -> None:
    desk.settings["updates.check"] = False
    desk.updates.look()
    desk.now += 10 * DAY
    desk.updates.look()
    assert desk.shelf.asked == []


def test_damaged_files_of_the_look_are_passed_over(desk: Desk) -> None:
    files = UpdateFiles(desk.home)
    files.prepare()
    for content in (b"", b"[", b'{"at": "x", "code": 5}', b"[1]", b"\xff"):
        for name in ("checked.json", "run.json", "releases.json"):
            (files.folder / name).write_bytes(content)
        assert desk.anew().state().outlook is None
    desk.publish("1.1.0")
    assert desk.anew().check().outlook is not None


def test_where_nothing_was_installed_no_update_starts(desk: Desk) -> None:
    desk.publish("1.1.0")
    desk.updates.check()
    with pytest.raises(NeedsOwner) as refused:
        desk.updates.start("anna")
    assert refused.value.code == "updates_not_installed"
    with pytest.raises(NeedsOwner) as refused:
        desk.updates.start("anna", "nonsense")
    assert refused.value.code == "updates_no_version"
    with pytest.raises(NeedsOwner) as refused:
        desk.updates.start("anna", "7.0.0")
    assert refused.value.code == "updates_nothing"


@pytest.mark.parametrize("address", ["http://example.org/x", "https://u:p@example.org", "x", "https://a b"])
def test_an_address_that_is_not_safe_is_no_setting(address: str) -> None:
    with pytest.raises(SettingsError):
        Settings({"updates.url": address})
    Settings({"updates.url": ""})
    Settings({"updates.url": "https://example.org/itgrix.json"})


# -- notices and news


PUBLISHER = Publisher()


def found(installed: str, *versions: str, **changes: Any) -> Outlook:
    return outlook(installed, feed_of(PUBLISHER.data(*(PUBLISHER.release(each, **changes) for each in versions))), NOW)


@dataclass
class Board:
    """The dashboard of a PBX. ``checks``, ``outlook``: what is the matter now."""

    file: Path
    checks: list[Check] = field(default_factory=list)
    outlook: Outlook | None = None
    now: float = NOW

    def __post_init__(self) -> None:
        self.notices = Notices(
            self.file,
            lambda: self.checks,
            lambda: self.outlook,
            lambda: 300.0,
            lambda: "ru",
            lambda _language, text: {"the portal is away": "портал недоступен"}.get(text, text),
            lambda: self.now,
        )

    def shown(self) -> list[tuple[str, str, str]]:
        self.notices()
        return [(each["id"], each["kind"], each["title"]) for each in json.loads(self.file.read_text())]


def test_a_fault_is_shown_when_it_lasts_and_goes_when_it_is_over(tmp_path: Path) -> None:
    board = Board(tmp_path / "notices.json", [Check("portal", Level.ERROR, "x", "the portal is away", "Wait.")])
    assert board.shown() == []
    board.now += 299
    assert board.shown() == []
    board.now += 1
    assert board.shown() == [("portal", "error", "Itgrix: портал недоступен")]
    board.checks = [Check("portal", Level.OK, "portal_up", "well")]
    assert board.shown() == []


def test_only_what_lasts_counts_and_other_parts_are_not_shown(tmp_path: Path) -> None:
    old = NOW - 1000
    board = Board(
        tmp_path / "notices.json",
        [
            Check("disk", Level.WARNING, "disk_low", "little room", since=old),
            Check("pbx", Level.WARNING, "ami_rights", "rights", since=old),
            Check("employees", Level.ERROR, "x", "y", since=old),
            Check("service", Level.ERROR, "x", "y" * 500, since=old),
        ],
    )
    assert [(name, kind, len(title)) for name, kind, title in board.shown()] == [
        ("disk", "warning", 19),
        ("service", "error", 250),
    ]


def test_versions_are_shown_and_stay_when_the_service_stops(tmp_path: Path) -> None:
    broken = Check("pbx", Level.ERROR, "x", "y", since=NOW - 1000)
    board = Board(tmp_path / "notices.json", [broken], found("1.0.0", "1.0.0", "1.1.0", "1.2.0", "1.3.0"))
    assert [name for name, _, _ in board.shown()] == ["update", "support", "pbx"]
    board.notices.close()
    left = json.loads(board.file.read_text())
    assert [(each["id"], each["kind"]) for each in left] == [("update", "update"), ("support", "warning")]
    assert left[0]["title"] == "Itgrix: вышла версия 1.3.0"
    board.outlook = found("1.3.0", "1.3.0")
    board.checks = []
    assert board.shown() == []


def test_a_security_hole_is_a_notice_of_its_own_kind(tmp_path: Path) -> None:
    board = Board(tmp_path / "notices.json", outlook=found("1.0.0", "1.1.0", security=True))
    assert board.shown() == [("update", "security", "Itgrix: версия 1.1.0 закрывает уязвимость")]


def test_an_unchanged_list_is_not_written_again(tmp_path: Path) -> None:
    board = Board(tmp_path / "notices.json", outlook=found("1.0.0", "1.1.0"))
    board.shown()
    before = board.file.stat().st_ino
    board.shown()
    assert board.file.stat().st_ino == before


@dataclass
class Way:
    """A way to a person. ``failure``: what it raises."""

    name: str
    failure: Failure | None = None
    told: list[str] = field(default_factory=list)

    def tell(self, alert: Alert) -> None:
        if self.failure is not None:
            raise self.failure
        self.told.append(alert.text)


def test_each_version_is_told_once_by_each_way_and_a_way_that_fails_is_tried_again(tmp_path: Path) -> None:
    mail, chat = Way("mail"), Way("chat", Temporary("away", "away"))
    now: list[Outlook] = [found("1.0.0", "1.1.0")]

    def news(elsewhere: bool = False) -> News:
        return News(UpdateFiles(tmp_path), lambda: now[0], lambda: [mail, chat], lambda: elsewhere, lambda: NOW)

    news(elsewhere=True)()
    assert mail.told == []
    news()()
    news()()
    chat.failure = None
    news()()
    assert (len(mail.told), len(chat.told)) == (1, 1)
    now[0] = found("1.0.0", "1.2.0")
    news()()
    assert mail.told[-1] == "version 1.2.0 is there, 1.0.0 is installed"
    assert len(mail.told) == 2
