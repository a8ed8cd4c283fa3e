# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields and dictionaries of the CRM: names, types, what can be written, both spellings of a name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

TYPE_IDS = {"LEAD": 1, "DEAL": 2, "CONTACT": 3, "COMPANY": 4}
KINDS = {number: kind for kind, number in TYPE_IDS.items()}
MULTI = ("PHONE", "EMAIL", "WEB", "IM")
_COMMON_TEXT = (
    "SOURCE_ID SOURCE_DESCRIPTION COMMENTS ORIGINATOR_ID ORIGIN_ID"
    " UTM_SOURCE UTM_MEDIUM UTM_CAMPAIGN UTM_CONTENT UTM_TERM"
)
_COMMON = {"string": _COMMON_TEXT, "integer": "ASSIGNED_BY_ID", "char": "OPENED"}
_READ_ONLY = {
    "integer": "ID CREATED_BY_ID MODIFY_BY_ID MOVED_BY_ID LAST_ACTIVITY_BY",
    "datetime": "DATE_CREATE DATE_MODIFY MOVED_TIME LAST_ACTIVITY_TIME",
}
_PERSON = {
    "string": "HONORIFIC NAME SECOND_NAME LAST_NAME POST",
    "date": "BIRTHDATE",
    "char": "HAS_PHONE HAS_EMAIL HAS_IMOL",
}
_OWN: dict[str, dict[str, str]] = {
    "LEAD": {
        "string": "TITLE COMPANY_TITLE STATUS_ID STATUS_DESCRIPTION CURRENCY_ID ADDRESS LINK STATUS_SEMANTIC_ID",
        "integer": "COMPANY_ID CONTACT_ID",
        "multiple": "CONTACT_IDS",
        "double": "OPPORTUNITY",
        "char": "IS_MANUAL_OPPORTUNITY IS_RETURN_CUSTOMER",
        "datetime": "DATE_CLOSED",
    },
    "CONTACT": {
        "string": "TYPE_ID PHOTO ORIGIN_VERSION",
        "integer": "COMPANY_ID LEAD_ID",
        "multiple": "COMPANY_IDS",
        "char": "EXPORT",
    },
    "COMPANY": {
        "string": "TITLE COMPANY_TYPE INDUSTRY EMPLOYEES CURRENCY_ID LOGO ORIGIN_VERSION",
        "integer": "LEAD_ID",
        "double": "REVENUE",
        "char": "IS_MY_COMPANY HAS_PHONE HAS_EMAIL HAS_IMOL",
    },
    "DEAL": {
        "string": "TITLE TYPE_ID STAGE_ID STAGE_SEMANTIC_ID CURRENCY_ID ADDITIONAL_INFO",
        "integer": "CATEGORY_ID PROBABILITY COMPANY_ID CONTACT_ID LEAD_ID QUOTE_ID",
        "multiple": "CONTACT_IDS",
        "double": "OPPORTUNITY TAX_VALUE",
        "char": "IS_MANUAL_OPPORTUNITY CLOSED IS_RECURRING IS_RETURN_CUSTOMER IS_REPEATED_APPROACH IS_NEW",
        "date": "BEGINDATE CLOSEDATE",
    },
}
READ_ONLY = frozenset(
    (
        " ".join(_READ_ONLY.values()) + " HAS_PHONE HAS_EMAIL HAS_IMOL STATUS_SEMANTIC_ID STAGE_SEMANTIC_ID"
        " DATE_CLOSED IS_RETURN_CUSTOMER LEAD_ID QUOTE_ID"
    ).split()
)


def _table(kind: str) -> dict[str, str]:
    groups = [_READ_ONLY, _COMMON, _OWN[kind]] + ([_PERSON] if kind in ("LEAD", "CONTACT") else [])
    fields = {name: type_ for group in groups for type_, names in group.items() for name in names.split()}
    return fields if kind == "DEAL" else {**fields, **dict.fromkeys(MULTI, "crm_multifield")}


FIELDS: dict[str, dict[str, str]] = {kind: _table(kind) for kind in TYPE_IDS}

_SPECIAL = {
    "createdTime": "DATE_CREATE",
    "updatedTime": "DATE_MODIFY",
    "createdBy": "CREATED_BY_ID",
    "updatedBy": "MODIFY_BY_ID",
    "movedBy": "MOVED_BY_ID",
    "movedTime": "MOVED_TIME",
    "lastActivityBy": "LAST_ACTIVITY_BY",
    "lastActivityTime": "LAST_ACTIVITY_TIME",
    "begindate": "BEGINDATE",
    "closedate": "CLOSEDATE",
}
_REVERSE = {upper: camel for camel, upper in _SPECIAL.items()}


