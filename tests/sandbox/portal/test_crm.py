# SPDX-License-Identifier: GPL-3.0-or-later
"""CRM objects by the classic methods and by crm.item.*, activities, dictionaries, comments."""

from __future__ import annotations

from typing import Any

import pytest

from itgrix_module.sandbox.portal.crm_fields import TYPE_IDS, camel_name, upper_name
from tests.sandbox.portal.conftest import Api


def test_lead_is_added_read_changed_listed_and_deleted(api: Api) -> None:
    number = api.ok(
        "crm.lead.add",
        fields={"TITLE": "Новый", "NAME": "Пётр", "PHONE": [{"VALUE": "+79990001122"}], "NONSENSE": 1, "UF_CRM_1": "u"},
    )
    assert number == 2
    lead = api.ok("crm.lead.get", ID=number)
    assert (lead["ID"], lead["STATUS_ID"], lead["STATUS_SEMANTIC_ID"], lead["HAS_PHONE"]) == ("2", "NEW", "P", "Y")
    assert lead["PHONE"] == [{"ID": "7", "VALUE_TYPE": "WORK", "VALUE": "+79990001122", "TYPE_ID": "PHONE"}]
    assert (lead["UF_CRM_1"], "NONSENSE" in lead) == ("u", False)
    assert api.ok("crm.lead.update", id=number, fields={"STATUS_ID": "JUNK", "DATE_CREATE": "x", "ID": 77}) is True
    assert api.portal.leads[-1].fields["STATUS_SEMANTIC_ID"] == "F"
    body = api.answer("crm.lead.list", filter={"STATUS_SEMANTIC_ID": "F"}, select=["ID", "TITLE"])
    assert (body["result"], body["total"], "next" in body) == ([{"ID": "2", "TITLE": "Новый"}], 1, False)
    assert api.ok("crm.lead.delete", id=number) is True
    assert api.refused("crm.lead.get", id=number) == (400, "", "Not found")
    assert api.ok("crm.duplicate.findbycomm", type="PHONE", values=["89990001122"]) == []


@pytest.mark.parametrize(
    ("method", "params", "refusal"),
    [
        ("crm.lead.get", {}, (400, "", "ID is not defined or invalid.")),
        ("crm.lead.update", {"id": "abc", "fields": {}}, (400, "", "ID is not defined or invalid.")),
        ("crm.lead.add", {}, (400, "", "Parameter 'fields' must be array.")),
        ("crm.lead.add", {"fields": {}, "params": "x"}, (400, "", "Parameter 'params' must be array.")),
        ("crm.lead.list", {"filter": "x"}, (400, "", "Parameter 'filter' must be array.")),
        ("crm.lead.list", {"order": "x"}, (400, "", "Parameter 'order' must be array.")),
        ("crm.lead.add", {"fields": {"EMAIL": [{"VALUE": "x"}]}}, (400, "ERROR_CORE", "Invalid email: x")),
        ("crm.deal.add", {"fields": {"CURRENCY_ID": "€"}}, (400, "", 'Invalid value for the "Currency" field')),
    ],
)
def test_classic_refusals(api: Api, method: str, params: dict[str, Any], refusal: tuple[int, str, str]) -> None:
    assert api.refused(method, **params) == refusal


def test_values_of_a_multifield_are_appended_changed_and_deleted(api: Api) -> None:
    def phones() -> list[tuple[str, str]]:
        return [(item["ID"], item["VALUE"]) for item in api.ok("crm.contact.get", id=1).get("PHONE", [])]

    (first, _), *_ = phones()
    api.ok("crm.contact.update", id=1, fields={"PHONE": [{"VALUE": "+7111"}, {"VALUE": "+7222"}]})
    (_, _), (second, _), (third, _) = phones()
    api.ok("crm.contact.update", id=1, fields={"PHONE": [{"ID": second, "VALUE": "+7333"}, {"ID": int(third)}]})
    assert phones() == [(first, "+79062195047"), (second, "+7333")]
    api.ok("crm.contact.update", id=1, fields={"PHONE": [{"ID": first, "DELETE": "Y"}, {"ID": second, "VALUE": ""}]})
    assert phones() == []
    assert api.portal.state.crm.client_of("+79062195047") == ("", 0)


