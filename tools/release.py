#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys, signatures and the feed of releases.

    tools/release.py keygen PRIVATE PUBLIC      a new pair; the private file stays with whoever releases
    tools/release.py sign PRIVATE FILE…         FILE.sig beside each file
    tools/release.py verify PUBLIC FILE…        exit status 1 when one is not as it was signed
    tools/release.py feed PRIVATE ARCHIVE URL   the JSON that FreePBX and the product read for updates, see
                                                docs/releases.md; --previous FILE: the list that it continues

A signature is Ed25519 over ``itgrix-release-1``, a line feed, the file's name, a line feed and its SHA-256 in hex: a
file cannot be passed off under another name.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ROOT = Path(__file__).resolve().parent.parent
DOMAIN = b"itgrix-release-1\n"
FEED_DOMAIN = b"itgrix-feed-1\n"


def keygen(private: Path, public: Path) -> None:
    """Refuses to replace a key."""
    key = Ed25519PrivateKey.generate()
    raw = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with os.fdopen(os.open(private, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(raw)
    shown = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    public.write_text(base64.b64encode(shown).decode() + "\n")


def _private(file: Path) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(file.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise SystemExit(f"{file} holds no Ed25519 key")
    return key


def _public(file: Path) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(file.read_text()))


def _subject(file: Path) -> bytes:
    return DOMAIN + f"{file.name}\n{hashlib.sha256(file.read_bytes()).hexdigest()}".encode()


def sign_file(private: Path, file: Path) -> None:
    signature = _private(private).sign(_subject(file))
    file.with_name(f"{file.name}.sig").write_text(base64.b64encode(signature).decode() + "\n")


def is_signed(public: Path, file: Path) -> bool:
    try:
        signature = base64.b64decode(file.with_name(f"{file.name}.sig").read_text().strip(), validate=True)
        _public(public).verify(signature, _subject(file))
    except (OSError, ValueError, InvalidSignature):
        return False
    return True


def feed(
    private: Path,
    archive: Path,
    url: str,
    *,
    full: Path | None = None,
    previous: Mapping[str, Any] | None = None,
    notes: Mapping[str, str] | None = None,
    supported_until: str = "",
    security: bool = False,
    requires: Mapping[str, str] | None = None,
    now: float | None = None,
) -> dict[str, Any]:
    """``url``: https address of the archive; the full one lies beside it. Signed over its own canonical JSON without
    ``signature``. ``previous``: the list so far, whose releases stay in it."""
    if not url.startswith("https://") or not url.endswith(".tgz"):
        raise SystemExit("FreePBX wants an https address that ends in .tgz")
    sys.path.insert(0, str(ROOT))
    from installer.package import version_of

    content, version = archive.read_bytes(), version_of(ROOT)
    moment = time.time() if now is None else now
    archives = {"small": entry(private, archive, url)}
    if full is not None:
        archives["full"] = entry(private, full, f"{url.rpartition('/')[0]}/{full.name}")
    release: dict[str, Any] = {
        "version": version,
        "date": datetime.fromtimestamp(moment, UTC).date().isoformat(),
        "supported_until": supported_until or None,
        "security": security,
        "requires": dict(requires or {"freepbx": "16.0", "python": "3.11"}),
        "notes": dict(notes or {"en": changes()}),
        "archives": archives,
    }
    found: dict[str, Any] = {
        "rawname": "itgrix",
        "name": "Itgrix",
        "version": version,
        "location": url,
        # FreePBX knows these two only; ours is the third.
        "sha1sum": hashlib.sha1(content, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "repo": "unsupported",
        "category": "Connectivity",
        "license": "GPLv3+",
        "publisher": "Itgrix",
        "changelog": changes(),
        "format": 1,
        "issued": int(moment),
        "releases": [release, *_former(previous, version, int(moment))],
    }
    return found | {"signature": base64.b64encode(_private(private).sign(canonical(found))).decode()}


def entry(private: Path, archive: Path, url: str) -> dict[str, Any]:
    """What the list says of an archive: the same signature as beside the file, for the name in its address."""
    content = archive.read_bytes()
    digest, name = hashlib.sha256(content).hexdigest(), url.rpartition("/")[2]
    signature = _private(private).sign(DOMAIN + f"{name}\n{digest}".encode())
    return {"url": url, "size": len(content), "sha256": digest, "signature": base64.b64encode(signature).decode()}


def _former(previous: Mapping[str, Any] | None, version: str, now: int) -> list[Any]:
    """FreePBX would install a lower version as well, and the product refuses a list that is older."""
    if previous is None:
        return []
    from installer.versions import is_older

    if is_older(version, previous["version"]):
        raise SystemExit(f"The list names {previous['version']} already; {version} is older.")
    if now <= previous["issued"]:
        raise SystemExit("The list would not be newer than the one before.")
    return [release for release in previous["releases"] if release["version"] != version]


def canonical(data: Mapping[str, Any]) -> bytes:
    """What a feed's signature is made over."""
    bare = {name: value for name, value in data.items() if name != "signature"}
    return FEED_DOMAIN + json.dumps(bare, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def changes() -> str:
    """The newest section of the change log."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    return text.partition("\n## [")[2].partition("\n## [")[0].partition("\n")[2].strip()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    orders = options.add_subparsers(dest="order", required=True)
    for name, words in {
        "keygen": ("private", "public"),
        "sign": ("private", "files+"),
        "verify": ("public", "files+"),
        "feed": ("private", "archive", "url"),
    }.items():
        order = orders.add_parser(name)
        for word in words:
            order.add_argument(word.rstrip("+"), nargs="+" if word.endswith("+") else None)
    order.add_argument("--full", type=Path, help="the archive with the packages; it is published beside the other")
    order.add_argument("--previous", type=Path, help="the list so far")
    order.add_argument("--notes-en", type=Path, help="what is new; the newest section of CHANGELOG.md by default")
    order.add_argument("--notes-ru", type=Path)
    order.add_argument("--supported-until", default="", metavar="YYYY-MM-DD")
    order.add_argument("--security", action="store_true", help="it mends a security hole")
    given = options.parse_args()
    if given.order == "keygen":
        keygen(Path(given.private), Path(given.public))
    elif given.order == "sign":
        for file in given.files:
            sign_file(Path(given.private), Path(file))
    elif given.order == "verify":
        wrong = [file for file in given.files if not is_signed(Path(given.public), Path(file))]
        sys.exit("".join(f"{file}: not as it was signed\n" for file in wrong) or 0)
    else:
        print(json.dumps(_ordered(given), ensure_ascii=False, indent=1))


def _ordered(given: argparse.Namespace) -> dict[str, Any]:
    texts = {"en": given.notes_en, "ru": given.notes_ru}
    notes = {"en": changes()} | {name: file.read_text(encoding="utf-8") for name, file in texts.items() if file}
    previous = json.loads(given.previous.read_text(encoding="utf-8")) if given.previous else None
    return feed(
        Path(given.private),
        Path(given.archive),
        given.url,
        full=given.full,
        previous=previous,
        notes=notes,
        supported_until=given.supported_until,
        security=given.security,
    )


if __name__ == "__main__":
    main()
