# SPDX-License-Identifier: GPL-3.0-or-later
"""What a customization's answer means: checked before anything is done with it; what is wrong is one sentence.

An answer that cannot be used is a failure like any other: the default goes ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itgrix_module.app.hook_fields import Unusable, checked_fields, fields_to_set
from itgrix_module.app.hooking import Hooks, Said

MOST_USERS = 200
_LONGEST_NUMBER = 64  # characters
_LONGEST_PATH = 4096  # characters

# What empty data means, for the timeline; a customization that is not here stands before no request.
CANCELS: Mapping[str, str] = {
    "need_registration": "the portal is not told of the call",
    "process_registration_params": "the portal is not told of the call",
    "customize_show_call_card": "no card opens",
    "process_final_params": "the call is not finished in the portal",
    "process_record_file_path": "the recording stays here",
    "customize_attach_record_url": "the recording is not attached",
    "process_task_creation_params": "no task is made",
    "customize_entity": "nothing is written into the client's record",
    "customize_activity": "nothing is written into the activity",
    "process_originate_params": "nobody is called",
    "customize_autodistribution": "the call goes its usual way",
}


@dataclass(frozen=True)
class Decision:
    """What to go on with. ``value``: the answer, or the default; ``told``: a line for the timeline, empty for none.

    ``failure``: why the default goes ahead although the customization is on.
    """

    value: Any
    cancelled: bool = False
    failure: str = ""
    told: str = ""


def asked(hooks: Hooks, name: str, given: Callable[[], Mapping[str, Any]], default: Any) -> Decision:
    """Ask a customization if it is on. ``given``: makes its input, only then. ``default``: see ``checked``."""
    if not hooks.is_on(name):
        return Decision(default)
    return decided(name, hooks.ask(name, given()), default)


def decided(name: str, said: Said, default: Any) -> Decision:
    """What an answer comes to."""
    if said.failure:
        return Decision(default, failure=said.failure, told=f"{said.failure}; the default goes ahead")
    if said.cancelled:
        meant = CANCELS.get(name)
        return Decision(default, True, told=f"customization {name}: {meant}") if meant else Decision(default)
    if said.data is None:
        return Decision(default)
    try:
        value = checked(name, said.data, default)
    except Unusable as error:
        failure = f"customization {name}: its answer cannot be used: {error}"
        return Decision(default, failure=failure, told=f"{failure}; the default goes ahead")
    return Decision(value, told=_told(name, value, default))


def checked(name: str, data: Any, default: Any) -> Any:
    """The answer in the form that the use cases want. Raises ValueError (``Unusable``) with what is wrong with it.

    need_registration: bool. process_client_phone, process_user_phone, customize_autodistribution: text.
    process_..._params, customize_attach_record_url: the fields of the request, ``default`` being those before.
    customize_show_call_card: tuple of portal users. process_record_file_path: tuple of one path of a file; the
    default is a tuple of several. customize_entity, customize_activity: fields to set. post_registration: None.
    """
    return _CHECKS[name](name, data, default)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that a customization has changed or added; None for those that it took away."""
    found = {name: value for name, value in after.items() if name not in before or before[name] != value}
    return found | {name: None for name in before if name not in after}


def _told(name: str, value: Any, default: Any) -> str:
    """Names of what was changed, never the values: they may be anything."""
    if value == default or value is None:
        return ""
    if isinstance(value, dict) and isinstance(default, dict):
        return f"customization {name} changed {', '.join(changes(default, value))}"
    if name == "need_registration":
        return f"customization {name}: {CANCELS[name]}"
    return f"customization {name} decided"


# -- one check for each kind of answer


def _registration_wanted(name: str, data: Any, default: Any) -> bool:  # noqa: ARG001
    found = data.get("result") if isinstance(data, dict) else data
    if not isinstance(found, bool):
        raise Unusable('"result" must be true or false')
    return found


def _phone(name: str, data: Any, default: Any) -> str:  # noqa: ARG001
    found = _text(data, "phone").strip()
    if not found or len(found) > _LONGEST_NUMBER or not found.isprintable():
        raise Unusable(f'"phone" must be a number of up to {_LONGEST_NUMBER} characters')
    return found


def _extension(name: str, data: Any, default: Any) -> str:  # noqa: ARG001
    found = _text(data, "extension").strip()
    if len(found) > _LONGEST_NUMBER or set(found) - set("0123456789*#+"):
        raise Unusable('"extension" may hold digits, *, # and + only; empty for the usual way')
    return found


def _text(data: Any, key: str) -> str:
    found = data.get(key) if isinstance(data, dict) else data
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    if not isinstance(found, str):
        raise Unusable(f'"{key}" must be text')
    return found


def _path(name: str, data: Any, default: Any) -> tuple[str, ...]:  # noqa: ARG001
    found = _text(data, "path")
    if isinstance(data, dict) and default and found == default[0]:
        return tuple(default)
    if not found.startswith("/") or not found.isprintable() or len(found) > _LONGEST_PATH:
        raise Unusable('"path" must be the full path of a file')
    if not Path(found).is_file():
        raise Unusable(f"there is no file {found}")
    return (found,)


def _users(name: str, data: Any, default: Any) -> tuple[int, ...]:  # noqa: ARG001
    found = data.get("users") if isinstance(data, dict) else data
    if not isinstance(found, list) or len(found) > MOST_USERS:
        raise Unusable(f'"users" must be a list of up to {MOST_USERS} ids of portal users')
    return tuple(dict.fromkeys(map(_user, found)))


def _user(item: Any) -> int:
    if isinstance(item, str) and item.isascii() and item.isdigit():
        item = int(item)
    if not isinstance(item, int) or isinstance(item, bool) or not 0 < item < 2**31:
        raise Unusable('"users" must hold ids of portal users only')
    return item


def _nothing(name: str, data: Any, default: Any) -> None:  # noqa: ARG001
    return None


_CHECKS: Mapping[str, Callable[[str, Any, Any], Any]] = {
    "need_registration": _registration_wanted,
    "process_client_phone": _phone,
    "process_user_phone": _phone,
    "process_registration_params": checked_fields,
    "post_registration": _nothing,
    "customize_show_call_card": _users,
    "process_final_params": checked_fields,
    "process_record_file_path": _path,
    "customize_attach_record_url": checked_fields,
    "process_task_creation_params": checked_fields,
    "customize_entity": fields_to_set,
    "customize_activity": fields_to_set,
    "process_originate_params": checked_fields,
    "customize_autodistribution": _extension,
}