def test_lists_give_multifields_and_user_fields_only_by_name(api: Api) -> None:
    api.ok("crm.contact.update", id=1, fields={"UF_CRM_X": "u"})
    plain = api.ok("crm.contact.list", filter={"ID": 1})[0]
    named = api.ok("crm.contact.list", filter={"ID": 1}, select=["*", "UF_*", "PHONE"])[0]
    assert not {"PHONE", "UF_CRM_X"} & set(plain)
    assert {"PHONE", "UF_CRM_X", "NAME"} < set(named)


@pytest.mark.parametrize(
    ("conditions", "ids"),
    [
        ({"PHONE": "+79062195047"}, ["1"]),
        ({"%NAME": "ветл"}, ["2"]),
        ({"=%LAST_NAME": "К%в"}, ["1"]),
        ({"!NAME": "Андрей"}, ["2", "3"]),
        ({"@ID": [1, 3]}, ["1", "3"]),
        ({"ID": ["2", "3"]}, ["2", "3"]),
        ({">ID": 1, "<=ID": "2"}, ["2"]),
        ({"!@ID": [1, 2]}, ["3"]),
        ({">=DATE_CREATE": "2026-03-10T00:00:00+00:00"}, ["1", "2", "3"]),
        ({"<DATE_CREATE": "2026-03-10"}, []),
        ({"COMPANY_ID": 1}, ["1"]),
        ({"!COMPANY_ID": None}, ["1"]),
    ],
)
def test_filters(api: Api, conditions: dict[str, Any], ids: list[str]) -> None:
    rows = api.ok("crm.contact.list", filter=conditions, select=["ID"], order={"ID": "ASC"})
    assert [row["ID"] for row in rows] == ids


def test_lists_come_in_pages_of_fifty(api: Api) -> None:
    for number in range(120):
        api.portal.state.crm.add("LEAD", {"TITLE": str(number)}, 1, api.portal.state.iso())
    pages = [api.answer("crm.lead.list", start=start, select=["ID"]) for start in (0, 50, 100)]
    assert [(len(page["result"]), page["total"], page.get("next")) for page in pages] == [
        (50, 121, 50),
        (50, 121, 100),
        (21, 121, None),
    ]
    uncounted = api.answer("crm.lead.list", start=-1, filter={">ID": 100}, order={"ID": "ASC"}, select=["ID"])
    assert (len(uncounted["result"]), uncounted["total"], "next" in uncounted) == (21, 0, False)


def test_deal_knows_its_funnel_and_whether_it_is_closed(api: Api) -> None:
    number = api.ok("crm.deal.add", fields={"TITLE": "x", "CATEGORY_ID": 1})
    assert api.ok("crm.deal.get", id=number)["STAGE_ID"] == "C1:NEW"
    api.ok("crm.deal.update", id=number, fields={"STAGE_ID": "C1:WON"})
    assert api.ok("crm.deal.list", filter={"CLOSED": "Y"}, select=["ID"]) == [{"ID": str(number)}]


@pytest.mark.parametrize("kind", ["lead", "contact", "company", "deal"])
def test_fields_are_described(api: Api, kind: str) -> None:
    fields = api.ok(f"crm.{kind}.fields")
    assert fields["ID"]["isReadOnly"] is True
    assert fields["SOURCE_ID"]["statusType"] == "SOURCE"
    assert ("PHONE" in fields) == (kind != "deal")


@pytest.mark.parametrize("kind", TYPE_IDS)
def test_both_spellings_of_a_name_lead_to_each_other(api: Api, kind: str) -> None:
    for name in api.ok(f"crm.{kind.lower()}.fields"):
        assert upper_name(kind, camel_name(kind, name)) == name


