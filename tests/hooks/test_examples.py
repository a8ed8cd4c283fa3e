# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples that are shipped, each run with php and with python through the real runner on a call that never was."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from itgrix_module.app.crm_records import CrmRecord
from itgrix_module.app.hook_answers import Decision, decided
from itgrix_module.app.hook_sample_call import PATHS, PORTAL, RECORDS, ROW, known, made_up, missed
from itgrix_module.app.hook_samples import of_call
from itgrix_module.app.hooking import HOOKS
from tests.hooks.bench import Folder

EXAMPLES = Path(__file__).parents[2] / "examples" / "hooks"
CASES = (
    "waiting_time/customize_activity",
    "spread_missed/process_final_params",
    "holding/process_registration_params",
    "estate_agency/process_registration_params",
    "estate_agency/customize_entity",
)
LANGUAGES = ["php", "py"]
Given = dict[str, Any]
Run = Callable[[str, Given, Any], Decision]


@dataclass
class Example:
    """Runs examples of one language."""

    folder: Folder
    language: str

    def __call__(self, example: str, given: Given, default: Any) -> Decision:
        name = example.rpartition("/")[2]
        where = EXAMPLES / "cases" if "/" in example else EXAMPLES
        shutil.copy(where / f"{example}.{self.language}", self.folder.path)
        attempt = self.folder.scripts.attempt(name, given)
        assert attempt.said.failure == ""
        assert attempt.errors == ""
        decision = decided(name, attempt.said, default)
        assert decision.failure == ""
        return decision


@pytest.fixture(params=LANGUAGES)
def run(request: pytest.FixtureRequest, folder: Folder) -> Run:
    return Example(folder, request.param)


def test_every_hook_has_an_example_in_both_languages() -> None:
    found = {str(file.relative_to(EXAMPLES)) for file in EXAMPLES.rglob("*.p*") if file.suffix in (".py", ".php")}
    wanted = {f"{name}.{kind}" for name in HOOKS for kind in ("py", "php")}
    assert found == wanted | {f"cases/{case}.{kind}" for case in CASES for kind in ("py", "php")}


@pytest.mark.parametrize("name", HOOKS)
def test_example_takes_the_sample_without_a_word_on_standard_error(run: Run, name: str) -> None:
    run(name, *made_up(name))


def of(name: str, **changes: Any) -> tuple[Given, Any]:
    """Input and default for the made-up call with another row."""
    return of_call(name, replace(ROW, **changes), PORTAL, replace(known(), timeline=()), PATHS)


@pytest.mark.parametrize(("rang", "wanted"), [(("101", "102"), True), (("101", "190"), False)])
def test_calls_of_hidden_phones_are_not_registered(run: Run, rang: tuple[str, ...], wanted: bool) -> None:
    assert run("need_registration", *of("need_registration", rang=rang)).value is wanted


@pytest.mark.parametrize(("seen", "phone"), [("123-45-67", "+74951234567"), ("+79161234567", "+79161234567")])
def test_local_number_gets_its_city(run: Run, seen: str, phone: str) -> None:
    assert run("process_client_phone", *of("process_client_phone", number=seen)).value == phone


@pytest.mark.parametrize(("seen", "phone"), [("2101", "101"), ("101", "101"), ("3101", "3101")])
def test_extension_of_the_second_office_is_shortened(run: Run, seen: str, phone: str) -> None:
    given, default = of("process_user_phone", last_talker=seen, rang=(seen,))
    assert run("process_user_phone", given, default).value == phone


@pytest.mark.parametrize(
    ("line", "source", "create"), [("74957654321", "RECOMMENDATION", 0), ("74950000000", None, 0), ("749500", None, 1)]
)
def test_source_depends_on_the_line(run: Run, line: str, source: str | None, create: int) -> None:
    given, default = of("process_registration_params", line=line, source="")
    given["params"]["CRM_CREATE"] = given["CRM_CREATE"] = default["CRM_CREATE"] = create
    value = run("process_registration_params", given, default).value
    assert (value.get("CRM_SOURCE"), value["CRM_CREATE"]) == (source, create)


def test_suppliers_make_no_lead(run: Run) -> None:
    given, default = of("process_registration_params", line="74950000000")
    given["params"]["CRM_CREATE"] = given["CRM_CREATE"] = default["CRM_CREATE"] = 1
    assert run("process_registration_params", given, default).value["CRM_CREATE"] == 0


