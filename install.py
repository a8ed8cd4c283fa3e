# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: PTH100, PTH110, PTH118, PTH120, UP031, S606
"""Install or upgrade Itgrix: ``python3 install.py --help``.

This file is read by whatever Python the machine has, so it uses only what Python 3.4 knows: it finds Python 3.11 or
newer and hands over to ``installer/``. It can be run again at any time; what is done already is left alone.
"""

import os
import subprocess
import sys

MINIMUM = (3, 11)
NAMES = ("python3.13", "python3.12", "python3.11", "python3")
PLACES = ("/usr/bin", "/usr/local/bin", "/opt/python/bin")
HOME = "/var/lib/asterisk/itgrix"
SAYS_VERSION = "import sys; sys.stdout.write('%d %d' % sys.version_info[:2])"

REFUSAL = """\
Itgrix needs Python 3.11, 3.12 or 3.13; this machine has {found}.
  Debian 12 (FreePBX 17):  apt-get install python3
  RHEL 9 and its kin:      dnf install python3.11
  older systems:           unpack a stand-alone build of Python 3.11 so that {home}/python/bin/python3 is there
Then install the module once more. Another place: set ITGRIX_PYTHON to the program. Nothing was changed.

Для Itgrix нужен Python 3.11, 3.12 или 3.13; на этой машине есть {found}.
  Debian 12 (FreePBX 17):  apt-get install python3
  RHEL 9 и родственные:    dnf install python3.11
  более старые системы:    распакуйте автономную сборку Python 3.11 так, чтобы появился {home}/python/bin/python3
Затем установите модуль ещё раз. Другое место: укажите программу в ITGRIX_PYTHON. Ничего не изменено.
"""


def candidates(home):
    """Programs to try, the administrator's own choice first."""
    chosen = os.environ.get("ITGRIX_PYTHON")
    if chosen:
        return [chosen]
    own = [os.path.join(home, "python", "bin", "python3"), sys.executable]
    return own + [os.path.join(place, name) for name in NAMES for place in PLACES]


def version_of(program):
    """(3, 11), or None when it does not run."""
    try:
        said = subprocess.check_output([program, "-I", "-c", SAYS_VERSION], stderr=subprocess.DEVNULL)
        major, minor = said.decode("ascii").split()
        return int(major), int(minor)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None


def find(home):
    """(program, what was found instead)."""
    seen = []
    for program in candidates(home):
        # Its own version it knows without a start.
        own = sys.version_info[:2] if program == sys.executable else None
        version = own or (version_of(program) if program and os.path.exists(program) else None)
        if version is not None and version >= MINIMUM:
            return program, ""
        if version is not None:
            seen.append("%d.%d" % version)
    return None, ("only Python " + ", ".join(sorted(set(seen)))) if seen else "none"


def home_in(arguments):
    """The folder named by --home, else the usual one."""
    for at, word in enumerate(arguments):
        if word.startswith("--home="):
            return word[len("--home=") :]
        if word == "--home" and at + 1 < len(arguments):
            return arguments[at + 1]
    return os.environ.get("ITGRIX_HOME") or HOME


def hand_over(module, arguments):
    """Run ``installer.<module>`` with a Python that is new enough; exits 3 when there is none."""
    home = home_in(arguments)
    program, found = find(home)
    if program is None:
        sys.stdout.write(REFUSAL.format(found=found, home=home))
        sys.stdout.flush()
        sys.exit(3)
    root = os.path.dirname(os.path.abspath(__file__))
    # -B: nothing may be written into the module's folder; -s -E: nobody else's packages.
    start = "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); runpy.run_module('%s', run_name='__main__')"
    command = [program, "-B", "-s", "-E", "-c", start % ("installer." + module), root]
    os.execv(program, command + list(arguments))


if __name__ == "__main__":
    hand_over("main", sys.argv[1:])
