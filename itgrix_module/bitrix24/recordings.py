# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings that the portal fetches from us (contract §8.5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from itgrix_module.bitrix24 import telephony
from itgrix_module.bitrix24.client import PortalClient
from itgrix_module.bitrix24.limits import BACKGROUND


class BitrixRecordings:
    """Fulfils ``app.recording_ports.LinkPortal``. ``client``: called for each request."""

    def __init__(self, client: Callable[[], PortalClient]) -> None:
        self._client = client

    def attach_fields(self, fields: Mapping[str, Any]) -> str:
        """Attach as the fields of attachRecord say; id of the file. Raises Failure."""
        result = self._client().call(telephony.ATTACH, fields, priority=BACKGROUND)
        return str(telephony.file_id(result) or "")
