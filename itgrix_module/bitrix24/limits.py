# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal's budget as arithmetic on LimitState: request rate (leaky bucket) and operating time of each method.

Pure: time comes as a parameter (epoch seconds), nothing is stored here. What the portal counts and we therefore
repeat (contract §5): each HTTP request raises a level by one, it drains by ``rate`` a second, above ``burst`` the
request is refused; and each method may run so many seconds within ten minutes. Both are corrected by its answers.

Priorities are 0 to 9, small is urgent: LIVE and smaller for what a person waits for, up to NORMAL for calls of the
past and what follows from calls, BACKGROUND and larger for uploads, reprocessing and the directory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from itgrix_module.app.rest_ports import LimitState

LIVE = 2
NORMAL = 5
BACKGROUND = 7
PORTAL = "*"  # key for the whole portal: blocks every method; in ``operating``: the limit that a refusal taught

NEAR = 0.9  # share of the operating time from which a method is slowed
BASKET = 60.0  # seconds; the portal counts operating time in baskets of a minute ...
WINDOW = 600.0  # ... over ten minutes
FIRST_BLOCK = 60.0  # seconds a method rests after a refusal, doubled up to the window, when the portal named no end
LESSON = 86400.0  # seconds for which a learned operating limit counts
NOTEWORTHY = 0.1  # share of the operating time below which it is not worth storing
SKEW = 60.0  # seconds by which the clocks of two nodes may differ


@dataclass(frozen=True)
class Limits:
    """Limits of a portal. ``rate``: requests a second, ``burst``: requests at once, ``operating``: seconds per method.

    ``normal`` and ``background``: share of the burst up to which requests of these priorities may fill the bucket.
    """

    rate: float = 2.0
    burst: float = 50.0
    operating: float = 480.0
    normal: float = 0.9
    background: float = 0.6


CLOUD = Limits()
ENTERPRISE = Limits(rate=5.0, burst=250.0)
BOX = Limits(rate=25.0, burst=250.0, operating=420.0)  # an own server has no limit by default, but is no cloud either
_CLOUD_DOMAINS = (".bitrix24.", ".b24.")


def limits_for(domain: str, licence_family: str = "", rate: float | None = None, burst: float | None = None) -> Limits:
    """Limits by the portal's address and ``LICENSE_FAMILY`` (app.info); ``rate``, ``burst``: the owner's settings.

    A portal whose address is not known yet counts as cloud, whose limits are the narrow ones.
    """
    is_cloud = not domain or any(part in f"{domain.lower()}." for part in _CLOUD_DOMAINS)
    found = CLOUD if is_cloud else BOX
    if licence_family.lower() == "ent":
        found = ENTERPRISE
    return replace(found, rate=rate or found.rate, burst=burst or found.burst)


def drained(state: LimitState, now: float, limits: Limits = CLOUD) -> LimitState:
    """The state as it is at ``now``. A clock a little behind drains nothing; one far behind starts anew at ``now``."""
    if state.at > now + SKEW:
        return replace(state, at=now)
    elapsed = max(0.0, now - state.at)
    return replace(state, level=max(0.0, state.level - elapsed * limits.rate), at=max(now, state.at))


def ceiling(priority: int, limits: Limits = CLOUD) -> float:
    """Level up to which a request of this priority may fill the bucket; at least one request."""
    if priority <= LIVE:
        return max(1.0, limits.burst)
    return max(1.0, limits.burst * (limits.normal if priority < BACKGROUND else limits.background))


def reserve(
    state: LimitState, now: float, cost: float = 1.0, priority: int = NORMAL, limits: Limits = CLOUD
) -> tuple[LimitState, float]:
    """Take ``cost`` requests out of the budget: (new state, 0), or (state, seconds until it is worth asking again)."""
    here = drained(state, now, limits)
    blocked = _rest(here.blocked_until.get(PORTAL, 0.0), now)
    missing = here.level + cost - max(ceiling(priority, limits), cost)
    wait = max(blocked, missing / limits.rate)
    if wait > 1e-9:
        return here, wait
    return replace(here, level=here.level + cost), 0.0


