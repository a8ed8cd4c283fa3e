# SPDX-License-Identifier: GPL-3.0-or-later
"""user.*, profile and department.get."""

from __future__ import annotations

from typing import Any

from itgrix_module.sandbox.portal.errors import core
from itgrix_module.sandbox.portal.exchange import USER_SCOPES, Exchange, Method
from itgrix_module.sandbox.portal.model import User
from itgrix_module.sandbox.portal.params import Params, as_text
from itgrix_module.sandbox.portal.query import Page, matches, ordered, paged

CONTACTS = frozenset({"EMAIL", "PERSONAL_MOBILE", "WORK_PHONE", "PERSONAL_PHONE"})
_OPTIONS = frozenset(
    {"SORT", "ORDER", "FILTER", "ADMIN_MODE", "SELECT", "IMAGE_RESIZE", "START", "AUTH", "AUTH_CONNECTOR"}
)


def row(user: User) -> dict[str, Any]:
    """An employee with every field that has a value."""
    fields = {
        "ID": str(user.id),
        "ACTIVE": user.active,
        "NAME": user.name,
        "LAST_NAME": user.last_name,
        "SECOND_NAME": "",
        "EMAIL": user.email,
        "IS_ONLINE": "Y" if user.active else "N",
        "TIME_ZONE": "",
        "TIMESTAMP_X": {},
        "LAST_ACTIVITY_DATE": {},
        "PERSONAL_MOBILE": user.mobile,
        "WORK_PHONE": user.work_phone,
        "WORK_POSITION": user.position,
        "UF_DEPARTMENT": user.departments,
        "USER_TYPE": "employee",
    }
    return fields | ({"UF_PHONE_INNER": user.extension} if user.extension else {})


def get(exchange: Exchange, params: Params) -> Page:
    """user.get: filters may also stand at the top level."""
    conditions = params.mapping("FILTER") or {
        key: value for key, value in params.values.items() if key.upper() not in _OPTIONS
    }
    return _listed(exchange, params, [row(user) for user in exchange.state.users.values()], conditions)


def search(exchange: Exchange, params: Params) -> Page:
    """user.search: FIND looks into names and positions."""
    conditions = dict(params.mapping("FILTER"))
    find = as_text(conditions.pop("FIND", params.text("FIND"))).casefold()
    rows = [row(user) for user in exchange.state.users.values() if user.active]
    found = [item for item in rows if find in f"{item['NAME']} {item['LAST_NAME']} {item['WORK_POSITION']}".casefold()]
    return _listed(exchange, params, found, conditions)


def current(exchange: Exchange, _params: Params) -> dict[str, Any]:
    return _visible(exchange, row(exchange.user), [])


def update(exchange: Exchange, params: Params) -> bool:
    """user.update: needs the whole ``user`` scope and an administrator."""
    user = exchange.state.users.get(params.integer("ID"))
    if user is None or not exchange.user.admin:
        raise core("access_denied")
    user.extension = params.text("UF_PHONE_INNER", user.extension)
    user.mobile = params.text("PERSONAL_MOBILE", user.mobile)
    user.work_phone = params.text("WORK_PHONE", user.work_phone)
    return True


def profile(exchange: Exchange, _params: Params) -> dict[str, Any]:
    user = exchange.user
    return {
        "ID": str(user.id),
        "ADMIN": user.admin,
        "NAME": user.name,
        "LAST_NAME": user.last_name,
        "PERSONAL_GENDER": "",
        "TIME_ZONE": "",
    }


def is_admin(exchange: Exchange, _params: Params) -> bool:
    return exchange.user.admin


def departments(exchange: Exchange, params: Params) -> Page:
    """department.get: conditions stand at the top level."""
    rows = []
    for seed in exchange.state.departments:
        known = {"PARENT": seed.parent, "UF_HEAD": seed.head}
        numbers = {key: str(value) for key, value in known.items() if value is not None}
        rows.append({"ID": str(seed.id), "NAME": seed.name, "SORT": 500, **numbers})
    names = ("ID", "NAME", "SORT", "PARENT", "UF_HEAD")
    conditions = {name: params.get(name) for name in names if name in params and name != "SORT"}
    return paged([item for item in rows if matches(item, conditions)], params)


def _listed(exchange: Exchange, params: Params, rows: list[dict[str, Any]], conditions: dict[str, Any]) -> Page:
    upper = {key.upper(): value for key, value in conditions.items()}
    found = [item for item in rows if matches(item, upper)]
    order = {params.text("sort", "ID").upper() or "ID": params.text("order", "ASC")}
    page = paged(ordered(found, order), params)
    select = [str(name).upper() for name in params.items("select")]
    return Page([_visible(exchange, item, select) for item in page.rows], page.total, page.next)


def _visible(exchange: Exchange, item: dict[str, Any], select: list[str]) -> dict[str, Any]:
    """The scope decides about contacts, ``select`` about the rest."""
    hidden = frozenset() if exchange.caller.scopes & {"user", "user_basic"} else CONTACTS
    wanted = select if select and "*" not in select else list(item)
    return {name: item[name] for name in item if name in wanted and name not in hidden}


METHODS = (
    Method("user.get", get, USER_SCOPES),
    Method("user.search", search, USER_SCOPES),
    Method("user.current", current, USER_SCOPES),
    Method("user.update", update, ("user",)),
    Method("profile", profile),
    Method("user.admin", is_admin),
    Method("department.get", departments, ("department",)),
)
