# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed links: nobody makes or changes one, each opens one recording, for one audience, until its time."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as some

from itgrix_module.app.links import (
    Access,
    Audience,
    BadLink,
    Link,
    Signer,
    address_of,
    link_address,
    with_link,
)

NOW = 1_795_000_020.0
KEY, OTHER = b"k" * 44, b"o" * 44
SIGNER = Signer(lambda: (KEY,))
LINK = Link("pbx1", "1795220673.502", Audience.PEOPLE, NOW + 3600)

words = some.text(some.characters(exclude_categories=["Cs"]), max_size=40)
links = some.builds(
    Link, words, words, some.sampled_from(Audience), some.integers(1, 2**31).map(lambda minute: minute * 60.0)
)


@given(links)
def test_token_says_what_was_signed(link: Link) -> None:
    token = SIGNER.sign(link)
    assert SIGNER.read(token, link.expires - 1) == link
    assert SIGNER.read(token, link.expires) is BadLink.EXPIRED
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)


@given(links, some.data())
def test_token_with_any_byte_changed_opens_nothing(link: Link, data: some.DataObject) -> None:
    token = SIGNER.sign(link)
    place = data.draw(some.integers(0, len(token) - 1))
    letter = data.draw(some.sampled_from("ABCabc012_-").filter(lambda one: one != token[place]))
    changed = token[:place] + letter + token[place + 1 :]
    assert SIGNER.read(changed, 0.0) is BadLink.TAMPERED


@given(links, some.data())
def test_token_that_was_cut_or_made_longer_opens_nothing(link: Link, data: some.DataObject) -> None:
    token = SIGNER.sign(link)
    assert SIGNER.read(token[: data.draw(some.integers(0, len(token) - 1))], 0.0) is BadLink.TAMPERED
    assert SIGNER.read(token + data.draw(some.text("ABab01_-=.", min_size=1, max_size=5)), 0.0) is BadLink.TAMPERED


@given(some.one_of(some.text(max_size=200), some.text("ABCDabcd0123_-", max_size=2000)))
def test_nonsense_opens_nothing(text: str) -> None:
    assert SIGNER.read(text, 0.0) is BadLink.TAMPERED


@given(links)
def test_token_of_another_installation_opens_nothing(link: Link) -> None:
    assert Signer(lambda: (OTHER,)).read(SIGNER.sign(link), 0.0) is BadLink.TAMPERED


@given(links, links)
def test_different_links_have_different_tokens(one: Link, other: Link) -> None:
    assert (SIGNER.sign(one) == SIGNER.sign(other)) == (one == other)


def test_link_survives_a_new_key_while_the_old_one_is_kept() -> None:
    token = SIGNER.sign(LINK)
    assert Signer(lambda: (OTHER, KEY)).read(token, NOW) == LINK


def test_usual_token_is_short() -> None:
    assert len(SIGNER.sign(LINK)) < 60


def test_expiry_is_never_earlier_than_asked() -> None:
    found = SIGNER.read(SIGNER.sign(replace(LINK, expires=NOW + 1)), NOW)
    assert isinstance(found, Link)
    assert NOW + 1 <= found.expires < NOW + 61


def test_secret_itself_never_signs() -> None:
    """The key of the vault seals secrets; what is derived from it for links cannot do that."""
    import hashlib
    import hmac
    from base64 import urlsafe_b64decode

    token = SIGNER.sign(LINK)
    raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert raw[-16:] != hmac.digest(KEY, raw[:-16], hashlib.sha256)[:16]


@pytest.mark.parametrize(
    ("given_url", "base"),
    [
        ("https://pbx.example.com", "https://pbx.example.com"),
        (" https://pbx.example.com:8443/itgrix/ ", "https://pbx.example.com:8443/itgrix"),
        ("http://[fd00::1]:8077", "http://[fd00::1]:8077"),
    ],
)
def test_public_address_as_people_write_it(given_url: str, base: str) -> None:
    assert link_address(given_url, "T") == f"{base}/recordings/T"


@pytest.mark.parametrize(
    "wrong",
    ["pbx.example.com", "ftp://x", "https://", "https://a b", "https://x/?a=b", "https://u:p@x", "https://x:99999",
     "https://x/\r\nSet-Cookie: a", 'https://x/"><script>', "https://x#f", "javascript:alert(1)"],
)  # fmt: skip
def test_public_address_that_cannot_be_used(wrong: str) -> None:
    with pytest.raises(ValueError, match="it "):
        address_of(wrong)


