# SPDX-License-Identifier: GPL-3.0-or-later
"""The methods of the portal, by lower-case name."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from itgrix_module.sandbox.portal.exchange import Exchange, Method
from itgrix_module.sandbox.portal.params import Params

MODULES = (
    "basic",
    "chat",
    "crm_activities",
    "crm_classic",
    "crm_items",
    "crm_other",
    "finishing",
    "lines",
    "offline_queue",
    "placements",
    "records",
    "statistics",
    "subscriptions",
    "tasks",
    "telephony",
    "users",
    "worktime",
)


def _batch(_exchange: Exchange, _params: Params) -> Any:
    raise AssertionError("the dispatcher runs batches itself")


def method_table() -> dict[str, Method]:
    """Every method the portal has."""
    modules = [import_module(f"{__name__}.{name}") for name in MODULES]
    every: list[Method] = [method for module in modules for method in module.METHODS]
    return {method.name.casefold(): method for method in [*every, Method("batch", _batch)]}
