# SPDX-License-Identifier: GPL-3.0-or-later
"""A telephone number as people write it, complete by E.164, and the other spellings of it."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers

from itgrix_module.app.expressions import LONGEST_TEXT

_SHORTEST, _LONGEST = 7, 20  # digits: below are extensions and services, above is no number
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_SEPARATORS = r"\s().\-\u2010-\u2015\u2212"
_WRITTEN = re.compile(
    rf"\(?(?P<plus>\+?)(?P<main>[0-9{_SEPARATORS}]*?)(?:\s*(?:,+|;ext=|ext\.?|доб\.?|x|#)[\s:.]*(?P<ext>[0-9]{{1,7}}))?",
    re.IGNORECASE,
)

COMPLETE = "complete number"
NO_COUNTRY = "stays as it is: no country is set"
NO_NUMBER = "stays as it is: no telephone number"
SHORT = "stays as it is: a short number"
INCOMPLETE = "stays as it is: no complete number of this country or with a country code"


def prepared(raw: str | None) -> str:
    """One line without invisible characters, digits of any script as 0-9, at most ``LONGEST_TEXT`` characters."""
    kept = (_plain(char) for char in (raw or "")[: 2 * LONGEST_TEXT])
    return "".join(kept).strip()[:LONGEST_TEXT]


def _plain(char: str) -> str:
    if char.isascii():
        return char if char.isprintable() else ""
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if char == "＋":
        return "+"
    return "" if unicodedata.category(char) in INVISIBLE else char


def number_digits(text: str) -> str:
    """The digits of a text that is written as a telephone number, without its extension; else nothing."""
    found = _WRITTEN.fullmatch(prepared(text))
    return _digits(found) if found else ""


def _digits(found: re.Match[str]) -> str:
    main = found["main"].replace("(0)", "") if found["plus"] else found["main"]  # +49 (0)30 123456
    return re.sub("[^0-9]", "", main)


def e164(text: str, country: str) -> tuple[str, str]:
    """A prepared number as ``+`` and digits where it is complete, else as it is; and why. Never raises."""
    if not country:
        return text, NO_COUNTRY
    found = _WRITTEN.fullmatch(text)
    digits = _digits(found) if found else ""
    if not found or not digits:
        return text, NO_NUMBER
    if len(digits) > _LONGEST or (len(digits) < _SHORTEST and not found["plus"]):
        return text, SHORT if len(digits) < _SHORTEST else NO_NUMBER
    complete = _complete(digits, country, international=bool(found["plus"]))
    return (complete, COMPLETE) if complete else (text, INCOMPLETE)


def _complete(digits: str, country: str, *, international: bool) -> str:
    """What is a number of the country counts as that, before what could be one of another country without its plus."""
    if international and (explicit := _international(digits)):
        return explicit
    national = _parsed(digits, country)
    foreign = None if international else _parsed("+" + digits, None)
    for number in (national, foreign):
        if number is not None and phonenumbers.is_valid_number(number):
            return _written(number)
    if digits.startswith("00"):
        return _international(digits[2:])
    return _international(_written(national)[1:]) if national is not None and _is_possible(national) else ""


def _international(digits: str) -> str:
    number = _parsed("+" + digits, None)
    if number is None or not _is_possible(number):
        return ""
    # Of numbers that it does not know the library takes zeros away.
    return _written(number) if phonenumbers.is_valid_number(number) else "+" + digits


def _parsed(digits: str, country: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        return None


def _is_possible(number: phonenumbers.PhoneNumber) -> bool:
    """Without those that lack their area code."""
    return phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE


def _written(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def spellings(text: str, country: str) -> tuple[str, ...]:
    """How a prepared number may be written in old CRM data, all different; none when there is no digit in it."""
    normal = e164(text, country)[0]
    digits = number_digits(normal)
    number = _parsed("+" + digits, None) if normal.startswith("+") else None
    if number is None:
        return tuple(dict.fromkeys(filter(None, (text, digits)))) if re.search("[0-9]", text) else ()
    return tuple(dict.fromkeys(("+" + digits, digits, *_national(number, country), text)))


def _national(number: phonenumbers.PhoneNumber, country: str) -> tuple[str, ...]:
    if number.country_code != phonenumbers.country_code_for_region(country):
        return ()
    plain = phonenumbers.national_significant_number(number)
    return (f"{phonenumbers.ndd_prefix_for_region(country, True) or ''}{plain}", plain)


def by_hand(number: str, country: str) -> tuple[str, ...]:
    """How a complete number (``+7…``) is dialled on a phone of the country, and its bare digits; none of others."""
    digits = number_digits(number)
    parsed = _parsed("+" + digits, None) if number.startswith("+") else None
    if parsed is None:
        return ()
    written = phonenumbers.format_out_of_country_calling_number(parsed, country) if country else ""
    keys = "".join(filter(str.isdecimal, written))  # 8~10 44 …: the tilde stands for a tone
    return tuple(dict.fromkeys(filter(None, (keys, digits))))


def problem_of_country(value: str) -> str:
    """What is wrong with ``numbers.country``; empty when nothing is."""
    return "" if not value or value in phonenumbers.SUPPORTED_REGIONS else "is no country with telephone numbers"
