# SPDX-License-Identifier: GPL-3.0-or-later
"""The diagnostics bundle: secrets, numbers and names are planted everywhere, and none of them gets out."""

from __future__ import annotations

import io
import json
import re
import tarfile
from pathlib import Path

import pytest

from itgrix_module.app.ports import Settlement, TimelineEntry
from itgrix_module.app.rest_ports import Tokens
from itgrix_module.core import Core, open_core
from itgrix_module.diagnosing import bundle, log_file
from itgrix_module.domain.failures import Permanent
from itgrix_module.place import Place
from itgrix_module.storage.calls import SqlCallStore
from itgrix_module.telemetry.masking import Mask, without_persons, without_secrets
from tests.web.seeds import NOW, row, save, step

SECRETS = {
    "ami.secret": "Sup3r-S3cret-AMI",
    "cdr.url": "mysql+pymysql://cdruser:Cdr-Passw0rd@db.example/asteriskcdrdb",
    "portal.webhook_url": "https://company.bitrix24.example/rest/1/w3bh00kc0de12345/",
    "portal.client_secret": "cl13nt-s3cr3t-abcdefgh",
}
PLANTED = ["Sup3r-S3cret-AMI", "Cdr-Passw0rd", "w3bh00kc0de12345", "cl13nt-s3cr3t-abcdefgh", "acc3ss-t0ken-xyz",
           "r3fresh-t0ken-xyz"]  # fmt: skip
NUMBER = "79161234567"
SPELLINGS = ["+79161234567", "8 (916) 123-45-67", "8-916-123-45-67", "+7 916 123 45 67", "89161234567", "9161234567"]
NAME = "Аристарх Доримедонтович"
EMAIL = "aristarch@client.example"


