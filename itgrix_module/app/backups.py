# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups: what an archive says of itself, which old ones go, and when the next one is due."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from itgrix_module.domain.failures import Permanent

FORMAT = 1
MANIFEST, DATABASE, KEY, HOOKS = "manifest.json", "itgrix.db", "secret.key", "hooks/"
DAILY, BY_HAND, BEFORE_RESTORE, TAKEN_IN = "daily", "manual", "before-restore", "uploaded"
BEFORE_UPDATE = "before-update"
KINDS = (DAILY, BY_HAND, BEFORE_RESTORE, BEFORE_UPDATE, TAKEN_IN)
KEPT_OTHERS = 10  # backups of each kind but the daily one
MOST_MANIFEST = 1_000_000  # bytes
MOST_HOOK = 1_048_576  # bytes of one customization
MOST_HOOKS = 200
MOST_KEY = 4096  # bytes
MOST_PRESSED = 1000  # times that a database may be larger than its archive
_NAME = re.compile(r"itgrix-(\d{8})-(\d{6})(\d{3})?-(daily|manual|before-restore|before-update|uploaded)\.zip")
_SCRIPT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_SUM = re.compile(r"[0-9a-f]{64}")


def broken(what: str, hint: str = "Take another one; nothing was changed.") -> Permanent:
    """The archive is not one that we have made, or it was damaged on its way."""
    return Permanent("backup_broken", f"this backup cannot be used: {what}", hint)


@dataclass(frozen=True)
class Member:
    """A file of the archive. ``size``: bytes; ``mode``: permissions; ``sha256``: hexadecimal."""

    size: int
    sha256: str
    mode: int = 0o600


@dataclass(frozen=True)
class Manifest:
    """``schema``: version of the tables; ``made_at``: epoch seconds; ``database``: what it was made of."""

    product: str
    schema: str
    node: str
    made_at: float
    database: str
    members: Mapping[str, Member]
    counts: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> bytes:
        """For the archive."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1).encode()

    @property
    def hooks(self) -> dict[str, Member]:
        """Name of each customization to its file."""
        return {name.removeprefix(HOOKS): each for name, each in self.members.items() if name.startswith(HOOKS)}


def manifest_of(text: bytes) -> Manifest:
    """Raises Permanent ``backup_broken``, ``backup_newer``."""
    try:
        data = json.loads(text)
        if not isinstance(data, dict) or not isinstance(data.get("format"), int):
            raise broken("it does not say what it is")
        if data["format"] > FORMAT:
            raise Permanent("backup_newer", "this backup was made by a newer version", "Install that version first.")
        return _manifest(data)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        raise broken("its list of contents is damaged") from None


def _manifest(data: Mapping[str, Any]) -> Manifest:
    members = {str(name): _member(str(name), each) for name, each in data["members"].items()}
    if DATABASE not in members or KEY not in members:
        raise broken("the database or the key is not in it")
    if sum(name.startswith(HOOKS) for name in members) > MOST_HOOKS:
        raise broken("it holds too many customizations")
    return Manifest(
        product=str(data["product"])[:50],
        schema=str(data["schema"])[:50],
        node=str(data["node"])[:64],
        made_at=float(data["made_at"]),
        database=str(data["database"])[:20],
        members=members,
        counts={str(name)[:100]: int(count) for name, count in dict(data.get("counts") or {}).items()},
    )


def _member(name: str, data: Mapping[str, Any]) -> Member:
    made = Member(int(data["size"]), str(data["sha256"]), int(data["mode"]) & 0o770)
    most = {DATABASE: 2**40, KEY: MOST_KEY}.get(name, MOST_HOOK)
    is_known = name in (DATABASE, KEY) or (name.startswith(HOOKS) and is_script_name(name.removeprefix(HOOKS)))
    if not is_known or not 0 <= made.size <= most or not _SUM.fullmatch(made.sha256):
        raise broken(f"{name[:100]!r} does not belong into a backup")
    return made


def is_script_name(name: str) -> bool:
    """Can a customization lie in a file of that name?"""
    return _SCRIPT.fullmatch(name) is not None


@dataclass(frozen=True)
class Backup:
    """A file in the folder of backups. ``made_at``: epoch seconds; ``size``: bytes."""

    name: str
    kind: str
    made_at: float
    size: int


@dataclass(frozen=True)
class BackupState:
    """``under_way``: what is being done now, or empty; ``failure``, ``hint``: why the last one failed."""

    backups: Sequence[Backup]
    under_way: str = ""
    failure: str = ""
    hint: str = ""
    next_at: float = 0.0
    restore: str = ""


def name_of(at: float, kind: str) -> str:
    """A file name that sorts by time, in UTC."""
    return f"itgrix-{datetime.fromtimestamp(at, UTC):%Y%m%d-%H%M%S}{int(at % 1 * 1000):03d}-{kind}.zip"


def read_name(name: str) -> tuple[float, str] | None:
    """Epoch seconds and kind; None for a file that is no backup of ours."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    try:
        at = datetime.strptime(found[1] + found[2], "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
    return at + int(found[3] or 0) / 1000, found[4]


def superfluous(backups: Iterable[Backup], keep: int) -> list[Backup]:
    """Those that rotation removes: of each kind the newest stay, ``keep`` of the daily ones."""
    newest = sorted(backups, key=lambda backup: -backup.made_at)
    gone: list[Backup] = []
    for kind in KINDS:
        mine = [backup for backup in newest if backup.kind == kind]
        gone += mine[(max(1, keep) if kind == DAILY else KEPT_OTHERS) :]
    return gone


def next_due(now: float, hour: int, zone: tzinfo | None) -> float:
    """The next moment after ``now`` at which the clock of the zone shows that hour, in epoch seconds."""
    here = datetime.fromtimestamp(now, UTC).astimezone(zone)
    today = here.replace(hour=hour, minute=0, second=0, microsecond=0)
    due = today if today > here else today + timedelta(days=1)
    # By the wall clock of that day, whose offset may be another one.
    return due.replace(tzinfo=zone).timestamp() if zone else due.replace(tzinfo=None).timestamp()


def is_due(now: float, last: float, hour: int, zone: tzinfo | None) -> bool:
    """Has that hour passed since the last daily backup? A machine that slept through it makes up for it."""
    return next_due(last, hour, zone) <= now if last else True
