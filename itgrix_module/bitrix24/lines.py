# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal's external lines (contract §8.1)."""

from __future__ import annotations

from collections.abc import Mapping

from itgrix_module.app.line_sync import explained
from itgrix_module.app.rest_ports import Command, Rest
from itgrix_module.bitrix24 import telephony
from itgrix_module.bitrix24.limits import BACKGROUND
from itgrix_module.domain.failures import Failure


class BitrixLines:
    """Fulfils ``app.line_sync.LinePortal``."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def external_lines(self) -> Mapping[str, str]:
        """Number to name."""
        return {line.number: line.name for line in telephony.lines(self._ask(telephony.line_list("l")))}

    def add_line(self, number: str, name: str, create: bool) -> None:
        """One that is there already, by whomever, is only renamed."""
        try:
            self._ask(telephony.line_add("l", number, name, create=create))
        except Failure as failure:
            if "exists" not in failure.text.lower():
                raise
            self.rename_line(number, name, create)

    def rename_line(self, number: str, name: str, create: bool) -> None:
        """Another name for a line."""
        self._ask(telephony.line_update("l", number, name, create=create))

    def remove_line(self, number: str) -> None:
        """One that is gone already is no fault."""
        try:
            self._ask(telephony.line_delete("l", number))
        except Failure as failure:
            if failure.code != "line_not_found":
                raise

    def _ask(self, command: Command) -> object:
        try:
            return self._rest.call(command.method, command.params, priority=BACKGROUND)
        except Failure as failure:
            raise explained(failure) from failure