def test_registered_calls_are_listed(run: Example) -> None:
    for _ in range(2):
        run("post_registration", *made_up("post_registration"))
    lines = (run.folder.path / "registered.csv").read_text().splitlines()
    assert len(lines) == 2
    assert lines[0].replace('"', "") == f"2026-11-21 11:20:00,+79161234567,{PORTAL.call_id}"


@pytest.mark.parametrize(("users", "client", "shown"), [([7, 40], "+79161234567", (7, 9)), ([7, 41], "+7999", (7,))])
def test_head_sees_important_clients_and_trainees_nobody(
    run: Run, users: list[int], client: str, shown: tuple[int, ...]
) -> None:
    given, _ = of("customize_show_call_card", number=client)
    assert run("customize_show_call_card", {**given, "users": users}, tuple(users)).value == shown


@pytest.mark.parametrize(
    ("line", "status", "user"), [("74957654321", "304", 9), ("74957654321", "200", 8), ("7", "304", 8)]
)
def test_missed_calls_go_to_whoever_looks_after_the_line(run: Run, line: str, status: str, user: int) -> None:
    assert run("process_final_params", *of("process_final_params", line=line, status=status)).value["USER_ID"] == user


@pytest.mark.parametrize("has_clean", [True, False])
def test_cleaned_recording_is_taken_if_there_is_one(run: Run, tmp_path: Path, has_clean: bool) -> None:
    wav, clean = tmp_path / "q-600.1.wav", tmp_path / "q-600.1-clean.mp3"
    wav.touch()
    if has_clean:
        clean.touch()
    given, default = of_call("process_record_file_path", ROW, PORTAL, known(), (str(wav),))
    assert run("process_record_file_path", given, default).value == (str(clean if has_clean else wav),)


def test_recording_is_named_after_client_and_time(run: Run) -> None:
    value = run("customize_attach_record_url", *made_up("customize_attach_record_url")).value
    assert value == {"CALL_ID": PORTAL.call_id, "FILENAME": "2026-11-21_11-20-00_79161234567.mp3"}


def test_task_for_a_known_client_is_urgent(run: Run) -> None:
    value = run("process_task_creation_params", *made_up("process_task_creation_params")).value
    assert value["TITLE"] == "Urgent: Call back +79161234567"
    assert value["AUDITORS"] == [9]
    assert datetime.fromisoformat(value["DEADLINE"]).tzinfo is not None


def test_no_task_for_those_who_hung_up_at_once(run: Run) -> None:
    given, default = of("process_task_creation_params", wait=3.0, status="304")
    assert run("process_task_creation_params", given, default).cancelled


def test_new_lead_says_how_it_came_and_an_old_record_stays(run: Run) -> None:
    given, default = made_up("customize_entity")
    assert run("customize_entity", given, default).cancelled
    given["entity"]["is_new"] = True
    assert run("customize_entity", given, default).value == {
        "SOURCE_DESCRIPTION": "Call to 74951234567 at 2026-11-21 11:20:00"
    }


def test_missed_call_stands_out_and_a_transfer_is_told(run: Run) -> None:
    row, seen = missed()
    assert run("customize_activity", *of_call("customize_activity", row, PORTAL, seen)).value == {
        "SUBJECT": "Missed call from +79161234567",
        "PRIORITY": 3,
    }
    value = run("customize_activity", *made_up("customize_activity")).value
    assert value == {"DESCRIPTION": "101 handed the call to 102"}


@pytest.mark.parametrize(
    ("number", "dialled"),
    [("+7 (916) 123-45-67", "89161234567"), ("9161234567", "89161234567"), ("112", "79161234567")],
)
def test_numbers_are_dialled_as_the_pbx_wants_them(run: Run, number: str, dialled: str) -> None:
    given, default = made_up("process_originate_params")
    given["params"]["request_data"]["PHONE_NUMBER"] = default["request_data"]["PHONE_NUMBER"] = number
    given["request_data"] = given["params"]["request_data"]
    assert run("process_originate_params", given, default).value["extension"] == dialled


def test_numbers_abroad_are_not_dialled(run: Run) -> None:
    given, default = made_up("process_originate_params")
    default["request_data"]["PHONE_NUMBER"] = "+4915112345678"
    given["params"]["request_data"] = given["request_data"] = default["request_data"]
    assert run("process_originate_params", given, default).cancelled