def plant(core: Core) -> None:
    core.settings.save({**SECRETS, "filters.numbers": [NUMBER], "calls.default_user": 5})
    core.tokens.save(Tokens("acc3ss-t0ken-xyz", "r3fresh-t0ken-xyz", NOW + 3600, "m", "company.bitrix24.ru", "", ""))
    payload = {
        "client": SPELLINGS[1],
        "secret": PLANTED[0],
        "note": f"call {SPELLINGS[3]} {NAME} {EMAIL}",
        "n": 79161234567,
    }
    save(core.database, row("1795260000.1", client=SPELLINGS[0], client_name=NAME), [step(payload=payload)])
    with SqlCallStore(core.database).work() as work:
        work.add_timeline("pbx1", "1795260000.1", [TimelineEntry(NOW, "note", f"{NAME} {SPELLINGS[2]}", payload)])
    text = f"{PLANTED[2]} refused for {SPELLINGS[4]} by https://company/rest/1/{PLANTED[2]}/x?auth={PLANTED[4]}"
    lane = core.outbox.claim("worker", NOW, 60.0, 1)[0]
    core.outbox.settle(
        "worker", "pbx1", "1795260000.1",
        [Settlement(lane.steps[0].id, "failed", attempts=1, sent=payload, code="x", text=text)], None, (), NOW,
    )  # fmt: skip
    (core.place.hooks / "post_registration.sh").write_text(f"curl -H 'Authorization: Bearer {PLANTED[0]}'\n")
    file = log_file(core.place.home)
    file.parent.mkdir()
    lines = [
        f"2026-11-21 11:20:00,000 INFO    itgrix.calls: call 1795260000.1 {spelling} {NAME}" for spelling in SPELLINGS
    ]
    lines += [
        f"2026-11-21 11:20:00,000 ERROR   itgrix.portal: {secret} password={secret} {EMAIL}" for secret in PLANTED
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def opened(content: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        found = {entry.name: archive.extractfile(entry) for entry in archive.getmembers()}
        return {name: file.read().decode() for name, file in found.items() if file is not None}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    with open_core(Place(tmp_path / "home", f"sqlite:///{tmp_path}/home/itgrix.db")) as core:
        plant(core)
        health = {"checks": [{"text": f"{PLANTED[0]} and {SPELLINGS[0]}", "since": NOW}]}
        return opened(bundle(core, "1.0.0", health))


def test_nothing_secret_and_nobody_is_in_the_bundle(files: dict[str, str]) -> None:
    assert len(files) >= 10
    for name, text in files.items():
        for secret in (*PLANTED, *PLANTED[0:1], "Аристарх", "Доримедонтович", EMAIL):
            assert secret not in text, (name, secret)
        digits = re.sub(r"\D", "", text)
        for number in (NUMBER, "9161234567", "1234567", "161234567"):
            assert number not in digits, (name, number)


def test_bundle_says_what_support_needs(files: dict[str, str]) -> None:
    texts = {name.rpartition("/")[2]: text for name, text in files.items()}
    settings = json.loads(texts["settings.json"])["given"]
    assert settings["ami.secret"] == "set"
    assert settings["calls.default_user"] == 5
    assert json.loads(texts["about.json"])["product"] == "1.0.0"
    assert json.loads(texts["schema.json"])["rows"]["itgrix_calls"] == 1
    failed = json.loads(texts["deliveries.json"])["failed"][0]
    assert (failed["linkedid"], failed["kind"], failed["code"]) == ("1795260000.1", "register", "x")
    assert "call 1795260000.1 •••67" in texts["log.txt"]
    assert "2026-11-21 11:20:00,000 INFO" in texts["log.txt"]
    assert "post_registration.sh" in texts["hooks.json"]


def test_bundle_of_an_empty_home_is_made(tmp_path: Path) -> None:
    with open_core(Place(tmp_path / "home", f"sqlite:///{tmp_path}/home/itgrix.db")) as core:
        assert "itgrix-diagnostics/about.json" in opened(bundle(core, "1.0.0"))


@pytest.mark.parametrize(
    "number", [*SPELLINGS, "+7(916)1234567", "+380441234567", "8.916.123.45.67", "0049 30 1234567"]
)
def test_numbers_keep_their_last_two_digits(number: str) -> None:
    masked = without_persons(f"call from {number}, line 3")
    assert masked == f"call from •••{number[-2:]}, line 3"


@pytest.mark.parametrize(
    "text",
    ["2026-11-21 11:20:00,123 INFO", "call 1795260000.1042 ended", "192.168.100.200:5038", "extension 101, 1002",
     "took 12345 ms",
     "2026-11-21T11:20:00", "a1b2c3d4e5f60718293a", "PJSIP/101-0000002a", "version 22.1.0"],
)  # fmt: skip
def test_what_a_log_needs_stays(text: str) -> None:
    assert without_persons(text) == text


@pytest.mark.parametrize(
    "text",
    ["password=hunter22x", "password: hunter22x", "'secret': 'hunter22x'", '"access_token":"hunter22x"',
     "?auth=hunter22x&x=1",
     "Authorization: Bearer hunter22x", "mysql://user:hunter22x@host/db", "https://p/rest/12/hunter22x/crm",
     "api_key=hunter22x",
     "auth%5Baccess_token%5D=hunter22x", "/upload.json?token=hunter22x", "Secret: hunter22x"],
)  # fmt: skip
def test_secrets_of_any_shape_are_hidden(text: str) -> None:
    assert "hunter22x" not in without_secrets(text)


def test_known_words_are_hidden_wherever_they_stand() -> None:
    mask = Mask(["s3cr3t-value"], ["Anna Smith"])
    assert mask.data({"x": ["a s3cr3t-value b", {"anna smith": "ANNA SMITH"}]}) == {"x": ["a ••• b", {"•••": "•••"}]}


def test_fault_while_gathering_is_named_in_the_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_core(Place(tmp_path / "home", f"sqlite:///{tmp_path}/home/itgrix.db")) as core:

        def broken() -> dict[str, int]:
            raise Permanent("x", "the database is gone")

        monkeypatch.setattr(core.outbox, "counts", broken)
        assert "the database is gone" in opened(bundle(core, "1.0.0"))["itgrix-diagnostics/counts.json"]
