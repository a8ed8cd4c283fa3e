# SPDX-License-Identifier: GPL-3.0-or-later
"""What the settings pages need from the outside: the settings themselves and all that helps to choose them.

Nothing here waits for the portal longer than a page may take; what is not known yet says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from itgrix_module.app.directory import DirectoryState
from itgrix_module.app.hook_trial import HookState, Trial
from itgrix_module.app.line_sync import LineState
from itgrix_module.app.wording import Worded
from itgrix_module.domain.failures import Failure

Kind = Literal["text", "whole", "number", "switch", "list", "map"]
List = Literal["users", "sources", "funnels", "groups"]


@dataclass(frozen=True)
class Spec:
    """A setting as a form needs it. ``help``: English, one line. ``choices``: all values that there are, else empty.

    ``low``, ``high``: bounds of a number, None without.
    """

    key: str
    kind: Kind
    default: Any
    help: str
    secret: bool = False
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Sheet:
    """All settings at one moment. ``values``: of secrets only whether they are set. ``given``: keys with a value of
    their own. ``version``: changes with every change."""

    version: int
    values: Mapping[str, Any]
    given: frozenset[str]


class Overtaken(Exception):
    """Somebody else has changed settings since the version that a change was made from."""


class Book(Protocol):
    """The settings."""

    def specs(self) -> Mapping[str, Spec]:
        """All of them, in their order."""

    def sheet(self) -> Sheet:
        """As they are now."""

    def save(self, changes: Mapping[str, Any], removed: Sequence[str], version: int) -> Mapping[str, str]:
        """Key to what is wrong with it; empty when all was saved, else nothing was. ``removed``: back to the default.

        Raises Overtaken when ``version`` is not that of now, Failure of the database.
        """

    def problems(self, changes: Mapping[str, Any], removed: Sequence[str] = ()) -> Mapping[str, str]:
        """What ``save`` would find wrong."""

    def problem(self, key: str, value: Any) -> str:
        """What is wrong with one value."""

    def exported(self, *, secrets: bool) -> Mapping[str, Any]:
        """Settings with a value of their own."""

    def revealed(self, keys: Sequence[str]) -> Mapping[str, Any]:
        """Values as they are, secrets too: to compare with, never to be shown."""


@dataclass(frozen=True)
class Listing:
    """Things of the portal to choose from: id and name. ``at``: epoch seconds when they were read, 0 when never yet.

    ``failure``: why the last reading failed. ``is_loading``: an answer is on its way.
    """

    items: tuple[tuple[str, str], ...] = ()
    at: float = 0.0
    failure: Failure | None = None
    is_loading: bool = False

    def name(self, wanted: object) -> str:
        """Empty when not known."""
        return next((name for found, name in self.items if found == str(wanted)), "")


@dataclass(frozen=True)
class SeenLine:
    """A line of the traffic that no rule names. ``last_at``: epoch seconds."""

    line: str
    trunk: str
    times: int
    last_at: float


@dataclass(frozen=True)
class LineBoard:
    """Lines here and in the portal. ``made``: external lines that we have made, number to name."""

    seen: tuple[SeenLine, ...] = ()
    state: LineState = field(default_factory=LineState)
    made: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HookFile:
    """``problem``: why it cannot be shown here; ``is_there``: there is one file."""

    name: str = ""
    text: str = ""
    problem: str = ""
    is_there: bool = False


@dataclass(frozen=True)
class HookExample:
    """A script that is shipped. ``case``: the story it belongs to, empty for the plain ones; ``words``: its comment."""

    id: str
    hook: str
    file: str
    case: str
    words: str


class Shelf(Protocol):
    """Scripts of customizations. Those methods that change say what is wrong, empty when nothing is."""

    def folder(self) -> str: ...

    def states(self) -> Sequence[HookState]: ...

    def file(self, hook: str) -> HookFile: ...

    def write(self, hook: str, ending: str, text: str) -> str:
        """``ending``: php, py or sh. A file with another ending for the same hook is replaced."""

    def remove(self, hook: str) -> str: ...

    def check(self, ending: str, text: str) -> str:
        """What the interpreter says of the text without running it; empty where it finds nothing or is not there."""

    def examples(self) -> Sequence[HookExample]: ...

    def example(self, id: str) -> str:  # noqa: A002
        """Its text; empty when there is none."""

    def sample(self, hook: str) -> Mapping[str, Any]:
        """The input that it gets, for a call that never was."""

    def tried(self, hook: str, node: str, linkedid: str) -> Trial | None:
        """None when there is no such call."""


class SettingsDesk(Protocol):
    """All that the settings pages work with."""

    @property
    def book(self) -> Book: ...

    @property
    def shelf(self) -> Shelf: ...

    def listing(self, name: List) -> Listing:
        """Things of the portal; answers at once from what is known, and within a second else."""

    def directory(self) -> DirectoryState:
        """Employees as last read."""

    def read_employees(self) -> bool:
        """Ask the portal now; False when no answer came within some seconds (it comes later by itself)."""

    def lines(self) -> LineBoard: ...

    def preview(self, key: str, template: str, node: str, linkedid: str) -> Worded:
        """How a template comes out for a call, a made-up one without ``linkedid``; empty: the built-in one.

        Raises Permanent.
        """

    def built_in(self, key: str) -> str:
        """The template that stands where the setting is empty; empty when there is none."""
