# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the contract may ask of each kind of stores: the ports, and nothing else."""

from __future__ import annotations

from typing import Protocol

from itgrix_module.app.house_ports import Leases, SettingStore
from itgrix_module.app.people_ports import EmployeeStore
from itgrix_module.app.ports import CallStore, Outbox
from itgrix_module.app.rest_ports import LimitStore, TokenStore


class Ports(Protocol):
    """One of each."""

    @property
    def calls(self) -> CallStore: ...

    @property
    def outbox(self) -> Outbox: ...

    @property
    def settings(self) -> SettingStore: ...

    @property
    def employees(self) -> EmployeeStore: ...

    @property
    def leases(self) -> Leases: ...

    @property
    def tokens(self) -> TokenStore: ...

    @property
    def limits(self) -> LimitStore: ...