def test_item_has_camel_case_and_types(api: Api) -> None:
    item = api.ok(
        "crm.item.add",
        entityTypeId=1,
        fields={"title": "x", "sourceId": "WEB", "opportunity": 10, "fm": [{"typeId": "PHONE", "value": "+7555"}]},
    )["item"]
    assert (item["id"], item["assignedById"], item["opportunity"], item["stageId"]) == (2, 1, 10.0, "NEW")
    assert (item["entityTypeId"], item["opened"], item["fm"][0]["value"]) == (1, "N", "+7555")
    updated = api.ok("crm.item.update", entityTypeId=1, id=2, fields={"stageId": "CONVERTED", "ufCrm_7": "u"})["item"]
    assert (updated["stageSemanticId"], updated["ufCrm_7"]) == ("S", "u")
    assert "UF_CRM_7" in api.ok("crm.item.get", entityTypeId=1, id=2, useOriginalUfNames="Y")["item"]
    assert api.ok("crm.item.delete", entityTypeId=1, id=2) == []
    assert api.refused("crm.item.get", entityTypeId=1, id=2) == (400, "NOT_FOUND", "Element not found")


def test_fields_of_items_are_described(api: Api) -> None:
    fields = api.ok("crm.item.fields", entityTypeId=2)["fields"]
    assert fields["contactIds"]["isMultiple"] is True
    assert (fields["id"]["isReadOnly"], fields["stageId"]["upperName"]) == (True, "STAGE_ID")


def test_items_are_listed_with_nested_logic(api: Api) -> None:
    either = {"0": {"logic": "OR", "0": {"name": "Андрей"}, "1": {"%lastName": "тит"}}}
    body = api.answer("crm.item.list", entityTypeId=3, filter=either, order={"id": "DESC"}, select=["id", "name"])
    assert body["result"] == {"items": [{"id": 3, "name": "Максим"}, {"id": 1, "name": "Андрей"}]}
    assert body["total"] == 2
    assert "fm" in api.ok("crm.item.list", entityTypeId=3, select=["*"])["items"][0]


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        ({}, (400, "100", "Could not find value for parameter {entityTypeId}")),
        ({"entityTypeId": 999}, (400, "NOT_FOUND", "Smart process not found")),
        (
            {"entityTypeId": 3, "filter": {"=foo": 1}},
            (400, "INVALID_ARG_VALUE", "Invalid filter: field 'foo' is not allowed in filter"),
        ),
        (
            {"entityTypeId": 3, "order": {"foo": "ASC"}},
            (400, "INVALID_ARG_VALUE", "Invalid order: field 'foo' is not allowed in order"),
        ),
        (
            {"entityTypeId": 3, "order": {"id": "V"}},
            (
                400,
                "INVALID_ARG_VALUE",
                "Invalid order: allowed sort directions are `ASC, DESC`. But got 'V' for field 'id'",
            ),
        ),
    ],
)
def test_item_list_refusals(api: Api, params: dict[str, Any], refusal: tuple[int, str, str]) -> None:
    assert api.refused("crm.item.list", **params) == refusal


def test_duplicates_by_number_address_and_type(api: Api) -> None:
    api.ok("crm.lead.add", fields={"PHONE": [{"VALUE": "+79062195047"}], "EMAIL": [{"VALUE": "A@b.ru"}]})
    find = "crm.duplicate.findbycomm"
    assert api.ok(find, type="PHONE", values=["89062195047"]) == {"LEAD": [2], "CONTACT": [1]}
    assert api.ok(find, type="PHONE", values=["89062195047"], entity_type="CONTACT") == {"CONTACT": [1]}
    assert api.ok(find, type="EMAIL", values=["a@B.ru"]) == {"LEAD": [2]}
    assert api.refused(find) == (400, "Communication type is not defined", "Parameter 'type' is required.")
    assert api.refused(find, type="PHONE")[1] == "Communication values is not defined"
    assert api.refused(find, type="FAX", values=["1"])[1].startswith("Communication type 'FAX' is not supported")


def test_twenty_hits_of_one_type_hide_the_types_after_it(api: Api) -> None:
    for _ in range(21):
        api.ok("crm.lead.add", fields={"PHONE": [{"VALUE": "+79062195047"}]})
    found = api.ok("crm.duplicate.findbycomm", type="PHONE", values=["+79062195047"])
    assert list(found) == ["LEAD"]
    assert len(found["LEAD"]) == 20


