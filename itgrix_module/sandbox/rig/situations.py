# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is played, and the phones it takes."""

from __future__ import annotations

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig import play_groups as many
from itgrix_module.sandbox.rig import play_incoming as inc
from itgrix_module.sandbox.rig import play_outgoing as out
from itgrix_module.sandbox.rig import play_transfers as xfer
from itgrix_module.sandbox.rig import play_trouble as bad
from itgrix_module.sandbox.rig.rig import Situation

# Those that need certain phones come first: the rest fills the gaps.
ALL = (
    Situation(many.queue_answered, plan.MEMBERS[plan.QUEUE]),
    Situation(many.ring_group_answered, plan.MEMBERS[plan.RING_GROUP]),
    Situation(many.voicemail, (plan.VOICEMAIL,)),
    Situation(inc.followed_to_mobile, (plan.FOLLOW_ME,)),
    Situation(many.queue_in_turn, plan.MEMBERS[plan.ROUND_ROBIN_QUEUE]),
    Situation(many.ring_group_given_up, plan.MEMBERS[plan.RING_GROUP]),
    Situation(many.queue_abandoned, plan.MEMBERS[plan.QUEUE]),
    Situation(xfer.attended_by_code, 2),
    Situation(xfer.attended, 2),
    Situation(xfer.attended_while_ringing, 2),
    Situation(xfer.attended_outgoing, 2),
    Situation(xfer.blind, 2),
    Situation(xfer.blind_unanswered, 2),
    Situation(xfer.blind_to_outside, 1),
    Situation(inc.parked_and_retrieved, 2),
    Situation(inc.nobody_answers, 1),
    Situation(inc.picked_up, 2),
    Situation(inc.forwarded_by_phone, 2),
    Situation(inc.answered, 1),
    Situation(inc.agent_hangs_up, 1),
    Situation(inc.client_gives_up, 1),
    Situation(inc.employee_busy, 1),
    Situation(inc.second_trunk, 1),
    Situation(inc.anonymous, 1),
    Situation(inc.name_in_cyrillic, 1),
    Situation(inc.number_without_route, 0),
    Situation(inc.on_hold, 1),
    Situation(many.menu_hung_up, 0),
    Situation(many.menu_to_extension, 1),
    Situation(many.conference, 1),
    Situation(inc.two_at_once, 3),
    Situation(out.outgoing_answered, 1),
    Situation(out.outgoing_client_hangs_up, 1),
    Situation(out.outgoing_over_second_trunk, 1),
    Situation(out.outgoing_cancelled, 1),
    Situation(out.outgoing_busy, 1),
    Situation(out.outgoing_unanswered, 1),
    Situation(out.outgoing_declined, 1),
    Situation(out.outgoing_wrong_number, 1),
    Situation(out.internal_answered, 2),
    Situation(inc.ten_at_once, tuple(plan.EMPLOYEES), alone=True),
    Situation(bad.ami_cut_in_talk, 1, alone=True),
    Situation(bad.ami_cut_until_after_the_end, 1, alone=True),
    Situation(bad.ami_cut_around_a_call, 1, alone=True),
    Situation(bad.pbx_restarted, 1, alone=True),
    Situation(bad.pbx_killed, 1, alone=True),
)
BY_NAME = {situation.name: situation for situation in ALL}
