# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the rules of the house: what an administrator can decide about a call."""

from __future__ import annotations

from itgrix_module.app.lines import problem_of_lines
from itgrix_module.app.mobiles import problem_of_patterns
from itgrix_module.app.numbering import problem_of_rules
from itgrix_module.settings_checks import (
    Setting,
    between,
    country,
    fields,
    holidays,
    hook_names,
    matches,
    networks,
    no_line_break,
    one_line_template,
    one_of,
    overrides,
    template_problem,
    texts,
    time_zone,
    users,
    week,
    workdays,
)

_MODES = ("upload", "link", "off")

CALLS = (
    Setting("calls.create_incoming", bool, True, "Create a lead or contact for an unknown caller"),
    Setting("calls.create_outgoing", bool, False, "Create a lead or contact for an unknown number that was dialled"),
    Setting(
        "calls.default_user", int, 0, "Portal user who gets the calls of extensions without a user", between(0, 2**31)
    ),
    Setting(
        "calls.first_responsible",
        str,
        "ringing",
        "For whom an incoming call is registered: who rings first, the client's responsible or the default user",
        one_of("ringing", "client", "default"),
    ),
    Setting(
        "calls.entity",
        str,
        "portal",
        "Which of several CRM records with the number gets the call: the portal's choice, the one that the talking "
        "employee is responsible for, by kind (contact, company, lead), or the newest",
        one_of("portal", "talker", "kind", "newest"),
    ),
    Setting(
        "calls.vote_variable",
        str,
        "ITGRIX_VOTE",
        "Channel variable with the caller's rating, 1 to 5; empty: none",
        matches(r"[A-Za-z0-9_]{0,79}", "letters, digits and _ only"),
    ),
)

MISSED = (
    Setting(
        "missed.responsible",
        str,
        "client",
        "Who answers for a missed call: the client's responsible, else who rang last, else the default user; "
        "the order starts here",
        one_of("client", "last_rung", "default"),
    ),
    Setting(
        "missed.spread",
        str,
        "off",
        "How users share missed calls in place of the default user",
        one_of("off", "round_robin", "random"),
    ),
    Setting("missed.users", list, [], "Portal users who share missed calls", users),
    Setting("missed.task.enabled", bool, False, "Make a task for a missed call"),
    Setting("missed.task.close", bool, True, "Close the task when a later call with the client succeeds"),
    Setting("missed.task.title", str, "", "Title of the task, a template; empty: the built-in one", one_line_template),
    Setting(
        "missed.task.description",
        str,
        "",
        "Description of the task, a template; empty: the built-in one",
        template_problem,
    ),
    Setting(
        "missed.task.responsible",
        str,
        "missed",
        "Who does the task: who answers for the missed call, or the user below",
        one_of("missed", "user"),
    ),
    Setting(
        "missed.task.user",
        int,
        0,
        "Portal user who does the tasks; 0: who answers for the missed call",
        between(0, 2**31),
    ),
    Setting(
        "missed.task.creator",
        int,
        0,
        "Portal user in whose name tasks are made; 0: whose authorisation is used",
        between(0, 2**31),
    ),
    Setting(
        "missed.task.deadline_minutes",
        int,
        60,
        "Minutes until the task is due; 0: no deadline",
        between(0, 60 * 24 * 365),
    ),
    Setting("missed.task.deadline_in_hours", bool, False, "Count only working hours for the deadline"),
    Setting("missed.task.auditors", list, [], "Portal users who watch the task", users),
    Setting("missed.task.project", int, 0, "Project (group) of the task; 0: none", between(0, 2**31)),
    Setting("missed.task.hours", str, "always", "When tasks are made", one_of("always", "working", "off_hours")),
    Setting("missed.task.clients", str, "all", "For whose calls tasks are made", one_of("all", "new", "known")),
    Setting(
        "leads.chat",
        str,
        "",
        "Business chat that hears of each new lead, such as chat42; empty: none",
        matches(r"(chat|sg)?\d{0,12}", "chat42, sg7 or the number of a user"),
    ),
    Setting("leads.message", str, "", "The message, a template; empty: the built-in one", template_problem),
)