def test_activity_is_changed_listed_by_owner_and_completed(api: Api) -> None:
    api.finished(phone="+79062195047", duration=0)
    number = api.portal.activities[0].id
    owner = [{"OWNER_TYPE_ID": 3, "OWNER_ID": 1}]
    rows = api.ok("crm.activity.list", filter={"BINDINGS": owner, "PROVIDER_ID": "VOXIMPLANT_CALL"})
    assert [row["ID"] for row in rows] == [str(number)]
    assert "COMMUNICATIONS" not in rows[0]
    named = api.ok("crm.activity.list", filter={"BINDINGS": owner}, select=["COMMUNICATIONS"])
    assert named[0]["COMMUNICATIONS"][0]["VALUE"] == "+79062195047"
    assert api.ok("crm.activity.list", filter={"BINDINGS": [{"OWNER_TYPE_ID": 1, "OWNER_ID": 1}]}) == []
    api.ok("crm.activity.update", id=number, fields={"COMPLETED": "Y", "DESCRIPTION": "Ждал 5 с", "ID": 1})
    activity = api.portal.activities[0]
    assert (activity.id, activity.completed, activity.fields["STATUS"]) == (number, True, "2")
    assert activity.fields["DESCRIPTION"] == "Ждал 5 с"


def test_activity_is_added_bound_and_deleted(api: Api) -> None:
    fields = {"OWNER_TYPE_ID": 3, "OWNER_ID": 1, "TYPE_ID": 2, "SUBJECT": "Звонок", "RESPONSIBLE_ID": 3}
    number = api.ok("crm.activity.add", fields=fields)
    deal = {"activityId": number, "entityTypeId": 2, "entityId": 1}
    assert api.ok("crm.activity.binding.add", **deal) is True
    assert api.refused("crm.activity.binding.add", **deal)[1] == "ACTIVITY_IS_ALREADY_BOUND"
    assert len(api.ok("crm.activity.binding.list", activityId=number)) == 2
    assert api.ok("crm.activity.binding.delete", **deal) is True
    contact = {"activityId": number, "entityTypeId": 3, "entityId": 1}
    assert api.refused("crm.activity.binding.delete", **contact)[1] == "LAST_BINDING_CANNOT_BE_DELETED"
    assert api.ok("crm.activity.delete", id=number) is True
    assert api.refused("crm.activity.get", id=number) == (400, "", "Activity is not found")


@pytest.mark.parametrize(
    ("missing", "text"),
    [
        ("SUBJECT", "The field SUBJECT is not defined or empty"),
        ("RESPONSIBLE_ID", "The field RESPONSIBLE_ID is not defined or invalid"),
        ("TYPE_ID", "The field TYPE_ID is not defined or invalid"),
        ("OWNER_ID", "Could not build binding. Please ensure that owner info and communications are defined correctly"),
    ],
)
def test_activity_refusals(api: Api, missing: str, text: str) -> None:
    fields = {"OWNER_TYPE_ID": 3, "OWNER_ID": 1, "TYPE_ID": 2, "SUBJECT": "Звонок", "RESPONSIBLE_ID": 3}
    del fields[missing]
    assert api.refused("crm.activity.add", fields=fields) == (400, "", text)


def test_dictionaries_and_funnels(api: Api) -> None:
    sources = {row["STATUS_ID"] for row in api.ok("crm.status.list", filter={"ENTITY_ID": "SOURCE"})}
    assert {"CALL", "WEB", "CALLBACK"} < sources
    stages = api.ok("crm.status.list", filter={"ENTITY_ID": "DEAL_STAGE"})
    meanings = {row["STATUS_ID"]: row["SEMANTICS"] for row in stages}
    assert (meanings["NEW"], meanings["WON"], meanings["LOSE"]) == (None, "S", "F")
    assert api.ok("crm.status.entity.items", entityId="STATUS")[0]["STATUS_ID"] == "NEW"
    body = api.answer("crm.category.list", entityTypeId=2)
    assert [(row["id"], row["isDefault"]) for row in body["result"]["categories"]] == [(0, "Y"), (1, "N")]
    assert body["total"] == 2
    assert [row["ID"] for row in api.ok("crm.dealcategory.list")] == ["1"]
    assert api.refused("crm.category.list", entityTypeId=1)[1] == "ENTITY_TYPE_NOT_SUPPORTED"
    assert api.ok("crm.settings.mode.get") == 1


