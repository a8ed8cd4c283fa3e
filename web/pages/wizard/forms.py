# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked at each step of the wizard. A field's name with its first ``__`` as a dot is the key of its setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from zoneinfo import available_timezones

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, IntegerField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import Length, NumberRange, Optional

from itgrix_module.app import wizard as steps
from itgrix_module.app.people_ports import Employee
from web.i18n import LANGUAGES, mark
from web.preferences import text

_LONG = mark("This is too long.")
OF_LIBRARY = (
    mark("Not a valid integer value."),
    mark("Not a valid choice."),
    mark("Invalid Choice: could not coerce."),
)
_PORT = NumberRange(1, 65535, message=mark("A port is a number from 1 to 65535."))
KEEP = mark("leave empty to keep the one that is set")


def _line(label: str, most: int = 300, **options: Any) -> StringField:
    return StringField(label, [Length(max=most, message=_LONG)], **options)


def _secret(label: str, **options: Any) -> PasswordField:
    return PasswordField(label, [Length(max=500, message=_LONG)], **options)


class StepForm(FlaskForm):  # type: ignore[misc]
    """Fields of a step. An empty secret means the one that is set. ``CHOICES``: of a field, values and their titles."""

    CHOICES: ClassVar[Mapping[str, Sequence[tuple[str, str]]]] = {}

    def __init__(self) -> None:
        super().__init__()
        for name, choices in self.CHOICES.items():
            self[name].choices = list(choices)

    def fill(self, values: Mapping[str, Any]) -> None:
        """Show what is in force."""
        for field in self.asked():
            if not isinstance(field, PasswordField) and key_of(field) in values:
                field.data = values[key_of(field)]

    def asked(self) -> list[Field]:
        return [field for field in self if "__" in field.name]

    def changes(self) -> dict[str, Any]:
        """Key to what was entered."""
        found: dict[str, Any] = {}
        for field in self.asked():
            value = field.data.strip() if isinstance(field.data, str) else field.data
            if value is None or (isinstance(field, PasswordField) and not value):
                continue
            found[key_of(field)] = value
        return found

    def blame(self, problems: Mapping[str, str]) -> list[str]:
        """Put each problem beside its field; returns those that have none here."""
        fields = {key_of(field): field for field in self.asked()}
        rest = []
        for key, problem in problems.items():
            if key in fields:
                fields[key].errors = [*fields[key].errors, problem]
            else:
                rest.append(f"{key}: {problem}")
        return rest


def key_of(field: Field) -> str:
    """Key of the setting that a field is for."""
    return str(field.name).replace("__", ".", 1)


class LanguageForm(StepForm):
    """Language of what the portal shows; the panel's own is chosen by a link."""

    CHOICES: ClassVar = {"portal__language": tuple(LANGUAGES.items())}

    portal__language = RadioField(mark("Language of tasks and messages in Bitrix24"))
    panel__time_zone = StringField(mark("Time zone of the PBX"), [Length(max=64, message=_LONG)])
    numbers__country = StringField(mark("Country of the PBX"), [Length(max=2, message=_LONG)])

    @staticmethod
    def zones() -> list[str]:
        """For the list to choose from."""
        return sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))


class PbxForm(StepForm):
    """The manager interface."""

    ami__host = _line(mark("Address of the PBX"))
    ami__port = IntegerField(mark("Port"), [Optional(), _PORT])
    ami__username = _line(mark("Manager user"), 100)
    ami__secret = _secret(mark("Password"))
    ami__tls = BooleanField(mark("Connect by TLS"))
    ami__tls_verify = BooleanField(mark("Check the certificate"))
    ami__tls_ca = _line(mark("File with the certificate authority"))


class RecordsForm(StepForm):
    """The call records; its fields are parts of one address."""

    host = _line(mark("Database server"))
    port = StringField(mark("Port"), [Length(max=5, message=_LONG)])
    database = _line(mark("Database"), 100)
    user = _line(mark("User"), 100)
    password = _secret(mark("Password"))

    PARTS = ("host", "port", "database", "user", "password")

    def fill(self, values: Mapping[str, Any]) -> None:
        for name in self.PARTS[:-1]:
            self[name].data = values.get(name, {"host": "localhost", "database": "asteriskcdrdb"}.get(name, ""))

    def parts(self) -> dict[str, str]:
        return {name: (self[name].data or "").strip() for name in self.PARTS}

    def blame(self, problems: Mapping[str, str]) -> list[str]:
        port = problems.get("port")
        if port:
            self.port.errors = [*self.port.errors, port]
        return [problem for key, problem in problems.items() if key != "port"]


class PortalForm(StepForm):
    """A webhook or an application."""

    CHOICES: ClassVar = {"portal__mode": (("webhook", ""), ("app", ""))}

    portal__mode = RadioField(mark("How the portal is reached"))
    portal__webhook_url = _secret(mark("Address of the incoming webhook"))
    portal__domain = _line(mark("Address of the portal"))
    portal__client_id = _line(mark("Application code (client_id)"), 100)
    portal__client_secret = _secret(mark("Application key (client_secret)"))
    portal__public_url = _line(mark("Address of this service as the portal reaches it"))
    portal__ca_file = _line(mark("File with the certificate authority of an on-premise portal"))
    portal__verify_tls = BooleanField(mark("Check the certificate of the portal"))

    def changes(self) -> dict[str, Any]:
        """The address of the portal is taken as people copy it; of the other way nothing is touched."""
        found = super().changes()
        found["portal.domain"] = _host(found.get("portal.domain", ""))
        found["portal.public_url"] = found.get("portal.public_url", "").rstrip("/")
        left_out = _OF_WEBHOOK if found["portal.mode"] == "app" else _OF_APPLICATION
        return {key: value for key, value in found.items() if key not in left_out}


_OF_WEBHOOK = frozenset({"portal.webhook_url"})
_OF_APPLICATION = frozenset(f"portal.{name}" for name in ("domain", "client_id", "client_secret", "public_url"))


def _host(address: str) -> str:
    return address.split("://", 1)[-1].split("/", 1)[0]


class EmployeesForm(StepForm):
    """Who takes the calls of nobody."""

    calls__default_user = SelectField(mark("Who takes calls that belong to nobody"), coerce=int)

    def offer(self, employees: Sequence[Employee], chosen: int) -> None:
        """Fill the list; a user whom nobody knows stays in it."""
        known = {one.user_id: one.name for one in employees}
        choices = [(0, text("the user of the authorisation")), *known.items()]
        if chosen not in dict(choices):
            choices.append((chosen, f"#{chosen}"))
        self.calls__default_user.choices = choices


class RecordingsForm(StepForm):
    """What becomes of recordings."""

    CHOICES: ClassVar = {
        "recordings__mode": (
            ("upload", mark("upload them to Bitrix24")),
            ("link", mark("keep them here and give Bitrix24 a link")),
            ("off", mark("leave them out")),
        )
    }

    recordings__mode = RadioField(mark("Recordings"))
    recordings__directory = _line(mark("Folder where the PBX records"))


class PlainForm(StepForm):
    """A step without questions."""


FORMS: Mapping[str, type[StepForm]] = {
    steps.LANGUAGE: LanguageForm,
    steps.PBX: PbxForm,
    steps.RECORDS: RecordsForm,
    steps.PORTAL: PortalForm,
    steps.EMPLOYEES: EmployeesForm,
    steps.RECORDINGS: RecordingsForm,
}


def form_of(step: str) -> StepForm:
    return FORMS.get(step, PlainForm)()