PEOPLE = (
    Setting("lines", list, [], "What each trunk or DID means in the portal", problem_of_lines),
    Setting("employees.overrides", dict, {}, "Extension to portal user, before what the portal says", overrides),
    Setting("employees.profile_phones", bool, True, "Numbers in the portal's profiles count as the employee's own"),
    Setting(
        "employees.mobiles", list, [], "Numbers and patterns (8123456XXXX) of employees' mobiles", problem_of_patterns
    ),
    Setting(
        "employees.mobiles_file",
        str,
        "mobiles.txt",
        "File with more of them, one in a line, read again whenever it changes; relative to the home",
        no_line_break,
    ),
    Setting("filters.extensions_black", list, [], "Extensions that the portal does not see", texts),
    Setting("filters.extensions_white", list, [], "Only these extensions the portal sees, if any", texts),
    Setting("filters.lines", list, [], "Trunks and DIDs that the portal does not see", texts),
    Setting("filters.numbers", list, [], "Clients' numbers and patterns that the portal does not see", texts),
)

NUMBERS = (
    Setting("numbers.client_rules", list, [], "Replacements for numbers of clients, in order", problem_of_rules),
    Setting("numbers.user_rules", list, [], "Replacements for numbers of employees, in order", problem_of_rules),
    Setting("numbers.dial_rules", list, [], "Replacements for numbers that are dialled, in order", problem_of_rules),
    Setting(
        "numbers.country",
        str,
        "RU",
        "Country whose numbers are written without a code; empty: numbers stay as they are",
        country,
    ),
    Setting(
        "numbers.search_variants",
        bool,
        False,
        "Look for a client under several spellings of his number (8..., +7..., ten digits); costs one request a call",
    ),
)

EXTRA = tuple(
    Setting(f"extra.{kind}", dict, {}, f"Fields of the {kind} to templates that fill them when a call ends", fields)
    for kind in ("activity", "lead", "contact", "company", "deal")
)

RECORDINGS = (
    Setting("recordings.mode", str, "upload", "What happens to recordings", one_of(*_MODES)),
    Setting("recordings.incoming", str, "", "The same for incoming calls; empty: as above", one_of("", *_MODES)),
    Setting("recordings.outgoing", str, "", "The same for outgoing calls; empty: as above", one_of("", *_MODES)),
    Setting("recordings.directory", str, "/var/spool/asterisk/monitor", "Where the PBX keeps recordings"),
    Setting("recordings.bitrate", int, 32, "kbit/s of the mp3", between(8, 320)),
    Setting(
        "recordings.link_to",
        str,
        "player",
        "Where a link goes: the portal's player fetches it, or only the text of the activity holds it",
        one_of("player", "activity"),
    ),
    Setting("recordings.link_days", int, 365, "Days after which a link ends", between(1, 3650)),
    Setting(
        "recordings.link_access",
        str,
        "lan",
        "Who may open a link: the networks below, or whoever has it",
        one_of("lan", "anyone"),
    ),
    Setting(
        "recordings.link_networks",
        list,
        ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "::1/128", "fc00::/7"],
        "Networks whose computers may open links",
        networks,
    ),
    Setting(
        "recordings.link_relay",
        bool,
        False,
        "A web server on this machine says truly who asks for a link (X-Forwarded-For)",
    ),
    Setting("recordings.keep_days", int, 30, "Days that our own mp3 copies are kept; 0: not at all", between(0, 3650)),
)

HOURS = (
    Setting(
        "hours.week",
        str,
        "Mon-Fri 09:00-18:00",
        "Working hours, such as Mon-Fri 09:00-13:00,14:00-18:00; Sat 10:00-14:00",
        week,
    ),
    Setting("hours.holidays", list, [], "Days off, as 2027-01-01 or each year 01-07", holidays),
    Setting("hours.workdays", list, [], "Working days that a weekend would take away, as 2027-02-20", workdays),
    Setting(
        "hours.time_zone",
        str,
        "",
        "Time zone of the working hours, such as Europe/Moscow; empty: the server's",
        time_zone,
    ),
)

HOOKS = (
    Setting("hooks.enabled", bool, False, "Run customizations"),
    Setting("hooks.active", list, [], "Customizations that are switched on", hook_names),
    Setting("hooks.seconds", float, 2.0, "Seconds that a customization may take", between(0.1, 10)),
    Setting(
        "hooks.record_seconds", float, 10.0, "Seconds that the customization of a recording may take", between(0.1, 600)
    ),
)

RULES = (*CALLS, *MISSED, *PEOPLE, *NUMBERS, *EXTRA, *RECORDINGS, *HOURS, *HOOKS)
