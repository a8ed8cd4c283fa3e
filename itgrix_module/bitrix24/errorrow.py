# SPDX-License-Identifier: GPL-3.0-or-later
"""One row of the error table, and the words that several rows share."""

from __future__ import annotations

from dataclasses import dataclass

from itgrix_module.domain.failures import Failure

ANY = "*"
OAUTH = "oauth.token"  # the token address of the authorisation server, as a method of the table
UPLOAD = "upload"  # the address that attachRecord gives for the file, likewise
CALL_NOT_FOUND = "call_not_found"

CALLS = "telephony.externalcall."
MINUTE = 60.0
HOUR = 3600.0

AUTHORISE = "Authorise again on the portal page: a new incoming webhook, or press Authorise if the application is used."
REAUTHORISE = "Press Authorise on the portal page and confirm as an administrator of the portal."
REINSTALL = "Install the local application in the portal again (Developer resources) and authorise."
LICENCE = "REST needs a paid plan, a trial or an active licence of the portal: renew it in the portal."
RIGHTS = "Give the user whose authorisation is used the right for this in the portal, or authorise as an administrator."
SCOPE = "Tick the missing permission of the webhook or the local application in the portal, then authorise again."
ADDRESS = "Check the portal address in the settings: it is the one that employees open in the browser."
APPLICATION = "An incoming webhook may not do this on this portal: create a local application and authorise with it."
NETWORK = "Check that this server reaches the portal: network, firewall, proxy and DNS."
CERTIFICATE = (
    "Repair the certificate of the portal; for a portal with an own authority give its CA file in the settings."
)
LATER = "Nothing to do: it is repeated by itself."
REPORT = "Please send the diagnostics bundle to support."
DEFAULT_USER = "Check that the employee is active in the portal and choose a default employee in the call rules."


@dataclass(frozen=True)
class Row:
    """What one answer means.

    ``error``: the portal's code, lower-case; None: the same as ``code``; ANY: not looked at. ``status``: HTTP status,
    0 for faults of the way to the portal, empty: not looked at. ``method``: beginning of the lower-case name.
    ``says``: beginning of the normalised description (or of ``error``, where the portal puts a sentence).
    ``{said} {host} {status}`` in the text are filled in.
    """

    kind: type[Failure]
    code: str
    text: str
    hint: str = ""
    error: str | None = None
    status: tuple[int, ...] = ()
    method: str = ""
    says: str = ""
    executed: bool = False
    retry_after: float | None = None
    scope: str = "request"

    @property
    def wanted_error(self) -> str:
        return self.code.lower() if self.error is None else self.error

    def fits(self, status: int, error: str, method: str, said: tuple[str, ...]) -> bool:
        if self.status and status not in self.status:
            return False
        if self.wanted_error not in (ANY, error):
            return False
        return method.startswith(self.method) and (not self.says or any(s.startswith(self.says) for s in said))
