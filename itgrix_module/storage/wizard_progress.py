# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the first-run wizard has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, select

from itgrix_module.app.health import Check, Level
from itgrix_module.app.wizard import Found, Progress
from itgrix_module.storage.engine import Database
from itgrix_module.storage.models_reports import WizardStep
from itgrix_module.storage.values import from_json, to_json
from itgrix_module.storage.writing import table_of, upsert

wizard_steps = table_of(WizardStep)
_MOST_CHECKS = 50


class SqlWizardProgress:
    """One row for each step that somebody has been at."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> Progress:
        with self._database.read() as connection:
            found = connection.execute(select(wizard_steps)).mappings().all()
        return Progress({row["name"]: _found(row["state"], row["at"], from_json(row["data"], {})) for row in found})

    def save(self, step: str, found: Found) -> None:
        data = {"checks": [asdict(check) for check in found.checks[:_MOST_CHECKS]], "data": dict(found.data)}
        row = {"name": step, "state": found.state, "at": found.at, "data": to_json(data)}
        self._database.run(
            lambda connection: upsert(connection, WizardStep, [row], keys=["name"], update=["state", "at", "data"])
        )

    def forget(self, step: str) -> None:
        self._database.run(
            lambda connection: connection.execute(delete(wizard_steps).where(wizard_steps.c.name == step))
        )


def _found(state: str, at: float, data: Mapping[str, Any]) -> Found:
    checks = (Check(**{**check, "level": Level(check["level"])}) for check in data.get("checks", ()))
    return Found(state, at, tuple(checks), data.get("data", {}))
