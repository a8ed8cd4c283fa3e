# SPDX-License-Identifier: GPL-3.0-or-later
"""The error table: every row of the contract, written down once more, and no row in the shadow of another."""

from __future__ import annotations

import pytest

from itgrix_module.bitrix24.errorrow import ANY, Row
from itgrix_module.bitrix24.errors import OAUTH, TABLE, UPLOAD, fault, refusal
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from tests.known import of_kind

REGISTER = "telephony.externalCall.register"
FINISH = "telephony.externalCall.finish"
ATTACH = "telephony.externalCall.attachRecord"
LINE = "telephony.externalLine.update"
TASK = "tasks.task.add"
SEARCH = "telephony.externalCall.searchCrmEntities"
DUPLICATE = "crm.duplicate.findbycomm"

# status, error, description, method → kind, code, may it have been executed, what has to wait
CONTRACT = [
    # §4 system errors
    (400, "INVALID_REQUEST", "Https required.", "profile", NeedsOwner, "https_required"),
    (400, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch", "batch", Permanent, "ERROR_BATCH_LENGTH_EXCEEDED"),
    (400, "ERROR_CORE", "Something about this method", "profile", Permanent, "ERROR_CORE"),
    (400, "", "Something about this method", "profile", Permanent, "refused_request"),
    (400, "INVALID_ARG_VALUE", "Invalid filter", "crm.item.list", Permanent, "INVALID_ARG_VALUE"),
    (400, "ERROR_ARGUMENT", "Argument 'X' is null or empty", "placement.bind", Permanent, "ERROR_ARGUMENT"),
    (200, "ERROR_ARGUMENT", "Argument 'X' is null or empty", "placement.bind", Permanent, "ERROR_ARGUMENT"),
    (400, "100", "Could not find value for parameter {fields} (internal error)", TASK, Permanent, "100"),
    (401, "expired_token", "The access token provided has expired.", "profile", Temporary, "expired_token"),
    (401, "NO_AUTH_FOUND", "Wrong authorization data", "profile", NeedsOwner, "NO_AUTH_FOUND"),
    (401, "invalid_token", "Unable to get application by token", "profile", NeedsOwner, "invalid_token"),
    (401, "authorization_error", "Unable to authorize user", "profile", NeedsOwner, "authorization_error"),
    (401, "APPLICATION_NOT_FOUND", "Application not found", "profile", NeedsOwner, "APPLICATION_NOT_FOUND"),
    (401, "ERROR_OAUTH", "Application not installed", "profile", NeedsOwner, "ERROR_OAUTH"),
    (401, "PAYMENT_REQUIRED", "Subscription has been ended", "profile", NeedsOwner, "PAYMENT_REQUIRED"),
    (401, "METHOD_CONFIRM_WAITING", "Waiting for", "voximplant.user.get", Temporary, "METHOD_CONFIRM_WAITING"),
    (403, "METHOD_CONFIRM_DENIED", "Method call denied", "voximplant.user.get", Permanent, "METHOD_CONFIRM_DENIED"),
    (403, "insufficient_scope", "The request requires higher privileges", REGISTER, NeedsOwner, "insufficient_scope"),
    (401, "insufficient_scope", "The request requires higher privileges", REGISTER, NeedsOwner, "insufficient_scope"),
    (403, "insufficient_scope", "The request requires higher privileges", TASK, Permanent, "insufficient_scope"),
    (403, "ACCESS_DENIED", "REST API is available only on commercial plans.", "profile", NeedsOwner, "plan"),
    (403, "ACCESS_DENIED", "Available only on extended plans.", "profile", NeedsOwner, "plan"),
    (403, "ACCESS_DENIED", "Access denied!", "voximplant.statistic.get", Permanent, "ACCESS_DENIED"),
    (403, "INVALID_CREDENTIALS", "Invalid request credentials", "profile", NeedsOwner, "INVALID_CREDENTIALS"),
    (401, "INVALID_CREDENTIALS", "Invalid request credentials", "profile", NeedsOwner, "INVALID_CREDENTIALS"),
    (403, "user_access_error", "The user does not have access", "profile", NeedsOwner, "user_access_error"),
    (403, "WRONG_AUTH_TYPE", "Current authorization type is denied", REGISTER, NeedsOwner, "WRONG_AUTH_TYPE"),
    (403, "WRONG_AUTH_TYPE", "Current authorization type is denied", FINISH, NeedsOwner, "WRONG_AUTH_TYPE"),
    (403, "WRONG_AUTH_TYPE", "Current authorization type is denied", "event.bind", Permanent, "WRONG_AUTH_TYPE"),
    (403, "allowed_only_intranet_user", "Action is", "crm.item.get", Permanent, "allowed_only_intranet_user"),
    (403, "ACCESS_ERROR", "Action unavailable", "im.message.add", Permanent, "ACCESS_ERROR"),
    (400, "ACCESS_ERROR", "Action unavailable", "im.message.add", Permanent, "ACCESS_ERROR"),
    (404, "ERROR_METHOD_NOT_FOUND", "Method not found!", "crm.item.list", Permanent, "ERROR_METHOD_NOT_FOUND"),
    (404, "ERROR_METHOD_NOT_FOUND", "Method not found!", REGISTER, NeedsOwner, "ERROR_METHOD_NOT_FOUND"),
    (404, "ERROR_MANIFEST_IS_NOT_AVAILABLE", "Manifest", "x", Permanent, "ERROR_MANIFEST_IS_NOT_AVAILABLE"),
    (405, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method", "batch", Permanent, "ERROR_BATCH_METHOD_NOT_ALLOWED"),
    (429, "OPERATION_TIME_LIMIT", "Method is blocked due to", ATTACH, Temporary, "OPERATION_TIME_LIMIT"),
    (500, "INTERNAL_SERVER_ERROR", "Internal server error", "profile", Temporary, "INTERNAL_SERVER_ERROR"),
    (500, "ERROR_UNEXPECTED_ANSWER", "Server returned an", "profile", Temporary, "ERROR_UNEXPECTED_ANSWER"),
    (500, "PORTAL_DELETED", "Portal was deleted", "profile", NeedsOwner, "PORTAL_DELETED"),
    (410, "PORTAL_DELETED", "Portal was deleted", "profile", NeedsOwner, "PORTAL_DELETED"),
    (503, "QUERY_LIMIT_EXCEEDED", "Too many requests", "profile", Temporary, "QUERY_LIMIT_EXCEEDED"),
    (503, "OVERLOAD_LIMIT", "REST API is blocked due to overload.", "profile", NeedsOwner, "OVERLOAD_LIMIT"),
    # §4 authorisation server
    (400, "invalid_request", 'No "refresh_token" parameter found', OAUTH, NeedsOwner, "invalid_request"),
    (400, "invalid_client", "", OAUTH, NeedsOwner, "invalid_client"),
    (401, "invalid_client", "", OAUTH, NeedsOwner, "invalid_client"),
    (400, "invalid_grant", "", OAUTH, NeedsOwner, "invalid_grant"),
    (400, "bad_verification_code", "", OAUTH, NeedsOwner, "invalid_grant"),
    (403, "invalid_scope", "", OAUTH, NeedsOwner, "invalid_scope"),
    (403, "insufficient_scope", "", OAUTH, NeedsOwner, "invalid_scope"),
    (401, "PAYMENT_REQUIRED", "Payment required", OAUTH, NeedsOwner, "PAYMENT_REQUIRED"),
    (400, "PAYMENT_REQUIRED", "Payment required", OAUTH, NeedsOwner, "PAYMENT_REQUIRED"),
    (401, "NOT_INSTALLED", "", OAUTH, NeedsOwner, "NOT_INSTALLED"),
    (200, "wrong_client", "", OAUTH, NeedsOwner, "invalid_client"),
    (500, "", "", OAUTH, Temporary, "oauth_unavailable"),
    # §8 telephony
    (400, "ERROR_CORE", "NUMBER should not be empty", LINE, Permanent, "line_empty"),
    (400, "ERROR_CORE", "Line already exists", "telephony.externalLine.add", Permanent, "line_exists"),
    (400, "ERROR_CORE", "DB error", "telephony.externalLine.add", Temporary, "portal_database"),
    (400, "ERROR_CORE", "There are no fields to update", LINE, Permanent, "line_unchanged"),
    (400, "ERROR_CORE", "Could not find line with number 7", LINE, Permanent, "line_not_found"),
    (400, "ERROR_CORE", "USER_ID or USER_PHONE_INNER should be set", REGISTER, Permanent, "user_missing"),
    (400, "ERROR_CORE", "Unknown TYPE", REGISTER, Permanent, "unknown_type"),
    (400, "ERROR_CORE", "CALL_START_DATE should be in the ISO-8601 format", REGISTER, Permanent, "bad_date"),
    (400, "ERROR_CORE", "Unsupported phone number format", REGISTER, Permanent, "number_unsupported"),
    (400, "ERROR_CORE", "User is not found or is not active", REGISTER, Permanent, "user_not_found"),
    (400, "", "user is not found or is not active.", FINISH, Permanent, "user_not_found"),
    (400, "INVALID_ARGUMENT", "CALL_ID must be a string", FINISH, Permanent, "INVALID_ARGUMENT"),
    (400, "", "Call is not found (call should be registered prior to finishing", FINISH, Permanent, "call_not_found"),
    (400, "ERROR_CORE", "Call is not found (call should be registered)", FINISH, Permanent, "call_not_found"),
    (400, "ERROR_CORE", "CALL IS NOT FOUND<br>", FINISH, Permanent, "call_not_found"),
    (400, "ERROR_CORE", "Unexpected database error", FINISH, Temporary, "portal_database"),
    (400, "ERROR_CORE", "Required parameters are not set. Request", ATTACH, Permanent, "record_rejected"),
    (
        400,
        "ERROR_CORE",
        "Call is not found in the statistic table. It looks like it is not finished yet.",
        ATTACH,
        Temporary,
        "not_finished_yet",
    ),
    (400, "ERROR_CORE", "File name is empty", ATTACH, Permanent, "record_rejected"),
    (400, "ERROR_CORE", "Wrong file extension. Only wav and", ATTACH, Permanent, "record_rejected"),
    (400, "ERROR_CORE", "File content is empty.", ATTACH, Permanent, "record_rejected"),
    (400, "ERROR_CORE", "File content is not properly encoded.", ATTACH, Permanent, "record_rejected"),
    (400, "ERROR_CORE", "Server returns HTTP error code 404", ATTACH, Temporary, "record_url_failed"),
    (400, "ERROR_CORE", "PHONE_NUMBER is empty", SEARCH, Permanent, "number_empty"),
    (400, "ERROR_CORE", "CRM is not installed.", SEARCH, Permanent, "crm_not_installed"),
    # §7, §9 to §13
    (400, "ERROR_EVENT_NOT_FOUND", "Event not found", "event.bind", Permanent, "ERROR_EVENT_NOT_FOUND"),
    (400, "ERROR_CORE", "Unable to set event handler: already", "event.bind", Permanent, "handler_exists"),
    (400, "", "Not found", "crm.lead.get", Permanent, "not_found"),
    (400, "", "Not found.", "crm.lead.get", Permanent, "not_found"),
    (400, "", "Access denied.", "crm.lead.get", Permanent, "ACCESS_DENIED"),
    (403, "Access denied", "", "crm.duplicate.findbycomm", Permanent, "ACCESS_DENIED"),
    (400, "Communication type is not defined", "Parameter 'type' is", DUPLICATE, Permanent, "refused_request"),
    (400, "NOT_FOUND", "Element not found", "crm.item.get", Permanent, "not_found"),
    (400, "0", "wrong task id", "tasks.task.get", Permanent, "not_found"),
    (400, 0, "Action on the task is not allowed (internal error)", "tasks.task.update", Permanent, "task_denied"),
    (400, "", "Disk resource exhausted", "crm.lead.add", Permanent, "disk_full"),
    # what no document names
    (401, "something_new", "", "profile", NeedsOwner, "unauthorised"),
    (429, "", "", "profile", Temporary, "too_many_requests"),
    (500, "something_new", "", "profile", Temporary, "portal_fault"),
    (200, "something_new", "", "profile", Permanent, "refused_request"),
    (400, None, None, "profile", Permanent, "refused_request"),
    (400, ["x"], {"y": 1}, "profile", Permanent, "refused_request"),
    (401, "expired_token", "", UPLOAD, Temporary, "upload_expired"),
    (401, "NO_AUTH_FOUND", "", UPLOAD, Temporary, "upload_expired"),
    (413, "", "", UPLOAD, Permanent, "upload_too_large"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "error", "description", "method", "kind", "code"), CONTRACT)
def test_answer_of_the_contract_becomes_the_failure_it_asks_for(
    status: int, error: object, description: object, method: str, kind: type[Failure], code: str
) -> None:
    failure = refusal(status, error, description, method)
    assert (type(failure), failure.code, failure.method) == (kind, code, method)
    assert failure.text


@pytest.mark.parametrize(("status", "error", "description", "method", "kind", "code"), CONTRACT)
def test_code_is_recognised_in_any_case(
    status: int, error: object, description: object, method: str, kind: type[Failure], code: str
) -> None:
    if not isinstance(error, str):
        return
    assert refusal(status, error.upper(), description, method.upper()).code == code
    assert refusal(status, error.lower(), description, method.lower()).code == code


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.code}-{row.says or row.method or row.status}")
def test_no_row_stands_in_the_shadow_of_another(row: Row) -> None:
    if row.status == (0,):
        failure = fault(row.code)
    else:
        error = "SOMETHING_NEW" if row.error == ANY else row.code if row.error is None else row.error
        failure = refusal(row.status[0] if row.status else 400, error, row.says or "words", f"{row.method}x")
    assert (type(failure), failure.code, failure.hint) == (row.kind, row.code, row.hint)
    assert failure.executed == row.executed


@pytest.mark.parametrize(
    ("status", "error"), [(401, "expired_token"), (429, "OPERATION_TIME_LIMIT"), (503, "QUERY_LIMIT_EXCEEDED")]
)
def test_refusal_before_the_method_ran_was_not_executed(status: int, error: str) -> None:
    assert refusal(status, error, "", FINISH).executed is False


@pytest.mark.parametrize("error", ["INTERNAL_SERVER_ERROR", "ERROR_UNEXPECTED_ANSWER", "", "NEW"])
def test_server_error_may_have_been_executed(error: str) -> None:
    assert refusal(500, error, "", FINISH).executed is True


@pytest.mark.parametrize(
    ("code", "executed"),
    [
        ("dns", False),
        ("refused", False),
        ("connect_timeout", False),
        ("tls", False),
        ("tls_untrusted", False),
        ("plain_http", False),
        ("proxy", False),
        ("budget", False),
        ("read_timeout", True),
        ("reset", True),
        ("truncated", True),
        ("html", True),
        ("bad_answer", True),
        ("answer_too_large", True),
        ("no_answer", True),
    ],
)
def test_fault_of_the_way_knows_whether_the_request_may_have_been_executed(code: str, executed: bool) -> None:
    assert fault(code).executed is executed


def test_operating_limit_holds_the_method_and_rate_limit_the_portal() -> None:
    assert of_kind(refusal(429, "OPERATION_TIME_LIMIT", "", ATTACH), Temporary).scope == "method"
    assert of_kind(refusal(503, "QUERY_LIMIT_EXCEEDED", "", ATTACH), Temporary).scope == "portal"


def test_every_row_that_needs_a_person_says_what_to_do() -> None:
    assert [row.code for row in TABLE if row.kind is NeedsOwner and not row.hint] == []


def test_missing_scope_of_an_extra_does_not_stop_calls() -> None:
    for method in ("tasks.task.add", "im.notify", "department.get", "crm.lead.update", "timeman.status"):
        assert not isinstance(refusal(403, "insufficient_scope", "", method), NeedsOwner)


def test_words_of_the_portal_are_shown_on_one_line_and_without_tags_and_secrets() -> None:
    failure = refusal(400, "ERROR_CORE", "Task title<br>\r\nInjected: yes auth=12345678", TASK)
    assert failure.text == "The portal rejects the request: Task title Injected: yes auth=***"


def test_endless_description_is_cut() -> None:
    assert len(refusal(400, "E" * 100_000, "x" * 100_000, TASK).text) < 1000


def test_host_is_named_as_it_is_and_the_text_begins_with_a_capital_without_one() -> None:
    assert fault("refused", host="box.example").text == "box.example refuses the connection."
    assert fault("refused").text == "The portal refuses the connection."
