# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal's address as people enter it, and the host that everything else goes by."""

from __future__ import annotations

import pytest

from itgrix_module.live import portal_address, portal_of
from itgrix_module.settings import Settings


@pytest.mark.parametrize(
    "entered",
    [
        "company.bitrix24.ru",
        "Company.Bitrix24.ru ",
        "https://company.bitrix24.ru",
        "https://company.bitrix24.ru/",
        "company.bitrix24.ru/",
        "https://company.bitrix24.ru/crm/lead/list/?x=1#top",
        "https://admin:secret@company.bitrix24.ru/",
    ],
)
def test_address_with_scheme_slash_or_path_is_the_host_alone(entered: str) -> None:
    settings = Settings({"portal.domain": entered})
    assert portal_of(settings) == "company.bitrix24.ru"
    assert portal_address(settings) == "https://company.bitrix24.ru"


def test_webhook_says_where_the_portal_is_and_never_its_secret() -> None:
    settings = Settings({"portal.webhook_url": "https://b24.company.example:8443/rest/1/thesecret/"})
    assert portal_of(settings) == "b24.company.example:8443"
    assert portal_address(settings) == "https://b24.company.example:8443"


@pytest.mark.parametrize("entered", ["", "https://", "https://[broken", "/crm/"])
def test_what_is_no_address_is_none(entered: str) -> None:
    settings = Settings({"portal.domain": entered})
    assert (portal_of(settings), portal_address(settings)) == ("", "")
