# SPDX-License-Identifier: GPL-3.0-or-later
"""What the authorisation allows, found out in one request and without any effect in the portal (contract §17).

Whether a webhook may register calls differs between portals and documentation. A register with an impossible TYPE
tells: refused because of the kind of authorisation, or because of the TYPE.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from itgrix_module.app.rest_ports import Answer, Command, Rest
from itgrix_module.bitrix24.crm import read_profile
from itgrix_module.bitrix24.errorrow import APPLICATION, REINSTALL, RIGHTS, SCOPE
from itgrix_module.bitrix24.limits import NORMAL
from itgrix_module.bitrix24.oauth import scopes
from itgrix_module.bitrix24.shapes import flag, mapping, text
from itgrix_module.bitrix24.telephony import LINE_GET, REGISTER
from itgrix_module.domain.failures import Failure

# refusals that show the method itself was reached and only our impossible call was turned down
_REACHED = frozenset({"unknown_type", "user_missing", "user_not_found", "number_unsupported", "bad_date", "ERROR_CORE"})
_USER_SCOPES = frozenset({"user", "user_basic", "user_brief"})
_EXTRAS = {
    "department": "departments",
    "im": "messages about calls",
    "task": "tasks for missed calls",
    "disk": "files",
    "placement": "tabs in the call card",
    "timeman": "working time of employees",
    "calendar": "working calendar of the company",
}

PROBES = (
    Command("profile", "profile", {}),
    Command("scope", "scope", {}),
    Command("register", REGISTER, {"TYPE": 0, "PHONE_NUMBER": "", "USER_ID": 0, "SHOW": 0, "CRM_CREATE": 0}),
    Command("lines", LINE_GET, {}),
    Command("events", "event.get", {}),
    Command("app", "app.info", {}),
    Command("users", "user.get", {"FILTER": {"ACTIVE": True}, "select": ["ID", "UF_PHONE_INNER"]}),
    Command("crm", "crm.settings.mode.get", {}),
    Command("clients", "crm.contact.list", {"select": ["ID"], "start": -1, "filter": {"ID": 0}}),
    Command("finish", "method.get", {"name": "telephony.externalcall.finish"}),
)


@dataclass(frozen=True)
class Finding:
    """Something that is missing. ``code``: stable. ``required``: without it calls do not reach the CRM."""

    code: str
    text: str
    hint: str
    required: bool = True


@dataclass(frozen=True)
class Abilities:
    """What the authorisation allows. ``licence_family``: for the request budget, empty for a webhook."""

    kind: str
    user_id: int | None
    is_admin: bool
    scopes: frozenset[str]
    can_register: bool
    can_lines: bool
    can_events: bool
    can_poll: bool
    licence_family: str
    missing: tuple[Finding, ...]

    @property
    def is_enough(self) -> bool:
        """Whether calls can reach the CRM."""
        return not any(finding.required for finding in self.missing)


def examine(rest: Rest, kind: str, *, priority: int = NORMAL) -> Abilities:
    """Try what is needed. ``kind``: ``webhook`` or ``app``. Raises Failure when the portal refuses altogether."""
    answers = {answer.key: answer for answer in rest.batch(PROBES, priority=priority)}
    person = read_profile(answers["profile"].result)
    granted = scopes(answers["scope"].result)
    app = mapping(answers["app"].result)
    can_events = answers["events"].failure is None
    is_admin = person is not None and person.is_admin
    return Abilities(
        kind=kind,
        user_id=person.user_id if person else None,
        is_admin=is_admin,
        scopes=granted,
        can_register=_may_register(answers),
        can_lines=answers["lines"].failure is None,
        can_events=can_events,
        can_poll=can_events and is_admin,
        licence_family=text(app.get("LICENSE_FAMILY")),
        missing=tuple(_findings(answers, granted, kind)),
    )


def _may_register(answers: Mapping[str, Answer]) -> bool:
    failure = answers["register"].failure
    reached = failure is None or (isinstance(failure, Failure) and failure.code in _REACHED)
    finish = mapping(answers["finish"].result)
    return reached and (not finish or flag(finish.get("isExisting")))


def _findings(answers: Mapping[str, Answer], granted: frozenset[str], kind: str) -> list[Finding]:
    return [
        *_scope_findings(answers, granted),
        *_telephony_findings(answers, granted, kind),
        *_reading_findings(answers, granted),
        *_app_findings(answers),
    ]


def _scope_findings(answers: Mapping[str, Answer], granted: frozenset[str]) -> list[Finding]:
    if answers["scope"].failure is not None or not granted:
        return []  # the portal does not tell; what is missing shows in the other probes
    found = [
        Finding(f"scope_{name}", f"The authorisation does not include {name}.", SCOPE)
        for name in ("telephony", "crm")
        if name not in granted
    ]
    if not granted & _USER_SCOPES:
        found.append(Finding("scope_user", "The authorisation does not include the employees (user_basic).", SCOPE))
    found += [
        Finding(f"scope_{name}", f"Without the permission {name}: no {use}.", SCOPE, required=False)
        for name, use in _EXTRAS.items()
        if name not in granted
    ]
    return found


def _telephony_findings(answers: Mapping[str, Answer], granted: frozenset[str], kind: str) -> list[Finding]:
    found = []
    has_scope = not granted or "telephony" in granted
    if has_scope and not _may_register(answers):
        found.append(_finding("register", "Calls cannot be registered", answers["register"], APPLICATION))
    if kind == "webhook":
        found.append(
            Finding(
                "webhook_reduced",
                "An incoming webhook has no click-to-call, no external lines and no events of the portal.",
                "Create a local application in the portal and authorise with it for these.",
                required=False,
            )
        )
    elif has_scope and answers["lines"].failure is not None:
        found.append(_finding("lines", "External lines cannot be read", answers["lines"], RIGHTS, required=False))
    return found


def _reading_findings(answers: Mapping[str, Answer], granted: frozenset[str]) -> list[Finding]:
    found = []
    if answers["users"].failure is not None and (not granted or granted & _USER_SCOPES):
        found.append(_finding("users", "Employees cannot be read", answers["users"], RIGHTS))
    if not granted or "crm" in granted:
        if answers["crm"].failure is not None:
            found.append(_finding("crm", "The CRM cannot be read", answers["crm"], RIGHTS, required=False))
        elif answers["clients"].failure is not None:
            found.append(_finding("clients", "Clients cannot be read", answers["clients"], RIGHTS, required=False))
    return found


def _app_findings(answers: Mapping[str, Answer]) -> list[Finding]:
    app = mapping(answers["app"].result)
    found = []
    if "INSTALLED" in app and not flag(app["INSTALLED"]):
        found.append(
            Finding("not_installed", "The installation of the application is not finished: no events come.", REINSTALL)
        )
    if flag(app.get("PAYMENT_EXPIRED")):
        found.append(
            Finding("payment_expired", "The paid period of the application is over.", "Renew it in the portal.")
        )
    return found


def _finding(code: str, what: str, answer: Answer, hint: str, *, required: bool = True) -> Finding:
    failure = answer.failure
    if isinstance(failure, Failure):
        return Finding(code, f"{what}: {failure.text}", failure.hint or hint, required)
    return Finding(code, f"{what}.", hint, required)
