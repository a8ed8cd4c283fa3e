# SPDX-License-Identifier: GPL-3.0-or-later
"""Several recordings of one call as one stream of samples, in order, one after the other.

Blocks pass through one at a time, so that hours of sound need no memory. Nothing is inserted between the parts.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from itgrix_module.domain.failures import Failure, Permanent
from itgrix_module.media.decode import blocks
from itgrix_module.media.formats import Sound
from itgrix_module.media.installed import Installed
from itgrix_module.media.program import Watch

_COMMON = 16000  # samples a second when no part shows its own
_HIGHEST = 48000  # samples a second that every encoder takes


@dataclass
class Joined:
    """Parts as one stream of 16 bit samples of one channel, ``rate`` a second.

    ``samples``: how many have passed so far; ``left_out``: what was wrong with parts that gave no sound.
    """

    sounds: Sequence[Sound]
    rate: int = field(init=False)
    samples: int = field(init=False, default=0)
    left_out: list[Failure] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.rate = common_rate(self.sounds)

    @property
    def seconds(self) -> float:
        """Sound that has passed so far."""
        return self.samples / self.rate

    def blocks(self, installed: Installed, watch: Watch) -> Generator[bytes, None, None]:
        """All samples from the beginning. A damaged part is left out as long as another gives sound.

        Raises the failures of ``decode.blocks``.
        """
        self.samples, self.left_out = 0, []
        for sound in self.sounds:
            try:
                yield from self._counted(sound, installed, watch)
            except Permanent as failure:
                if failure.code != "recording_damaged":
                    raise
                self.left_out.append(failure)
        if not self.samples and self.left_out:
            raise self.left_out[0]

    def _counted(self, sound: Sound, installed: Installed, watch: Watch) -> Iterator[bytes]:
        with closing(blocks(sound, self.rate, installed, watch)) as part:
            for block in part:
                self.samples += len(block) // 2
                yield block


def common_rate(sounds: Sequence[Sound]) -> int:
    """The highest of the parts' rates, so that nothing of the better ones is lost."""
    rates = [sound.rate for sound in sounds if sound.rate]
    return min(max(rates, default=_COMMON), _HIGHEST)