def test_client_with_a_deal_goes_to_its_manager(run: Run) -> None:
    given, default = made_up("customize_autodistribution")
    assert (default, run("customize_autodistribution", given, default).value) == ("101", "102")
    assert run("customize_autodistribution", {**given, "candidates": []}, default).value == "101"


# -- whole cases


def test_waiting_time_is_written_into_the_activity(run: Run) -> None:
    case = "waiting_time/customize_activity"
    assert run(case, *made_up("customize_activity")).value == {"DESCRIPTION": "Waited 12 s, talked 83 s"}
    row, seen = missed()
    assert run(case, *of_call("customize_activity", row, PORTAL, seen)).value == {
        "SUBJECT": "Missed call from +79161234567",
        "DESCRIPTION": "Waited 45 s in vain",
    }


def test_missed_calls_are_shared_and_the_same_call_goes_to_the_same_user(run: Run) -> None:
    users = []
    for number in range(6):
        given, default = of("process_final_params", linkedid=f"1795260000.{number}", status="304")
        value = run("spread_missed/process_final_params", given, default).value
        assert run("spread_missed/process_final_params", given, default).value == value
        users.append(value["USER_ID"])
    assert set(users) == {7, 8, 9}
    given, default = made_up("process_final_params")
    assert run("spread_missed/process_final_params", given, default).value == default


def registration(candidates: tuple[CrmRecord, ...]) -> tuple[Given, Any]:
    row = replace(ROW, source="")
    return of_call("process_registration_params", row, UNTOLD, replace(known(), records=candidates))


UNTOLD = replace(PORTAL, call_id="", entity_type="", entity_id="", registered_user=7)
OTHER = CrmRecord("company", 300, "Other firm", 7)


def test_holding_binds_the_call_to_the_record_of_the_calling_employee(run: Run) -> None:
    case = "holding/process_registration_params"
    value = run(case, *registration((*RECORDS, OTHER))).value
    assert (value["CRM_ENTITY_TYPE"], value["CRM_ENTITY_ID"]) == ("COMPANY", 300)  # 101 is user 7: a company, a lead
    assert "CRM_ENTITY_ID" not in run(case, *registration(RECORDS[:1])).value


def lead(number: int, group: str) -> CrmRecord:
    return CrmRecord("lead", number, status_group=group)


@pytest.mark.parametrize(
    ("candidates", "bound", "create"),
    [
        ((), None, 1),
        ((lead(5, "process"), lead(3, "process"), lead(9, "failure")), ("LEAD", 3), 0),
        ((lead(5, "failure"), lead(3, "success")), ("LEAD", 5), 0),
        (RECORDS, ("CONTACT", 797), 0),
        ((replace(RECORDS[0], open_deals=()), lead(3, "process")), ("LEAD", 3), 0),
        ((replace(RECORDS[0], open_deals=()), OTHER), ("COMPANY", 300), 0),
    ],
    ids=["nobody", "in work", "only old ones", "deal", "contact and lead in work", "no leads"],
)
def test_estate_agency_acts_by_the_state_of_the_lead(
    run: Run, candidates: tuple[CrmRecord, ...], bound: tuple[str, int] | None, create: int
) -> None:
    value = run("estate_agency/process_registration_params", *registration(candidates)).value
    found = (value["CRM_ENTITY_TYPE"], value["CRM_ENTITY_ID"]) if "CRM_ENTITY_ID" in value else None
    assert (found, value["CRM_CREATE"]) == (bound, create)


@pytest.mark.parametrize(
    ("group", "written"),
    [
        ("failure", {"STATUS_ID": "NEW", "ASSIGNED_BY_ID": 8}),
        ("success", {"STATUS_ID": "NEW", "ASSIGNED_BY_ID": 8}),
        ("process", None),
    ],
)
def test_estate_agency_opens_an_old_lead_again(run: Run, group: str, written: dict[str, Any] | None) -> None:
    portal = replace(PORTAL, entity_type="LEAD", entity_id="512")
    given, default = of_call("customize_entity", ROW, portal, replace(known(), records=(lead(512, group),)))
    decision = run("estate_agency/customize_entity", given, default)
    assert decision.cancelled is (written is None)
    assert written is None or decision.value == written
