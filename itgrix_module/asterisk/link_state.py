# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings and state of the AMI link, and how long it waits between attempts. Values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from itgrix_module.asterisk.filters import Wanted
from itgrix_module.asterisk.wire import TlsOptions

Phase = Literal["connecting", "resyncing", "up", "down", "refused"]


@dataclass(frozen=True)
class LinkSettings:
    """Where the manager is and how patient we are. Times in seconds.

    ``ping_missed``: answers that may be missed before the link counts as lost. ``stable_after``: a link that lasted
    this long starts the back-off anew. ``refused_retry``: pause after a refusal that only a person can mend.
    ``boot_wait``: how long to wait for FullyBooted; an account without the class ``system`` never gets it.
    """

    host: str = "127.0.0.1"
    port: int = 5038
    username: str = ""
    secret: str = field(default="", repr=False)
    tls: TlsOptions | None = None
    wanted: Wanted = Wanted()  # noqa: RUF009 -- frozen
    connect_timeout: float = 5.0
    ping_every: float = 10.0
    ping_timeout: float = 5.0
    ping_missed: int = 2
    resync_timeout: float = 10.0
    boot_wait: float = 3.0
    backoff_first: float = 0.5
    backoff_most: float = 30.0
    stable_after: float = 10.0
    refused_retry: float = 30.0


@dataclass(frozen=True)
class LinkState:
    """What others read. Times in epoch seconds, ``latency`` in seconds (last Ping).

    ``phase``: ``connecting`` before the first success or failure; ``resyncing`` logged in, collecting the snapshot;
    ``up``; ``down`` will heal by itself; ``refused`` needs an administrator (still retried, slowly).
    ``since``: when this phase began; ``reason`` and ``hint`` say why it is not up. ``filtered``: the PBX filters for
    us, ``dialplan``: including the channel variables we want. ``missing``: actions the account may not use.
    """

    phase: Phase = "connecting"
    since: float = 0.0
    reason: str = ""
    hint: str = ""
    code: str = ""
    asterisk_version: str = ""
    protocol_version: str = ""
    latency: float | None = None
    filtered: bool = False
    dialplan: bool = False
    missing: tuple[str, ...] = ()
    attempts: int = 0


def pause(settings: LinkSettings, failures: int, refused: bool, draw: Callable[[], float]) -> float:
    """Seconds until the next attempt: exponential with full jitter, slow when an administrator is needed.

    ``failures``: attempts in a row that failed, from 1. ``draw``: random number in [0, 1).
    """
    if refused:
        return settings.refused_retry * (1 + draw() / 4)
    most = min(settings.backoff_most, settings.backoff_first * 2.0 ** min(failures - 1, 30))
    return most * draw()
