# SPDX-License-Identifier: GPL-3.0-or-later
"""The administrator's scripts as the panel shows, writes and tries them."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from itgrix_module.app.call_full import Known
from itgrix_module.app.desk_ports import HookExample, HookFile
from itgrix_module.app.hook_sample_call import sample
from itgrix_module.app.hook_trial import HookState, Trial, tried
from itgrix_module.app.hooking import HOOKS
from itgrix_module.app.ports import CallRow
from itgrix_module.hooks.find import candidates, search_path
from itgrix_module.hooks.scripts import Scripts
from itgrix_module.storage.queries import CallStory

EXAMPLES = Path(__file__).resolve().parent.parent / "examples" / "hooks"
ENDINGS = ("php", "py", "sh")
LONGEST = 256 * 1024  # bytes of a script
_PATIENCE = 5.0  # seconds for a dry run
_PYTHON = "import sys; compile(sys.stdin.buffer.read(), 'script', 'exec')"


class HookShelf:
    """Fulfils ``app.desk_ports.Shelf``. ``story``: a call by node and linked id; ``known``: what is known around it."""

    def __init__(
        self,
        folder: Path,
        scripts: Scripts,
        story: Callable[[str, str], CallStory | None],
        known: Callable[[CallRow], Known],
        examples: Path = EXAMPLES,
    ) -> None:
        self._folder, self._scripts, self._story = folder, scripts, story
        self._known, self._examples = known, examples

    def folder(self) -> str:
        """Where the scripts are."""
        return str(self._folder)

    def states(self) -> Sequence[HookState]:
        """In the order in which a call meets them."""
        return self._scripts.state()

    def file(self, hook: str) -> HookFile:
        """See the port."""
        found = _files(self._folder, hook)
        if not found:
            return HookFile()
        if len(found) > 1:
            names = ", ".join(file.name for file in found)
            return HookFile(names, "", f"there are several files for it ({names}); leave one", is_there=True)
        return _shown(found[0])

    def write(self, hook: str, ending: str, text: str) -> str:
        """Whole or not at all, for nobody else's eyes; the file that was there is kept beside it as ``.bak``."""
        if hook not in HOOKS or ending not in ENDINGS:
            return "there is no such customization"
        data = text.replace("\r\n", "\n").encode()
        if len(data) > LONGEST:
            return f"must be at most {LONGEST // 1024} kB"
        if b"\0" in data:
            return "must be text"
        try:
            self._replace(hook, self._folder / f"{hook}.{ending}", data)
        except OSError as error:
            return f"the file cannot be written: {error.strerror}"
        return ""

    def remove(self, hook: str) -> str:
        """The files stay beside it as ``.bak``."""
        try:
            for file in _files(self._folder, hook):
                _set_aside(file)
        except OSError as error:
            return f"the file cannot be written: {error.strerror}"
        return ""

    def _replace(self, hook: str, target: Path, data: bytes) -> None:
        self._folder.mkdir(mode=0o750, exist_ok=True)
        before = _files(self._folder, hook)
        # Not under a name of a script: a half-written file must never run. mkstemp makes it owner-only.
        handle, name = tempfile.mkstemp(prefix=".new-", suffix=".tmp", dir=self._folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            for old in before:
                if old == target:
                    _copy_aside(old)
                else:
                    _set_aside(old)
            Path(name).replace(target)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise

    def check(self, ending: str, text: str) -> str:
        """See the port."""
        command = _dry_run(ending)
        if command is None:
            return ""
        try:
            done = subprocess.run(
                command,
                input=text.replace("\r\n", "\n").encode(),
                capture_output=True,
                timeout=_PATIENCE,
                check=False,
                env={"PATH": search_path(), "LANG": "C.UTF-8"},
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return "" if done.returncode == 0 else _reason(done.stderr or done.stdout)

    def examples(self) -> Sequence[HookExample]:
        """Plain ones by hook, then the stories."""
        files = [file for file in sorted(self._examples.rglob("*")) if file.suffix[1:] in ENDINGS]
        found = [_example(self._examples, file) for file in files]
        known = [example for example in found if example.hook in HOOKS]
        return sorted(known, key=lambda example: (example.case, HOOKS.index(example.hook), example.file))

    def example(self, id: str) -> str:  # noqa: A002
        """Only what ``examples`` names: the id is no path."""
        known = {example.id for example in self.examples()}
        return (self._examples / id).read_text(encoding="utf-8") if id in known else ""

    def sample(self, hook: str) -> Mapping[str, Any]:
        """See the port."""
        return sample(hook)

    def tried(self, hook: str, node: str, linkedid: str) -> Trial | None:
        """Nothing is sent."""
        story = self._story(node, linkedid)
        if story is None:
            return None
        paths = [path for step in story.steps if step.kind == "attach" for path in step.payload.get("paths", ())]
        call = story.item
        return tried(self._scripts, hook, call.call, call.portal, self._known(call.call), paths)


def _files(folder: Path, hook: str) -> list[Path]:
    """Only of names of our own: they become part of a path."""
    return candidates(folder, hook) if hook in HOOKS else []


def _shown(file: Path) -> HookFile:
    try:
        seen = file.stat()
        if not stat.S_ISREG(seen.st_mode):
            return HookFile(file.name, "", "is not a regular file", is_there=True)
        if seen.st_size > LONGEST:
            return HookFile(file.name, "", "is too large to be edited here", is_there=True)
        return HookFile(file.name, file.read_text(encoding="utf-8"), is_there=True)
    except UnicodeDecodeError:
        return HookFile(file.name, "", "is not a text and cannot be edited here", is_there=True)
    except OSError as error:
        return HookFile(file.name, "", f"cannot be read: {error.strerror}", is_there=True)


def _set_aside(file: Path) -> None:
    file.replace(file.with_name(f"{file.name}.bak"))


def _copy_aside(file: Path) -> None:
    kept = file.with_name(f"{file.name}.bak")
    kept.unlink(missing_ok=True)
    shutil.copy2(file, kept)


def _dry_run(ending: str) -> Sequence[str] | None:
    if ending == "py":
        return (sys.executable, "-I", "-c", _PYTHON)
    program = {"php": "php", "sh": "sh"}.get(ending, "")
    found = shutil.which(program, path=search_path()) if program else None
    if found is None:
        return None
    return (found, "-d", "display_errors=1", "-d", "log_errors=0", "-l") if ending == "php" else (found, "-n")


def _reason(output: bytes) -> str:
    """The line that says what is wrong, and where."""
    lines = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()]
    told = [line for line in lines if "rror" in line and "Traceback" not in line]
    wanted = next((line for line in told if " on line " in line), told[-1] if told else "")
    if not wanted:
        return "cannot be read by its interpreter"
    places = [line.partition(", ")[2] for line in lines if line.startswith("File ")]
    return f"{wanted} ({places[-1]})"[:300] if places else wanted[:300]


def _example(folder: Path, file: Path) -> HookExample:
    place = file.relative_to(folder)
    case = place.parts[1] if place.parts[0] == "cases" else ""
    return HookExample(place.as_posix(), file.stem, file.name, case, _comment(file.read_text(encoding="utf-8")))


def _comment(text: str) -> str:
    """What a script says of itself: its first comment or docstring after the licence."""
    if '"""' in text:
        return " ".join(text.split('"""')[1].split())
    lines = [line.lstrip("/# ").strip() for line in text.splitlines() if line.startswith(("//", "#"))]
    return " ".join(line for line in lines if line and not line.startswith(("SPDX", "!")))
