# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person may order on the portal page."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length, ValidationError

from web.i18n import mark


class OrderForm(FlaskForm):  # type: ignore[misc]
    """A button: only the token against forgery."""


class AddressForm(FlaskForm):  # type: ignore[misc]
    """The address that the browser was led to, where that page cannot be opened from the person's computer."""

    address = StringField(
        filters=[lambda entered: (entered or "").strip()],
        validators=[
            InputRequired(message=mark("Paste the whole address from the browser.")),
            Length(max=4000, message=mark("That is too long.")),
        ],
    )

    def validate_address(self, field: StringField) -> None:
        """It must hold both."""
        if not all(answer_of(field.data or "")[:2]):
            raise ValidationError(mark("This address holds no code: paste it whole, with everything after the “?”."))


def answer_of(address: str) -> tuple[str, str, str]:
    """State, code and authorisation server of an address; empty where it holds none."""
    try:
        found = parse_qs(urlsplit(address).query)
    except ValueError:
        return "", "", ""
    state, code, server = (found.get(name, [""])[0] for name in ("state", "code", "server_domain"))
    return state, code, server