def pressure(state: LimitState, now: float, limits: Limits = CLOUD) -> float:
    """How full the bucket is, 0 to 1; 1 while the whole portal is blocked."""
    if _rest(state.blocked_until.get(PORTAL, 0.0), now) > 0:
        return 1.0
    return min(1.0, drained(state, now, limits).level / limits.burst)


def held(state: LimitState, now: float, method: str, priority: int = NORMAL, limits: Limits = CLOUD) -> float:
    """Seconds for which this method has to rest, 0 when it may go.

    Blocked by the portal: everybody waits. Near its limit (90 %): only what nobody waits for does, until the portal
    has forgotten a minute of it.
    """
    name = method.lower()
    blocked = _rest(state.blocked_until.get(name, 0.0), now)
    if blocked > 0:
        return blocked
    used, until = state.operating.get(name, (0.0, 0.0))
    share = used / operating_limit(state, now, limits)
    slowed = share >= 1.0 or (share >= NEAR and priority > LIVE)
    return _rest(until, now) if slowed else 0.0


def sent(state: LimitState, now: float, method: str, limits: Limits = CLOUD) -> LimitState:
    """A request of the method goes out. One near its limit gets a minute's rest until its answer says more."""
    name = method.lower()
    used, until = state.operating.get(name, (0.0, 0.0))
    if used < NEAR * operating_limit(state, now, limits) or until > now:
        return state
    return replace(state, operating={**state.operating, name: (used, now + BASKET)})


def answered(
    state: LimitState,
    now: float,
    method: str,
    used: float | None,
    reset_at: float | None,
    limits: Limits = CLOUD,
) -> LimitState:
    """Learn from ``time.operating`` and ``operating_reset_at`` of an answer; both may be missing."""
    name = method.lower()
    if used is None or used < 0:
        return state
    if used < NOTEWORTHY * limits.operating and name not in state.operating:
        return state
    until = min(reset_at, now + WINDOW + SKEW) if reset_at else now + BASKET
    return replace(state, operating={**_current(state.operating, now), name: (used, until)})


def throttled(state: LimitState, now: float, pause: float = 0.0, limits: Limits = CLOUD) -> LimitState:
    """The portal refused because of the request rate: the bucket is full, and blocked for ``pause`` seconds."""
    full = replace(drained(state, now, limits), level=limits.burst)
    if pause <= 0:
        return full
    return replace(full, blocked_until={**_later(full.blocked_until, now), PORTAL: now + pause})


def blocked(
    state: LimitState, now: float, method: str, pause: float = FIRST_BLOCK, limits: Limits = CLOUD
) -> LimitState:
    """The portal refused this method because of operating time (429): until it resets, else for ``pause`` seconds.

    What the method had used when it was refused is the portal's limit, if that is below the one we knew.
    """
    name = method.lower()
    used, reset_at = state.operating.get(name, (0.0, 0.0))
    rest = reset_at - now if now < reset_at <= now + WINDOW + SKEW else min(pause, WINDOW)
    operating = dict(_current(state.operating, now))
    if NOTEWORTHY * limits.operating <= used < operating_limit(state, now, limits):
        operating[PORTAL] = (used, now + LESSON)
    until = {**_later(state.blocked_until, now), name: now + rest}
    return replace(state, operating=operating, blocked_until=until)


def operating_limit(state: LimitState, now: float, limits: Limits = CLOUD) -> float:
    """Seconds of operating time a method has in the portal's window, as learned or as known."""
    learned, until = state.operating.get(PORTAL, (0.0, 0.0))
    return min(learned, limits.operating) if learned > 0 and until > now else limits.operating


def _rest(until: float, now: float) -> float:
    # nothing is blocked for longer than the window, so a clock that was wrong cannot block for a year
    return min(max(0.0, until - now), WINDOW + SKEW)


def _current(operating: Mapping[str, tuple[float, float]], now: float) -> dict[str, tuple[float, float]]:
    return {name: seen for name, seen in operating.items() if seen[1] > now - WINDOW}


def _later(blocked_until: Mapping[str, float], now: float) -> dict[str, float]:
    return {name: until for name, until in blocked_until.items() if until > now}
