# SPDX-License-Identifier: GPL-3.0-or-later
"""The order that a person gives for chosen deliveries."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import SelectMultipleField, StringField
from wtforms.validators import AnyOf, Length

from web.i18n import mark

MOST = 200  # steps in one order: what one page can hold and one transaction takes
RETRY, DROP, DROP_CONFIRMED = "retry", "drop", "drop-confirmed"
PAUSE, RESUME = "pause", "resume"
STATES = ("waiting", "retrying", "failed")


def _number(entered: str) -> int:
    """Id of a step. Raises ValueError for what no database holds."""
    number = int(entered)
    if not 0 < number < 2**63:
        raise ValueError(entered)
    return number


class ChangeForm(FlaskForm):  # type: ignore[misc]
    """``step``: ids of the chosen steps; ``state``: the list that they were chosen from."""

    order = StringField(validators=[AnyOf((RETRY, DROP, DROP_CONFIRMED))])
    state = StringField(validators=[AnyOf(STATES)], default="failed")
    step = SelectMultipleField(
        coerce=_number,
        validate_choice=False,
        validators=[
            Length(min=1, message=mark("Choose at least one delivery first.")),
            Length(max=MOST, message=mark("That is too many at once.")),
        ],
    )


class AllForm(FlaskForm):  # type: ignore[misc]
    """To repeat all of a list at once. What only waits for its turn needs no order."""

    state = StringField(validators=[AnyOf(("retrying", "failed"))])


class PauseForm(FlaskForm):  # type: ignore[misc]
    """Of everything that goes to the portal."""

    order = StringField(validators=[AnyOf((PAUSE, RESUME))])
