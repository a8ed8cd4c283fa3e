# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is played, and the phones it takes."""

from __future__ import annotations

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig import play_groups as many
from itgrix_module.sandbox.rig import play_incoming as inc
from itgrix_module.sandbox.rig import play_more_attended as ask
from itgrix_module.sandbox.rig import play_more_groups as group
from itgrix_module.sandbox.rig import play_more_outgoing as way
from itgrix_module.sandbox.rig import play_more_panel as panel
from itgrix_module.sandbox.rig import play_more_park as park
from itgrix_module.sandbox.rig import play_more_rooms as room
from itgrix_module.sandbox.rig import play_more_transfers as send
from itgrix_module.sandbox.rig import play_more_trouble as worse
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

# The rarer ones: recorded for the tests of call tracking (tests/journeys), each played alone.
_ONE, _TWO = ("101",), ("101", "102")
_GROUP_AND_ONE = ("101", "102", "103", "104")
_QUEUE_AND_ONE = ("101", *plan.MEMBERS[plan.QUEUE])
MORE = (
    *(Situation(play, _GROUP_AND_ONE) for play in (send.blind_to_group, send.chain_of_transfers, ask.phone_to_group)),
    *(Situation(play, _QUEUE_AND_ONE) for play in (send.blind_to_queue, ask.phone_to_queue)),
    *(
        Situation(play, _ONE)
        for play in (
            send.blind_to_voicemail,
            send.blind_to_menu,
            send.outgoing_blind_to_outside,
            send.blind_to_conference,
            way.click_mobile,
            ask.code_to_outside,
            ask.phone_to_outside,
        )
    ),
    *(
        Situation(play, _TWO)
        for play in (
            send.blind_to_busy,
            send.blind_to_menu_and_on,
            send.blind_by_code,
            send.blind_back,
            send.outgoing_blind,
            send.internal_sent_outside,
            send.blind_to_follow_me,
            send.internal_to_follow_me,
            ask.code_unanswered,
            ask.code_rejected,
            ask.code_given_up,
            ask.code_client_gone,
            ask.code_blonde,
            ask.code_comes_back,
            ask.code_comes_back_in_vain,
            ask.outgoing_by_code,
            ask.phone_other_way_round,
            park.parked_two,
            group.group_optimized,
            group.queue_optimized,
            ask.code_three_together,
            ask.phone_goes_back,
            ask.phone_client_gone,
            ask.phone_unanswered_blonde,
        )
    ),
    *(
        Situation(play, _ONE)
        for play in (
            park.parked_comes_back,
            park.parked_and_back_unanswered,
            park.parked_and_fetched_by_the_same,
            park.parked_and_gone,
        )
    ),
    Situation(park.parked_goes_on, ("101", "103")),
    Situation(park.parked_twice, _TWO),
    Situation(park.picked_up_in_group, _TWO),
    Situation(park.picked_up_from_ring_group, _GROUP_AND_ONE),
    Situation(park.picked_up_from_queue, _QUEUE_AND_ONE),
    Situation(group.announced, _ONE),
    Situation(group.queue_second_round, _ONE),
    Situation(group.forwarded_by_phone_to_mobile, _ONE),
    Situation(group.forwarded_always, ()),
    Situation(group.not_registered, ("102",)),
    *(Situation(play, ("101", "107", "108")) for play in (group.two_phones, group.queue_two_phones)),
    *(
        Situation(play, _TWO)
        for play in (
            group.group_with_mobile_answered_at_desk,
            group.group_with_mobile_answered_outside,
            group.hunted,
            group.queue_in_queue,
            group.queue_direct_members,
            group.followed_after_a_while,
            group.followed_and_refused,
        )
    ),
    *(
        Situation(play, _QUEUE_AND_ONE)
        for play in (
            group.queue_times_out,
            group.queue_agent_sends_on,
            group.queue_agent_asks_by_phone,
            group.queue_agent_asks_by_code,
        )
    ),
    *(Situation(play, _TWO) for play in (room.conference_of_two_employees, room.conference_out)),
    *(Situation(play, _TWO) for play in (room.listened_to, room.whispered, room.barged_in)),
    Situation(room.client_during_consultation, _TWO),
    *(
        Situation(play, _ONE)
        for play in (
            room.conference_of_two_clients,
            room.second_call_waits,
            room.second_call_declined,
            room.clients_joined,
            room.held_and_gone,
        )
    ),
    *(
        Situation(play, _ONE)
        for play in (
            way.outgoing_other_trunk_helps,
            way.outgoing_no_trunk_helps,
            way.outgoing_early_media,
            way.outgoing_short_number,
            way.outgoing_held,
            way.outgoing_rejected_at_once,
            way.click_local,
            way.click_local_kept,
            way.click_phone,
            way.click_client_is_busy,
            way.click_client_away,
            way.click_client_declines,
            way.click_wrong_number,
            way.click_employee_rejects,
            way.click_employee_away,
            way.call_back_answered,
            way.call_back_employee_away,
            way.call_back_client_busy,
        )
    ),
    Situation(way.call_back_to_queue, plan.MEMBERS[plan.QUEUE]),
    *(
        Situation(play, _TWO)
        for play in (
            panel.redirected_client,
            panel.redirected_ringing,
            panel.redirected_outgoing,
            panel.panel_blind,
            panel.panel_attended,
        )
    ),
    *(
        Situation(play, _ONE)
        for play in (
            panel.redirected_both,
            panel.panel_hangs_up,
            panel.recorded_by_hand,
            panel.recording_restarted,
        )
    ),
    *(
        Situation(play, _ONE, alone=True)
        for play in (
            worse.killed_ringing,
            worse.killed_parked,
            worse.restarted_ringing,
            worse.cut_across_answer,
            worse.cut_outgoing_answer,
            worse.cut_through_start,
        )
    ),
    *(
        Situation(play, _TWO, alone=True)
        for play in (worse.killed_on_hold, worse.cut_across_attended, worse.cut_across_blind, worse.cut_while_parked)
    ),
    Situation(worse.cut_in_queue, plan.MEMBERS[plan.QUEUE], alone=True),
)
