# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of releases and its archives over https: bounded, and signed by whoever publishes them.

Nothing is sent but the request itself: no version, no name of this machine. Signatures are Ed25519, made by
``tools/release.py``: of the list over its canonical JSON, of an archive over its name and its SHA-256.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from itgrix_module.app.updates import LOOPBACK, Archive, is_safe
from itgrix_module.domain.failures import NeedsOwner, Permanent, Temporary

MOST = 2_000_000  # bytes of the list
LIST_SECONDS, ARCHIVE_SECONDS = 30.0, 1800.0  # the whole talk
SILENCE = 15.0  # seconds without a byte
REDIRECTS = 4
_BLOCK = 65_536
_FEED = b"itgrix-feed-1\n"
_ARCHIVE = b"itgrix-release-1\n"
# What a release archive brings along; a checkout has neither.
KEY_FILE = Path(__file__).with_name("release.pub")
URL_FILE = Path(__file__).with_name("release.url")


def shipped_key(file: Path = KEY_FILE) -> Ed25519PublicKey | None:
    """The key of those who publish; None where this is no release. Raises Permanent for one that is damaged."""
    try:
        text = file.read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise _damaged_key(file) from None
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text.strip(), validate=True))
    except ValueError:
        raise _damaged_key(file) from None


def needed(key: Ed25519PublicKey | None) -> Ed25519PublicKey:
    """The same. Raises NeedsOwner where there is none."""
    if key is None:
        raise NeedsOwner(
            "updates_no_key",
            "this copy carries no key of releases, so that no list can be checked",
            "Install the product from a release archive.",
        )
    return key


def _damaged_key(file: Path) -> Permanent:
    return Permanent("updates_key", f"the key of releases in {file} is damaged", "Install the product once more.")


def shipped_url(file: Path = URL_FILE) -> str:
    """Where this release looks for the next one: what its module.xml names as updateurl; empty where it names none."""
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


# -- signatures


def canonical(data: Mapping[str, Any]) -> bytes:
    """What the signature of a list is made over."""
    bare = {name: value for name, value in data.items() if name != "signature"}
    return _FEED + json.dumps(bare, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def believed(text: bytes, key: Ed25519PublicKey) -> Mapping[str, Any]:
    """The list, if its signature is right; nothing of it is used before. Raises Permanent."""
    data = _json(text)
    try:
        key.verify(base64.b64decode(data.get("signature", ""), validate=True), canonical(data))
    except (InvalidSignature, ValueError, TypeError, binascii.Error, RecursionError):
        raise Permanent(
            "updates_forged",
            "the list of releases is not signed by those who publish them",
            "Nothing was taken from it. If this stays so, ask support: somebody may be tampering with the connection.",
        ) from None
    return data


def _json(text: bytes) -> dict[str, Any]:
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_float=_no_float, parse_constant=_no_float)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise Permanent(
            "updates_unreadable",
            "what the address of updates answers is no list of releases",
            "Check the address, or whether a proxy answers in its place.",
        )
    return data


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_float(_text: str) -> float:
    raise ValueError("fractions can be written in many ways")


def check_archive(file: Path, archive: Archive, key: Ed25519PublicKey) -> None:
    """Raises Permanent when a file is not the archive that was published."""
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != archive.sha256 or file.stat().st_size != archive.size:
        raise _wrong_archive("its content is another one than the list of releases says")
    try:
        signature = base64.b64decode(archive.signature, validate=True)
        key.verify(signature, _ARCHIVE + f"{archive.name}\n{found}".encode())
    except (InvalidSignature, ValueError):
        raise _wrong_archive("it is not signed by those who publish the releases") from None


def _wrong_archive(what: str) -> Permanent:
    return Permanent(
        "updates_archive", f"the downloaded archive is refused: {what}", "Nothing was changed. Try again later."
    )


# -- the wire


def fetch_list(url: str, *, seconds: float = LIST_SECONDS) -> bytes:
    """Raises Failure."""
    with _answer(url, seconds) as blocks:
        found = bytearray()
        for block in blocks:
            found += block
            if len(found) > MOST:
                raise Permanent("updates_huge", "the list of releases is far too long", "Check the address of updates.")
    return bytes(found)


def fetch_archive(
    archive: Archive, target: Path, told: Callable[[int], None] = lambda _: None, *, seconds: float = ARCHIVE_SECONDS
) -> None:
    """Into ``target``, for the owner alone. ``told``: hears how many bytes are there. Raises Failure."""
    size = 0
    handle = os.open(target, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file, _answer(archive.url, seconds) as blocks:
        for block in blocks:
            size += len(block)
            if size > archive.size:
                raise _wrong_archive("it is longer than the list of releases says")
            _write(file, block)
            told(size)
    if size < archive.size:
        raise Temporary("updates_cut", "the download of the archive was cut off", "Try again later.")


def _write(file: Any, block: bytes) -> None:
    try:
        file.write(block)
    except OSError as error:
        raise NeedsOwner(
            "updates_disk", f"the archive cannot be stored: {error.strerror}", "Free some space on the disk."
        ) from error


@contextmanager
def _answer(url: str, seconds: float) -> Iterator[Iterator[bytes]]:
    """The content behind an address, through redirections that stay safe."""
    deadline = time.monotonic() + seconds
    with requests.Session() as session:
        try:
            response = _opened(session, url)
            with response:
                yield _blocks(response, deadline)
        except requests.exceptions.SSLError as error:
            raise NeedsOwner(
                "updates_tls",
                "the certificate of the address of updates is not trusted",
                "Check the clock of this machine, its list of authorities and a proxy that opens https.",
            ) from error
        except requests.exceptions.RequestException as error:
            raise Temporary(
                "updates_unreachable",
                f"the address of updates cannot be reached: {type(error).__name__}",
                "Is the internet reachable from here? A proxy is taken from https_proxy.",
            ) from error


def _opened(session: requests.Session, url: str) -> requests.Response:
    was_local = urlsplit(url).hostname in LOOPBACK
    for _ in range(REDIRECTS + 1):
        if not is_safe(url) or (urlsplit(url).hostname in LOOPBACK and not was_local):
            raise _unsafe()
        headers = {"User-Agent": "itgrix", "Accept-Encoding": "identity"}
        response = session.get(url, headers=headers, stream=True, timeout=SILENCE, allow_redirects=False)
        if not response.is_redirect:
            return _good(response)
        url = urljoin(url, response.headers["Location"])
        response.close()
    raise Permanent("updates_redirects", "the address of updates leads on and on", "Check the address of updates.")


def _unsafe() -> Permanent:
    return Permanent(
        "updates_unsafe", "the address of updates leads to a place that is not safe", "Only https is followed."
    )


def _good(response: requests.Response) -> requests.Response:
    status = response.status_code
    if status == 200:
        return response
    response.close()
    kind = Temporary if status >= 500 or status in (408, 429) else Permanent
    raise kind("updates_status", f"the address of updates answers {status}", "Check the address, or try again later.")


def _blocks(response: requests.Response, deadline: float) -> Iterator[bytes]:
    """As they come: who sends a byte now and then does not hold us for ever."""
    read = getattr(response.raw, "read1", response.raw.read)
    while True:
        try:
            block = read(_BLOCK)
        except Exception as error:  # what the connection raises has many names
            raise Temporary("updates_cut", "the answer was cut off on its way", "Try again later.") from error
        if not block:
            return
        if time.monotonic() > deadline:
            raise Temporary("updates_slow", "the answer takes too long", "Try again later.")
        yield block
