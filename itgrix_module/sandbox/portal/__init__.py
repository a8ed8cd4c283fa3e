# SPDX-License-Identifier: GPL-3.0-or-later
"""A Bitrix24 portal to try the product against: the contract of a cloud portal, in memory, on this machine."""

from itgrix_module.sandbox.portal.config import PortalConfig
from itgrix_module.sandbox.portal.portal import SandboxPortal

__all__ = ["PortalConfig", "SandboxPortal"]
