# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to the PBX is wrong: told once and clearly; calls are followed as soon as it is mended, without a restart."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from itgrix_module.sandbox.pbx import AmiUser, SandboxPbx
from tests.fakes.ports import free_port
from tests.service.house import OK, House, configure, house, short, until
from tests.service.outcome import assert_all_whole
from tests.service.telling import assert_said_once, assert_told, assert_well, warnings

USER = AmiUser("itgrix", "sandbox-secret")
BACK = "AMI link to"


def admit(pbx: SandboxPbx, user: AmiUser) -> None:
    """What the PBX's manager.conf says of the account from now on."""
    pbx.stage.config = dataclasses.replace(pbx.stage.config, users=(user,))


def tried_often(here: House, times: int = 3) -> None:
    """Until the link has tried in vain so often."""
    until(lambda: here.service.pbx.state.attempts >= times, 30, lambda: here.service.pbx.state)


WRONG: dict[str, tuple[Callable[[], dict[str, Any]], str, str]] = {
    "password": (lambda: {"ami.secret": "wrong"}, "auth", "manager.conf"),
    "port": (lambda: {"ami.port": free_port()}, "refused", "Check that Asterisk runs"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_setting_is_told_once_and_a_call_under_way_is_followed_once_it_is_mended(
    what: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wrong, code, hint = WRONG[what]
    with house(tmp_path, wrong(), pbx={"auth_delay": 0.1}, ready=False) as here:
        tried_often(here)
        assert_told(here, "pbx", code, hint)
        assert_said_once(caplog, "AMI link is down", hint)
        played = here.pbx.begin(short(talk=6.0))
        right = {"ami.username": USER.name, "ami.secret": USER.secret, "ami.port": here.pbx.port}
        configure(here.service.core.place, right)
        here.wait_ready()
        assert_all_whole(here, played.wait(30))
        assert here.check("pbx").level is OK
        assert USER.secret not in caplog.text


def test_password_that_the_pbx_changes_meanwhile_loses_no_call(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with house(tmp_path, pbx={"auth_delay": 0.1}) as here:
        # What nobody heard nobody can tell: the answer comes before the link is cut, the end when it is back.
        played = here.pbx.begin(short(talk=15.0))
        until(lambda: [item for item in here.service.core.calls.live() if item.call.answered])
        admit(here.pbx, AmiUser("itgrix", "changed"))
        here.pbx.faults.cut()
        tried_often(here, 2)
        assert_told(here, "pbx", "auth", "manager.conf")
        assert_said_once(caplog, "AMI link is down")
        admit(here.pbx, USER)
        assert_all_whole(here, played.wait(30))
        assert_well(here, "pbx", caplog, BACK, "is back")


def test_account_without_rights(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    narrow = dataclasses.replace(USER, write=())
    with house(tmp_path, pbx={"users": (narrow,)}) as here:
        during = here.ring(client="79161110001")
        assert_told(here, "pbx", "ami_rights", "read", "write", "originate,call,reporting")
        until(lambda: warnings(caplog))
        # That no calls can be made is a finding of its own.
        assert_said_once(caplog, "pbx:", "originate,call,reporting", also=("dialling:",))
        admit(here.pbx, USER)
        assert_well(here, "pbx", caplog, "pbx: well again")
        assert_all_whole(here, during, here.ring(client="79161110002"))