# -- a link in a text


def ours(token: str) -> bool:
    return token.startswith("OURS")


@pytest.mark.parametrize("before", ["", "The client wants a call back", "line one\nline two"])
def test_link_is_added_behind_the_text_and_only_once(before: str) -> None:
    url = "https://pbx/recordings/OURS1"
    once = with_link(before, url, "Recording", ours)
    assert once.startswith(before)
    assert once.endswith(f"Recording: {url}")
    assert with_link(once, url, "Recording", ours) == once


def test_newer_link_takes_the_place_of_the_older_one() -> None:
    before = "Hello\nRecording: https://old.example/recordings/OURS1\nBye"
    after = with_link(before, "https://pbx/recordings/OURS2", "Recording", ours)
    assert after == "Hello\nRecording: https://pbx/recordings/OURS2\nBye"


def test_link_of_another_recording_is_left_alone() -> None:
    before = "See https://pbx/recordings/THEIRS"
    after = with_link(before, "https://pbx/recordings/OURS1", "Recording", ours)
    assert after == f"{before}\nRecording: https://pbx/recordings/OURS1"


def test_in_html_the_link_can_be_clicked_and_stays_one() -> None:
    url = "https://pbx/recordings/OURS1"
    once = with_link("<b>x</b>", url, "Recording", ours, "3")
    assert once == f'<b>x</b><br>Recording: <a href="{url}">{url}</a>'
    assert with_link(once, url, "Recording", ours, "3") == once


# -- who may open it

LAN = Access(networks=(ip_network("192.168.0.0/16"), ip_network("127.0.0.0/8"), ip_network("fc00::/7")))
LOCAL, RELAYED = replace(LAN, is_local=True), replace(LAN, relay_names_callers=True)


@pytest.mark.parametrize(
    ("access", "remote", "headers", "admitted"),
    [
        (LAN, "192.168.1.5", {}, True),
        (LAN, "::ffff:192.168.1.5", {}, True),
        (LAN, "fd00::5%eth0", {}, True),
        (LAN, "8.8.8.8", {}, False),
        (LAN, "8.8.8.8", {"X-Forwarded-For": "192.168.1.5"}, False),
        (RELAYED, "8.8.8.8", {"X-Forwarded-For": "192.168.1.5"}, False),
        (LAN, "192.168.1.5", {"X-Forwarded-For": "8.8.8.8"}, True),
        # whoever comes through a web server on this machine looks local
        (LAN, "127.0.0.1", {}, False),
        (LAN, "127.0.0.1", {"X-Forwarded-For": "192.168.1.5"}, False),
        (LOCAL, "127.0.0.1", {}, True),
        (LOCAL, "127.0.0.1", {"Via": "1.1 proxy"}, False),
        (RELAYED, "127.0.0.1", {"X-Forwarded-For": "192.168.1.5"}, True),
        (RELAYED, "::1", {"X-Forwarded-For": "192.168.1.5"}, True),
        (RELAYED, "127.0.0.1", {"X-Forwarded-For": "192.168.1.5, 8.8.8.8"}, False),
        (RELAYED, "127.0.0.1", {"X-Forwarded-For": "8.8.8.8, 192.168.1.5"}, True),
        (RELAYED, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, True),
        (RELAYED, "127.0.0.1", {"X-Forwarded-For": "unknown"}, False),
        (RELAYED, "127.0.0.1", {}, False),
        (LAN, "", {}, False),
        (LAN, "not an address", {}, False),
        (Access(anyone=True), "8.8.8.8", {}, True),
        (Access(anyone=True), "", {}, True),
    ],
)
def test_who_may_open_links(access: Access, remote: str, headers: dict[str, str], admitted: bool) -> None:
    assert access.admits(remote, headers) is admitted


@pytest.mark.parametrize(
    ("public", "local"),
    [("", True), ("http://127.0.0.1:8077", True), ("http://localhost", True), ("https://pbx.example.com", False),
     ("http://192.168.1.2", False), ("https://[", False)],
)  # fmt: skip
def test_this_machine_is_believed_only_where_nobody_else_can_be_behind_it(public: str, local: bool) -> None:
    settings = {
        "recordings.link_access": "lan",
        "recordings.link_networks": ["10.0.0.0/8"],
        "portal.public_url": public,
    }
    assert Access.of(settings) == Access(networks=(ip_network("10.0.0.0/8"),), is_local=local)
