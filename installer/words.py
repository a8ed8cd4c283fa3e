# SPDX-License-Identifier: GPL-3.0-or-later
"""What the installer says, in the administrator's language, and how a step is told."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from installer.russian import RUSSIAN

LANGUAGES = ("en", "ru")


class Refused(Exception):
    """The installation cannot go on; the message tells the administrator what to do."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message.format(**values))
        self.message, self.values = message, values


def language_of(environment: Mapping[str, str]) -> str:
    """From the usual variables of a shell."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return "ru" if environment[name].startswith("ru") else "en"
    return "en"


class Teller:
    """Numbered steps on standard output: ``[3/9] Python environment ... done (2.1 s)``."""

    def __init__(self, language: str = "") -> None:
        self.language = language if language in LANGUAGES else language_of(os.environ)
        self._of, self._at = 0, 0

    def text(self, message: str, **values: object) -> str:
        """A message in the administrator's language."""
        known = RUSSIAN.get(message, message) if self.language == "ru" else message
        return known.format(**values)

    def say(self, message: str, **values: object) -> None:
        """One line, at once: the GUI shows it while the work goes on."""
        sys.stdout.write(self.text(message, **values) + "\n")
        sys.stdout.flush()

    def note(self, message: str, **values: object) -> None:
        """A line that belongs to the step under way."""
        sys.stdout.write(f"      {self.text(message, **values)}\n")
        sys.stdout.flush()

    def count(self, steps: int) -> None:
        """How many steps there will be."""
        self._of, self._at = steps, 0

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Tell that a step begins and how it ended."""
        self._at += 1
        began = time.monotonic()
        self.say("[{at}/{of}] {title}", at=self._at, of=self._of, title=self.text(title))
        yield
        took = time.monotonic() - began
        if took >= 1:
            self.note("done in {seconds} s", seconds=f"{took:.0f}")

    def refusal(self, refused: Refused) -> str:
        return self.text(refused.message, **refused.values)
