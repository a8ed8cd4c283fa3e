# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from itgrix_module.bitrix24.address import host_of, is_loopback, on_host, redirected, split_checked
from itgrix_module.domain.failures import NeedsOwner

HERE = "https://old.bitrix24.ru/rest/1/code/profile"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["localhost.example", "10.0.0.1", "0.0.0.0", "::", "portal"])
def test_another_machine(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "url", ["https://[fe80::1]/x", "https://portal/x", "https://192.168.1.5:8443/x", "https://a_b.c/"]
)
def test_address_that_may_be_used(url: str) -> None:
    assert split_checked(url).scheme == "https"


@pytest.mark.parametrize(
    "url",
    [
        "https://a..b./../",
        "https://exa mple/",
        "https://пример..рф/",
        "https://☃\u2028/",
        "https://а@б.рф:x/",
        "https://a\\b/",
    ],
)
def test_address_that_may_not_be_used(url: str) -> None:
    with pytest.raises(NeedsOwner):
        split_checked(url)


def test_name_in_national_letters_is_written_for_the_wire() -> None:
    assert split_checked("https://crm.пример.рф:8443/rest/").netloc == "crm.xn--e1afmkfd.xn--p1ai:8443"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("https://new.bitrix24.ru/rest/1/code/profile", "https://new.bitrix24.ru/rest/1/code/profile"),
        ("https://new.bitrix24.ru/", "https://new.bitrix24.ru/rest/1/code/profile"),
        ("https://new.bitrix24.ru", "https://new.bitrix24.ru/rest/1/code/profile"),
        ("//new.bitrix24.ru/rest/1/code/profile/", "https://new.bitrix24.ru/rest/1/code/profile"),
    ],
)
def test_renamed_portal(location: str, target: str) -> None:
    assert redirected(HERE, location) == target


@pytest.mark.parametrize("location", ["http://127.0.0.1/", "http://new.bitrix24.ru/rest/1/code/profile"])
def test_redirect_out_of_encryption_is_not_followed_even_to_this_machine(location: str) -> None:
    with pytest.raises(NeedsOwner) as caught:
        redirected(HERE, location)
    assert caught.value.code == "plain_http"


def test_host_of_an_address() -> None:
    assert host_of("https://Me@P.Example:8443/x") == "p.example:8443"
    assert host_of("https://[bad/") == ""
    assert on_host("https://a/b?c=d", "e:1") == "https://e:1/b?c=d"