def test_comment_of_the_timeline_wants_lower_case_fields(api: Api) -> None:
    fields = {"ENTITY_ID": 1, "ENTITY_TYPE": "contact", "COMMENT": "Перезвонить"}
    number = api.ok("crm.timeline.comment.add", fields=fields)
    assert api.portal.comments[0].text == "Перезвонить"
    assert api.ok("crm.timeline.comment.list", filter={"ENTITY_ID": 1})[0]["ID"] == str(number)
    assert api.refused("crm.timeline.comment.add", FIELDS=fields)[1] == "100"
    assert api.refused("crm.timeline.comment.add", fields=fields | {"COMMENT": " "})[1] == "INVALID_ARG_VALUE"
    assert api.refused("crm.timeline.comment.add", fields=fields | {"ENTITY_ID": 99})[1] == "OWNER_NOT_FOUND"


def test_statistics_are_filtered_sorted_and_paged(api: Api) -> None:
    for number in range(55):
        api.finished(duration=number, EXTERNAL_CALL_ID=f"pbx-{number}")
    find = "voximplant.statistic.get"
    first = api.answer(find)
    assert (len(first["result"]), first["total"], first["next"]) == (50, 55, 50)
    assert {type(value) for key, value in first["result"][0].items() if key != "RECORD_FILE_ID"} == {str, type(None)}
    longest = api.ok(find, SORT="CALL_DURATION", ORDER="DESC")[0]
    assert (longest["CALL_DURATION"], longest["CALL_TYPE"], longest["CALL_FAILED_CODE"]) == ("54", "2", "200")
    assert [row["EXTERNAL_CALL_ID"] for row in api.ok(find, FILTER={"EXTERNAL_CALL_ID": "pbx-7"})] == ["pbx-7"]
    assert len(api.ok(find, FILTER={">=CALL_DURATION": 50, ">=CALL_START_DATE": "2026-03-10T00:00:00+03:00"})) == 5


def test_ids_made_of_digits_are_not_rounded(api: Api) -> None:
    ids = ["1710140185.1844112", "1710140185.1844113"]
    for external in ids:
        api.finished(EXTERNAL_CALL_ID=external)
    for external in ids:
        rows = api.ok("voximplant.statistic.get", FILTER={"EXTERNAL_CALL_ID": external})
        assert [row["EXTERNAL_CALL_ID"] for row in rows] == [external]


def test_search_by_number_finds_contacts_before_leads(api: Api) -> None:
    api.ok("crm.lead.add", fields={"TITLE": "x", "PHONE": [{"VALUE": "+79062195047"}]})
    search = "telephony.externalCall.searchCrmEntities"
    assert [row["CRM_ENTITY_TYPE"] for row in api.ok(search, PHONE_NUMBER="89062195047")] == ["CONTACT", "LEAD"]
    assert api.ok(search, PHONE_NUMBER="+70000000000") == []
    assert api.refused(search) == (400, "ERROR_CORE", "PHONE_NUMBER is empty")


def test_first_contact_of_a_deal_is_its_contact(api: Api) -> None:
    several = api.ok("crm.deal.add", fields={"TITLE": "t", "CONTACT_IDS": [2, 1]})
    alone = api.ok("crm.deal.add", fields={"TITLE": "t", "CONTACT_ID": 1})
    assert api.ok("crm.deal.get", id=several)["CONTACT_ID"] == "2"
    assert api.ok("crm.deal.get", id=alone)["CONTACT_IDS"] == ["1"]
    found = api.ok("crm.deal.list", filter={"CONTACT_ID": 2, "CLOSED": "N", "CATEGORY_ID": 0}, order={"ID": "DESC"})
    assert str(several) in [row["ID"] for row in found]
