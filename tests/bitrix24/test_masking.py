# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from itgrix_module.bitrix24.masking import mask, mask_text


@pytest.mark.parametrize(
    "text",
    [
        "https://p.bitrix24.ru/rest/1/s3cr3tcode/profile",
        "https://p.bitrix24.ru/rest/1/s3cr3tcode/",
        "see /rest/17/s3cr3tcode",
        "GET /oauth/token/?grant_type=refresh_token&client_secret=s3cr3tcode&refresh_token=s3cr3tcode",
        "auth[access_token]=s3cr3tcode",
        "auth%5Baccess_token%5D=s3cr3tcode",
        "https://p/rest/upload.json?auth=x1234567&token=telephony%7Cs3cr3tcode",
        "https://p/rest/upload.json?sessid=s3cr3tcode&x=1",
        "crm.lead.list?auth=s3cr3tcode&select[]=ID",
    ],
)
def test_secret_in_a_text_is_hidden(text: str) -> None:
    assert "s3cr3tcode" not in mask_text(text)
    assert "***" in mask_text(text)


def test_rest_of_the_text_stays_readable() -> None:
    assert mask_text("tasks.task.add?fields[TITLE]=Hello&auth=abc123") == "tasks.task.add?fields[TITLE]=Hello&auth=***"


def test_known_secret_is_hidden_wherever_it_stands() -> None:
    assert mask_text("the word is open-sesame, really", ["open-sesame"]) == "the word is ***, really"


def test_line_ends_cannot_forge_a_log_line() -> None:
    assert mask_text("a\r\nERROR forged\x00\u2028x") == "a ERROR forged x"


def test_long_value_is_cut_with_its_length() -> None:
    assert mask_text("x" * 10_000).endswith("… (10000 characters)")


def test_secrets_of_nested_parameters_and_of_batch_commands_are_hidden() -> None:
    params = {
        "auth": "s3cr3t",
        "fields": {"ACCESS_TOKEN": "s3cr3t", "TITLE": "ok"},
        "cmd": {"a": "x.y?auth=s3cr3t&b=1", "b": ["z?client_secret=s3cr3t"]},
        "n": 5,
    }
    masked = mask(params)
    assert "s3cr3t" not in str(masked)
    assert masked["fields"]["TITLE"] == "ok"
    assert masked["n"] == 5
    assert masked["cmd"]["a"] == "x.y?auth=***&b=1"
    assert params["auth"] == "s3cr3t"
