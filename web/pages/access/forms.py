# SPDX-License-Identifier: GPL-3.0-or-later
"""What an administrator enters about users, and about a client."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import AnyOf, InputRequired, Length

from itgrix_module.app.passwords import MOST
from itgrix_module.app.user_ports import OPERATE, ROLES
from itgrix_module.app.users import LONGEST_NAME
from web.i18n import mark

_NEEDED = mark("Fill in this field.")
_TOO_LONG = mark("This is too long.")


class AddForm(FlaskForm):  # type: ignore[misc]
    """A new user."""

    name = StringField(validators=[InputRequired(_NEEDED), Length(max=LONGEST_NAME * 2, message=_TOO_LONG)])
    password = PasswordField(validators=[InputRequired(_NEEDED), Length(max=MOST * 2, message=_TOO_LONG)])
    role = StringField(validators=[AnyOf(ROLES)], default=OPERATE)
    listens = BooleanField()


class UserForm(FlaskForm):  # type: ignore[misc]
    """A change of one user. ``order``: what to do; the fields that it needs are filled in."""

    name = StringField(validators=[InputRequired(), Length(max=LONGEST_NAME * 2)])
    order = StringField(validators=[AnyOf(("role", "password", "remove", "remove-confirmed"))])
    role = StringField()
    listens = BooleanField()
    password = PasswordField(validators=[Length(max=MOST * 2, message=_TOO_LONG)])


class ClientForm(FlaskForm):  # type: ignore[misc]
    """``order``: look first, then export or erase."""

    number = StringField(validators=[InputRequired(_NEEDED), Length(max=40, message=_TOO_LONG)])
    order = StringField(validators=[AnyOf(("find", "export", "erase"))], default="find")
