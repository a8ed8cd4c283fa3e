# SPDX-License-Identifier: GPL-3.0-or-later
"""The administrator's scripts as the use cases ask them: switched on or off, bounded, never in the way of a call."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from itgrix_module.app.hook_trial import Attempt, HookRules, HookState
from itgrix_module.app.hooking import HOOKS, Said
from itgrix_module.hooks import answer
from itgrix_module.hooks.breaker import Breaker
from itgrix_module.hooks.faults import HookFault, told_by
from itgrix_module.hooks.find import Script, candidates, find, search_path
from itgrix_module.hooks.process import TooSlow, run

log = logging.getLogger("itgrix.hooks")

AT_ONCE = 8  # scripts that run at the same time; one more waits up to its own limit


class Scripts:
    """Fulfils ``app.hooking.Hooks`` and ``app.hook_trial.Bench``. Thread-safe.

    ``folder``: where the scripts are. ``rules``: read at each run, so that settings take effect at once. ``clock``:
    epoch seconds.
    """

    def __init__(
        self,
        folder: Path,
        rules: Callable[[], HookRules],
        clock: Callable[[], float] = time.time,
        at_once: int = AT_ONCE,
    ) -> None:
        self._folder, self._rules, self._clock = folder, rules, clock
        self._places = threading.BoundedSemaphore(at_once)
        self._breaker = Breaker(clock)
        self._lock = threading.Lock()
        self._states = {name: HookState(name) for name in HOOKS}

    def is_on(self, name: str) -> bool:
        """Is there such a script, and is it switched on? One that cannot be used counts: asking it tells why."""
        return self._rules().is_on(name) and bool(candidates(self._folder, name))

    def ask(self, name: str, params: Mapping[str, Any]) -> Said:
        """See the port. A script that was too slow three times in a row is left out for a minute."""
        done = self._try(name, params, live=True)
        self._note(done)
        return done.said

    def attempt(self, name: str, params: Mapping[str, Any]) -> Attempt:
        """Run it once to see what it does, switched on or not; its state and its row of failures stay as they are."""
        return self._try(name, params, live=False)

    def state(self) -> list[HookState]:
        """All customizations in the order in which a call meets them."""
        return [self._state(name) for name in HOOKS]

    def _state(self, name: str) -> HookState:
        rules = self._rules()
        files = candidates(self._folder, name)
        with self._lock:
            known = self._states[name]
        return replace(
            known,
            file=", ".join(file.name for file in files),
            on=rules.is_on(name),
            problem=self._problem(name) if files or rules.is_on(name) else "",
            left_out_until=self._breaker.left_out_until(name),
        )

    def _problem(self, name: str) -> str:
        try:
            find(self._folder, name)
        except HookFault as fault:
            return str(fault)
        return ""

    def _try(self, name: str, params: Mapping[str, Any], *, live: bool) -> Attempt:
        begin, script, errors = time.monotonic(), None, ""
        try:
            script = _known(self._folder, name)
            said, errors = self._run(script, params, live=live)
        except HookFault as fault:
            errors = told_by(fault.errors) if isinstance(fault, TooSlow) else ""
            said = Said(failure=_told(name, script, f"{fault}: {errors}" if errors else str(fault)))
        except Exception as error:
            # A call must go on whatever happens here; what nobody foresaw goes to the log with all about it.
            log.exception("customization %s could not be run", name)
            said = Said(failure=_told(name, script, f"could not be run ({type(error).__name__})"))
        return Attempt(name, script.file.name if script else "", said, time.monotonic() - begin, errors)

    def _run(self, script: Script, params: Mapping[str, Any], *, live: bool) -> tuple[Said, str]:
        until = self._breaker.left_out_until(script.name, script.stamp) if live else None
        if until is not None:
            raise HookFault(f"was too slow again and again and is left out until {_clock_time(until)}")
        seconds = self._rules().limit(script.name)
        given = answer.written(params)
        try:
            with self._place(seconds):
                ran = run(
                    script.command,
                    given,
                    seconds=seconds,
                    folder=str(self._folder),
                    environment=self._environment(script.name),
                )
        except TooSlow:
            if live:
                self._was_slow(script)
            raise
        if live:
            self._breaker.was_in_time(script.name)
        return answer.read(ran), told_by(ran.errors)

    @contextmanager
    def _place(self, seconds: float) -> Iterator[None]:
        if not self._places.acquire(timeout=seconds):
            raise HookFault(f"found no free place within {seconds:g} s: other customizations are slow")
        try:
            yield
        finally:
            self._places.release()

    def _environment(self, name: str) -> dict[str, str]:
        """All that a script gets of ours: no secrets, no settings."""
        return {"PATH": search_path(), "LANG": "C.UTF-8", "HOME": str(self._folder), "ITGRIX_HOOK": name}

    def _was_slow(self, script: Script) -> None:
        until = self._breaker.was_slow(script.name, script.stamp)
        if until is not None:
            log.error(
                "customization %s was too slow again and again; calls go on without it until %s",
                script.name,
                _clock_time(until),
            )

    def _note(self, done: Attempt) -> None:
        """Keep what the panel shows; say once that a customization fails, and once that it works again."""
        if done.name not in HOOKS:
            return
        now, failure = self._clock(), done.said.failure
        with self._lock:
            before = self._states[done.name]
            after = replace(before, last_run=now, last_seconds=done.seconds, fails=bool(failure))
            if failure:
                after = replace(after, last_failure=failure, last_failure_at=now)
            self._states[done.name] = after
        if failure and not before.fails:
            log.warning("%s; the default goes ahead", failure)
        elif before.fails and not failure:
            log.info("customization %s works again", done.name)


def _known(folder: Path, name: str) -> Script:
    """A name of our own only: it becomes part of a path."""
    if name not in HOOKS:
        raise HookFault("there is no such customization")
    return find(folder, name)


def _told(name: str, script: Script | None, reason: str) -> str:
    """The fault in one line: which customization, which file, what."""
    file = f" ({script.file.name})" if script else ""
    return f"customization {name}{file}: {reason}"


def _clock_time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%H:%M:%S")
