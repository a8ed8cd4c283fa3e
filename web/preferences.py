# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person has chosen for himself: language and time zone, each kept in a cookie.

``?lang=ru`` and ``?zone=Europe/Moscow`` on any page set them and lead to the same page without them.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Flask, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from web.deps import deps
from web.i18n import LANGUAGES, SOURCE, Catalogue, catalogue

LANGUAGE_COOKIE = "itgrix_lang"
ZONE_COOKIE = "itgrix_zone"
OF_THE_PBX = "pbx"
YEAR = 31_536_000  # seconds
_LANGUAGE, _ZONE = "itgrix.language", "itgrix.zone"

# The PBX's GUI keeps its language in this cookie and puts its own default there for everybody.
_GUI_COOKIE, _GUI_DEFAULT = "lang", "en_US"


def install(app: Flask) -> None:
    app.before_request(_take_choice)
    app.after_request(_depends_on_person)
    app.jinja_env.filters["sentence"] = sentence
    app.jinja_env.globals.update(_=text, n_=plural, said=said, LANGUAGES=LANGUAGES, OF_THE_PBX=OF_THE_PBX)
    app.context_processor(
        lambda: {"language": language(), "zone_name": zone_name(), "zone_chosen": _chosen_zone() is not None}
    )


def texts() -> Catalogue:
    """The catalogue of the current request's language."""
    return catalogue(language())


def text(message: str, /, context: str = "", **values: object) -> str:
    """``_`` of the templates and pages."""
    return texts().text(message, context, **values)


def plural(one: str, many: str, n: int, /, **values: object) -> str:
    """``n_`` of the templates and pages."""
    return texts().plural(one, many, n, **values)


def said(message: str) -> str:
    """A text that the engine wrote, in the reader's language."""
    return texts().said(message)


def sentence(message: str) -> str:
    """The same with a capital letter, unless it begins with a name (``pbx.local:5038 refuses``)."""
    first = message.split(" ", 1)[0]
    return message[:1].upper() + message[1:] if first.strip(",:;").isalpha() else message


def language() -> str:
    """The person's choice, else the GUI's unless it is only its default, else the browser's."""
    known = request.environ  # kept with the request: an app context may serve several
    if _LANGUAGE not in known:
        known[_LANGUAGE] = _language()
    return str(known[_LANGUAGE])


def _language() -> str:
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    of_gui = request.cookies.get(_GUI_COOKIE, "")
    if of_gui != _GUI_DEFAULT and of_gui[:2] in LANGUAGES:
        return of_gui[:2]
    return request.accept_languages.best_match([SOURCE, *LANGUAGES], SOURCE) or SOURCE


def zone() -> tzinfo:
    """The zone in which times are shown: the person's, else the PBX's, else that of this process."""
    known = request.environ
    if _ZONE not in known:
        known[_ZONE] = _chosen_zone() or find_zone(deps().zone()) or _own_zone()
    found = known[_ZONE]
    assert isinstance(found, tzinfo)
    return found


def zone_name() -> str:
    """For people: ``Europe/Moscow`` or ``UTC+03:00``."""
    found = zone()
    return found.key if isinstance(found, ZoneInfo) else str(datetime.now(UTC).astimezone(found).tzname())


def _chosen_zone() -> ZoneInfo | None:
    return find_zone(request.cookies.get(ZONE_COOKIE, ""))


def _own_zone() -> tzinfo:
    found = datetime.now(UTC).astimezone().tzinfo
    assert found is not None
    return found


@lru_cache(maxsize=64)
def find_zone(name: str) -> ZoneInfo | None:
    """The zone of that name; None for a name that the system does not know."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _take_choice() -> Response | None:
    asked_language, asked_zone = request.args.get("lang", ""), request.args.get("zone", "")
    if request.method != "GET" or not (asked_language or asked_zone) or request.endpoint is None:
        return None
    rest: dict[str, Any] = {key: values for key, values in request.args.lists() if key not in ("lang", "zone")}
    answer = redirect(url_for(request.endpoint, **{**rest, **(request.view_args or {})}))
    if asked_language in LANGUAGES:
        _keep(answer, LANGUAGE_COOKIE, asked_language)
    if asked_zone == OF_THE_PBX:
        answer.delete_cookie(ZONE_COOKIE, path=_cookie_path())
    elif find_zone(asked_zone):
        _keep(answer, ZONE_COOKIE, asked_zone)
    return answer


def _keep(answer: Response, name: str, value: str) -> None:
    secure = deps().secure_cookies
    answer.set_cookie(name, value, max_age=YEAR, path=_cookie_path(), samesite="Lax", httponly=True, secure=secure)


def _cookie_path() -> str:
    return str(current_app.config["SESSION_COOKIE_PATH"])


def _depends_on_person(response: Response) -> Response:
    if request.endpoint != "static":
        response.vary.update(("Cookie", "Accept-Language"))
    return response
