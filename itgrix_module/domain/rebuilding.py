# SPDX-License-Identifier: GPL-3.0-or-later
"""From a story of records to the calls that live tracking would have known."""

from __future__ import annotations

from itgrix_module.domain.records import CEL, Parties, Story, Told, told
from itgrix_module.domain.records_attempts import facts_of_attempts
from itgrix_module.domain.records_events import facts_of_events


def rebuilt(story: Story, parties: Parties) -> list[Told]:
    """The finished calls of a story, the oldest first; events count for more than records."""
    facts = facts_of_events(story, parties) if story.source == CEL else facts_of_attempts(story, parties)
    return told(facts, story.last, story.source)
