#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the locked dependencies with the advisories that the Python package index publishes.

    python3 tools/audit.py [LOCK...]       default: requirements/runtime.lock

The index is the one in ITGRIX_INDEX, else that of pip (PIP_INDEX_URL); it must have the JSON interface of Python's own.
Standard library only. Ends with 1 when a locked version has an advisory that is not withdrawn, with 0 when none has or
when the index cannot be asked: without a network nothing is known, and that is said.
"""

from __future__ import annotations

import json
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT = 15  # seconds for one package
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


class Silent(Exception):
    """The index does not tell."""


def pinned(text: str) -> list[tuple[str, str]]:
    """Names and versions of a lock file."""
    return sorted(set(_PINNED.findall(text)))


def advisories(index: str, name: str, version: str) -> list[dict[str, Any]]:
    """Those that hold for this version. Raises Silent."""
    address = f"{index.rstrip('/')}/pypi/{quote(name)}/{quote(version)}/json"
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:
            found = json.load(answer)["vulnerabilities"]
    except (OSError, urllib.error.URLError, ValueError, KeyError, TypeError) as error:
        raise Silent(f"{name}: {error}") from error
    return [each for each in found if isinstance(each, dict) and not each.get("withdrawn")]


def told(name: str, version: str, found: Iterable[dict[str, Any]]) -> Iterator[str]:
    for each in found:
        names = ", ".join([str(each.get("id", "?")), *map(str, each.get("aliases", []))])
        mended = ", ".join(map(str, each.get("fixed_in", []))) or "no version yet"
        yield f"{name} {version}: {names}; mended in {mended}"


def main(arguments: list[str], index: str) -> int:
    locks = [Path(name) for name in arguments] or [ROOT / "requirements" / "runtime.lock"]
    packages = sorted({each for lock in locks for each in pinned(lock.read_text(encoding="utf-8"))})
    bad: list[str] = []
    if not index:
        print("No package index is named (ITGRIX_INDEX), so nothing is known of advisories.")
        return 0
    for name, version in packages:
        try:
            bad += told(name, version, advisories(index, name, version))
        except Silent as silent:
            print(f"The index cannot be asked, so nothing is known of advisories: {silent}")
            return 1 if bad else 0
    print("\n".join(bad) or f"No advisory for any of {len(packages)} packages.")
    return 1 if bad else 0


if __name__ == "__main__":
    named = os.environ.get("ITGRIX_INDEX") or os.environ.get("PIP_INDEX_URL", "").removesuffix("/").removesuffix(
        "/simple"
    )
    sys.exit(main(sys.argv[1:], named))
