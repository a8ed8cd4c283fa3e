# SPDX-License-Identifier: GPL-3.0-or-later
"""Updates as part of the running service: its jobs, and the news of a version to those who get alerts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from itgrix_module.alerting import channels_of
from itgrix_module.app.alerts import Alert, Channel
from itgrix_module.app.update_words import version_check
from itgrix_module.app.updates import Outlook
from itgrix_module.domain.failures import Failure, Permanent
from itgrix_module.jobs import Job
from itgrix_module.notices import Notices, language_of
from itgrix_module.update_files import UpdateFiles, read_json

if TYPE_CHECKING:
    from itgrix_module.service import Service

log = logging.getLogger("itgrix.operations")

LOOK, NOTICES, NEWS = 30.0, 30.0, 300.0  # seconds between two looks of the timetable


class News:
    """Tells of each new version once, by each way to people. ``is_told_elsewhere``: the PBX mails of it by itself."""

    def __init__(
        self,
        files: UpdateFiles,
        outlook: Callable[[], Outlook | None],
        channels: Callable[[], Sequence[Channel]],
        is_told_elsewhere: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self._files, self._outlook, self._channels = files, outlook, channels
        self._is_told_elsewhere, self._clock = is_told_elsewhere, clock

    def __call__(self) -> None:
        """Never raises for a channel: the next run tries again."""
        found = self._outlook()
        if found is None or found.newest is None or self._is_told_elsewhere():
            return
        told = self._files.read("told.json")
        news = f"{found.newest.version} {'supported' if found.is_supported else 'unsupported'}"
        for channel in self._channels():
            if told.get(channel.name) != news and self._tell(channel, found):
                told[channel.name] = news
                self._files.write("told.json", told)

    def _tell(self, channel: Channel, found: Outlook) -> bool:
        check = version_check(found)
        try:
            channel.tell(Alert("version", check.text, check.hint, self._clock()))
        except Permanent as failure:
            log.error("the news of a version cannot be sent (%s): %s", channel.name, failure)
        except Failure as failure:
            log.info("the news of a version waits (%s): %s", channel.name, failure)
            return False
        return True


def notices_of(service: Service) -> Notices:
    """Of the running service."""
    home, settings = service.core.place.home, service.core.settings
    return Notices(
        home / "notices.json",
        lambda: service.health().checks,
        service.updates.outlook,
        lambda: settings.current["alerts.minutes"] * 60.0,
        lambda: language_of(home, settings.current["portal.language"]),
        lambda language, text: service.said(language, text),
        service.clock,
    )


def jobs(service: Service) -> list[Job]:
    """For the timetable. Where FreePBX knows of the list of releases, it mails of updates by its own settings."""
    home, updates = service.core.place.home, service.updates
    news = News(
        updates.files,
        updates.outlook,
        lambda: channels_of(service),
        lambda: bool(read_json(home / "service.json").get("source")) and updates.url == updates.shipped_url,
        service.clock,
    )
    return [
        Job("updates", LOOK, updates.look),
        Job("notices", NOTICES, service.notices, at_start=True),
        Job("update-news", NEWS, news),
    ]
