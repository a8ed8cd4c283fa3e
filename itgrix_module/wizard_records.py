# SPDX-License-Identifier: GPL-3.0-or-later
"""The wizard's step for the PBX's call records: their address in parts, and what can be read there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from itgrix_module import doctor
from itgrix_module.app.health import Check, Level
from itgrix_module.asterisk import cdr
from itgrix_module.settings import Settings

_HOST, _DATABASE = "localhost", "asteriskcdrdb"  # as FreePBX has them


def parts_of(address: str) -> dict[str, str]:
    """Host, port, database and user of an address; never the password. Empty for what is no MariaDB."""
    url = _url_of(address)
    if url is None or not url.drivername.startswith("mysql"):
        return {}
    return {
        "host": url.host or "",
        "port": str(url.port or ""),
        "database": url.database or "",
        "user": url.username or "",
    }


def problem_of(parts: Mapping[str, str]) -> str:
    """What is wrong with the port; empty when nothing is."""
    port = parts.get("port", "")
    is_good = not port or (port.isascii() and port.isdigit() and 0 < int(port) < 65536)
    return "" if is_good else "must be from 1 to 65535"


def address_of(parts: Mapping[str, str], known: str) -> str:
    """The address; without a password in the parts, with the one of the ``known`` address, if it is meant for this."""
    port = parts.get("port", "")
    url = URL.create(
        "mysql+pymysql",
        parts.get("user") or None,
        parts.get("password") or _known_password(_url_of(known), parts) or None,
        parts.get("host") or _HOST,
        int(port) if port else None,
        parts.get("database") or _DATABASE,
    )
    return url.render_as_string(hide_password=False)


def _known_password(known: URL | None, parts: Mapping[str, str]) -> str:
    """A password that is set is only used where it was meant for: for the same user at the same server."""
    if known is None:
        return ""
    wanted = (parts.get("host") or _HOST, parts.get("port", ""), parts.get("user"))
    is_same = (known.host, str(known.port or ""), known.username) == wanted
    return str(known.password or "") if is_same else ""


def examined(settings: Settings) -> Iterator[Check]:
    """CDR as the doctor tries it, and CEL beside it."""
    good = True
    for check in doctor.call_records(settings):
        good = good and check.level is Level.OK
        yield check
    if good and settings["cdr.url"]:
        yield _events_of_channels(settings["cdr.url"])


def _events_of_channels(url: str) -> Check:
    engine = cdr.open_records(url)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT linkedid, eventtype, eventtime FROM cel LIMIT 1"))
    except SQLAlchemyError as error:
        words = (
            f"the events of channels (CEL) cannot be read: {str(getattr(error, 'orig', None) or error).splitlines()[0]}"
        )
        hint = "Switch CEL on in the PBX (FreePBX: module CEL), and let this user read the table cel."
        return Check("cdr", Level.WARNING, "cel_unreadable", words, hint)
    finally:
        engine.dispose()
    return Check("cdr", Level.OK, "cel_ok", "the events of channels (CEL) can be read")


def _url_of(address: str) -> URL | None:
    with suppress(ArgumentError, ValueError):
        return make_url(address) if address else None
    return None