def upper_name(kind: str, camel: str) -> str:
    """``assignedById`` → ``ASSIGNED_BY_ID``; leads call their stage STATUS_ID."""
    if camel in _SPECIAL:
        return _SPECIAL[camel]
    if kind == "LEAD" and camel in ("stageId", "stageSemanticId"):
        return camel.replace("stage", "status").replace("SemanticId", "_SEMANTIC_ID").replace("Id", "_ID").upper()
    if camel.startswith("UF_"):
        return camel
    return re.sub(r"(?<=[a-z])(?=[A-Z0-9])", "_", camel).upper()


def camel_name(kind: str, upper: str) -> str:
    """The way back."""
    if upper in _REVERSE:
        return _REVERSE[upper]
    if kind == "LEAD" and upper.startswith("STATUS_") and upper.endswith("ID"):
        upper = upper.replace("STATUS", "STAGE", 1)
    if upper.startswith("UF_CRM_"):
        return "ufCrm_" + upper.removeprefix("UF_CRM_").lower()
    first, *rest = upper.lower().split("_")
    return first + "".join(part.capitalize() for part in rest)


def known(kind: str, name: str) -> bool:
    """Whether the object has the field; user fields and parents are always taken."""
    return name in FIELDS[kind] or name.startswith(("UF_CRM_", "PARENT_ID_"))


SOURCES = {
    "CALL": "Звонок", "EMAIL": "Электронная почта", "WEB": "Веб-сайт", "ADVERTISING": "Реклама",
    "PARTNER": "Существующий клиент", "RECOMMENDATION": "По рекомендации", "TRADE_SHOW": "Выставка",
    "WEBFORM": "CRM-форма", "CALLBACK": "Обратный звонок", "RC_GENERATOR": "Генератор продаж",
    "STORE": "Интернет-магазин", "OTHER": "Другое",
}  # fmt: skip
LEAD_STATUSES = {
    "NEW": "Не обработан", "IN_PROCESS": "В работе", "PROCESSED": "Обработан", "JUNK": "Некачественный лид",
    "CONVERTED": "Качественный лид",
}  # fmt: skip
DEAL_STAGES = {
    "NEW": "Новая", "PREPARATION": "Подготовка документов", "PREPAYMENT_INVOICE": "Счёт на предоплату",
    "EXECUTING": "В работе", "FINAL_INVOICE": "Финальный счёт", "WON": "Сделка успешна",
    "LOSE": "Сделка провалена", "APOLOGY": "Анализ причины провала",
}  # fmt: skip
DICTIONARIES: Mapping[str, Mapping[str, str]] = {
    "SOURCE": SOURCES,
    "STATUS": LEAD_STATUSES,
    "DEAL_STAGE": DEAL_STAGES,
    "DEAL_STAGE_1": {f"C1:{stage}": name for stage, name in DEAL_STAGES.items()},
    "DEAL_TYPE": {"SALE": "Продажа", "SERVICES": "Услуги"},
    "CONTACT_TYPE": {"CLIENT": "Клиенты", "SUPPLIER": "Поставщики", "PARTNER": "Партнёры", "OTHER": "Другое"},
    "COMPANY_TYPE": {"CUSTOMER": "Клиент", "SUPPLIER": "Поставщик", "PARTNER": "Партнёр", "OTHER": "Другое"},
    "INDUSTRY": {"IT": "Информационные технологии", "OTHER": "Другое"},
    "EMPLOYEES": {"EMPLOYEES_1": "менее 50", "EMPLOYEES_2": "50-250"},
    "HONORIFIC": {"HNR_RU_1": "г-н", "HNR_RU_2": "г-жа"},
}
CATEGORIES = ((0, "Общая", 100), (1, "Повторные продажи", 200))
SUCCESS = frozenset({"CONVERTED", "WON", "C1:WON"})
FAILURE = frozenset({"JUNK", "LOSE", "APOLOGY", "C1:LOSE", "C1:APOLOGY"})


def semantics(stage: Any) -> str:
    """P in progress, S success, F failure."""
    return "S" if stage in SUCCESS else "F" if stage in FAILURE else "P"
