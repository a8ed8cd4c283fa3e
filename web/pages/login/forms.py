# SPDX-License-Identifier: GPL-3.0-or-later
"""What people type to log in and to change their password."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from itgrix_module.app.passwords import MOST
from itgrix_module.app.users import LONGEST_NAME
from web.i18n import mark

_NEEDED = mark("Fill in this field.")
_TOO_LONG = mark("This is too long.")


class LoginForm(FlaskForm):  # type: ignore[misc]
    """``next``: the page that was asked for."""

    name = StringField(validators=[InputRequired(_NEEDED), Length(max=LONGEST_NAME * 2, message=_TOO_LONG)])
    password = PasswordField(validators=[InputRequired(_NEEDED), Length(max=MOST * 2, message=_TOO_LONG)])
    next = StringField(validators=[Length(max=2000)])


class PasswordForm(FlaskForm):  # type: ignore[misc]
    """One's own password."""

    old = PasswordField(validators=[InputRequired(_NEEDED), Length(max=MOST * 2, message=_TOO_LONG)])
    new = PasswordField(validators=[InputRequired(_NEEDED), Length(max=MOST * 2, message=_TOO_LONG)])
    again = PasswordField(validators=[EqualTo("new", mark("The two passwords differ."))])
