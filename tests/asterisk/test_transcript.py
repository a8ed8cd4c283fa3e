# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading recorded sessions: real ones, cut ones, damaged ones, and files that are something else."""

from __future__ import annotations

import gzip
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itgrix_module.asterisk.filters import NOISE
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.transcript import TranscriptError, read
from itgrix_module.asterisk.transcript_file import TranscriptFile, needs_a_look
from tests.asterisk.support import TRACES

EVERYTHING: frozenset[bytes] = frozenset()
GREETING = b"Asterisk Call Manager/11.0.0\r\n"
LOGIN = b"Response: Success\r\nActionID: rec-1\r\nMessage: Authentication accepted\r\n\r\n"
CREATED = b"Event: Newchannel\r\nChannel: PJSIP/101-00000001\r\nUniqueid: 1795220673.1\r\n\r\n"
HANGUP = b"Event: Hangup\r\nChannel: PJSIP/101-00000001\r\nUniqueid: 1795220673.1\r\n\r\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "session.ami"


def events(path: Path, skip: frozenset[bytes] = NOISE, warnings: list[str] | None = None) -> list[str]:
    return [message.event for message in read(path, skip, warnings=warnings) if message.event]


def error_of(path: Path) -> TranscriptError:
    with pytest.raises(TranscriptError) as raised:
        list(read(path))
    assert str(path) in str(raised.value)
    assert f"line {raised.value.line}" in str(raised.value)
    return raised.value


def until_error(path: Path) -> tuple[list[Message], TranscriptError | None]:
    """What is delivered before the damage, and the damage."""
    taken: list[Message] = []
    messages = read(path)
    try:
        while True:
            taken.append(next(messages))
    except StopIteration:
        return taken, None
    except TranscriptError as error:
        return taken, error


def test_plain_and_packed_give_the_same(file: Path) -> None:
    packed = TRACES / "22_in_queue_ringall.ami.gz"
    file.write_bytes(gzip.decompress(packed.read_bytes()))
    assert list(read(file)) == list(read(packed))


def test_packing_is_recognised_by_content_not_by_name(tmp_path: Path) -> None:
    misnamed = tmp_path / "plain.ami.gz"
    misnamed.write_bytes(GREETING + LOGIN + HANGUP)
    assert events(misnamed) == ["Hangup"]


@pytest.mark.parametrize("path", sorted(TRACES.glob("*.ami.gz")), ids=lambda path: path.name)
def test_every_message_of_a_recorded_session_is_read(path: Path) -> None:
    data = gzip.decompress(path.read_bytes())
    warnings: list[str] = []
    messages = list(read(path, EVERYTHING, warnings=warnings))
    starts = [line for line in data.split(b"\r\n") if line.startswith(b"Event: ")]
    assert [message.event for message in messages if message.event] == [line[7:].decode() for line in starts]
    assert warnings == []


def test_noise_is_left_out_unless_asked_for() -> None:
    path = TRACES / "22_in_queue_ringall.ami.gz"
    kept = Counter(events(path))
    whole = Counter(events(path, skip=EVERYTHING))
    assert "Newexten" not in kept
    assert whole["Newexten"] > 50
    assert kept["Hangup"] == whole["Hangup"]
    assert 0 < kept["VarSet"] < whole["VarSet"]


def test_extra_empty_line_hides_no_message() -> None:
    path = TRACES / "22_in_queue_ringall.ami.gz"
    data = gzip.decompress(path.read_bytes())
    assert b"\r\n\r\n\r\nEvent: " in data
    assert events(path).count("Hangup") == data.count(b"\nEvent: Hangup\r\n")


def test_name_in_utf8_survives() -> None:
    names = {message.get("CallerIDName") for message in read(TRACES / "22_in_plus_utf8_name.ami.gz")}
    assert any("а" <= letter <= "я" for name in names for letter in name)


def test_repeated_channel_variables_are_kept() -> None:
    messages = list(read(TRACES / "22_channelvars_in_direct_answered.ami.gz"))
    assert max(len(message.all("ChanVariable")) for message in messages) > 1


def test_sessions_put_together_in_one_file_are_read(file: Path) -> None:
    file.write_bytes(GREETING + LOGIN + CREATED + GREETING + LOGIN + HANGUP)
    assert events(file) == ["Newchannel", "Hangup"]


def test_greeting_alone_is_an_empty_session(file: Path) -> None:
    for data in (GREETING, GREETING + b"\r\n", b"\r\n"):
        file.write_bytes(data)
        assert list(read(file)) == []


def test_old_command_answer_is_one_message(file: Path) -> None:
    text = b"Response: Follows\r\nPrivilege: Command\r\nActionID: 7\r\nno colon\r\n\r\nmore\n--END COMMAND--\r\n\r\n"
    file.write_bytes(GREETING + text + HANGUP)
    answer, hangup = read(file)
    assert answer.all("Output") == ["no colon", "", "more"]
    assert hangup.event == "Hangup"


def test_old_command_answer_without_its_end_hides_nothing(file: Path) -> None:
    file.write_bytes(GREETING + b"Response: Follows\r\nPrivilege: Command\r\ncut short\r\n\r\n" + HANGUP)
    answer, hangup = read(file)
    assert (answer.all("Output"), hangup.event) == (["cut short"], "Hangup")


def test_value_with_a_bare_line_feed_is_no_damage(file: Path) -> None:
    file.write_bytes(GREETING + b"Event: UserEvent\r\nText: a\nb\r\nUniqueid: 1795220673.1\r\n\r\n")
    (message,) = read(file)
    assert message.get("Text") == "a\nb"


def test_cut_last_message_is_a_warning_not_an_error(file: Path) -> None:
    for end in (b"Event: Hangup\r\nChann", b"Event: Hangup\r\nUniqueid: 1.1\r\n", b"Even", b"Response: Su"):
        file.write_bytes(GREETING + LOGIN + CREATED + end)
        warnings: list[str] = []
        assert events(file, warnings=warnings) == ["Newchannel"]
        (warning,) = warnings
        assert str(file) in warning
        assert "line 10" in warning


def test_clean_end_gives_no_warning(file: Path) -> None:
    for end in (b"", b"\r\n", b"\r\n\r\n"):
        file.write_bytes(GREETING + LOGIN + HANGUP + end)
        warnings: list[str] = []
        assert events(file, warnings=warnings) == ["Hangup"]
        assert warnings == []


def test_recording_cut_anywhere_gives_a_beginning_of_the_whole(file: Path) -> None:
    data = gzip.decompress((TRACES / "16_ami_reconnect.part2.ami.gz").read_bytes())
    whole = list(read(TRACES / "16_ami_reconnect.part2.ami.gz"))
    for length in random.Random(7).sample(range(40, len(data)), 60):
        file.write_bytes(data[:length])
        messages = list(read(file))
        assert [m.headers for m in messages] == [m.headers for m in whole[: len(messages)]]


@pytest.mark.parametrize(
    ("data", "line", "word"),
    [
        (b"", 1, "empty"),
        (b"Dear Sir or Madam,\r\nplease find attached\r\n\r\nthe invoice\r\n", 1, "Dear Sir"),
        (b"plain text without an empty line", 1, "plain text"),
        (b'{"calls": []}\n', 1, "calls"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 1, "PNG"),
        (b"\0" * 100_000, 1, "not a recording"),
        (random.Random(1).randbytes(100_000), 1, "not a recording"),
        (GREETING.replace(b"\r\n", b"\n") + LOGIN.replace(b"\r\n", b"\n"), 1, "LF"),
        (HANGUP.replace(b"\r\n", b"\n"), 1, "LF"),
        (GREETING + LOGIN + b"GARBAGE HERE\r\n\r\n" + HANGUP, 6, "GARBAGE"),
        (GREETING + LOGIN + CREATED + b"GARBAGE AT THE END", 10, "GARBAGE"),
        (GREETING + LOGIN + b"Event: Hangup\r\nno colon in this line\r\nUniqueid: 1.1\r\n\r\n", 7, "no colon"),
        (GREETING + LOGIN + b"Event: VarSet\r\nno colon in noise\r\nValue: 1\r\n\r\n" + HANGUP, 7, "no colon"),
        (GREETING + LOGIN + b"Event: Hangup\r\nUniqueid: 1\x00.1\r\n\r\n", 7, "binary"),
        (GREETING + LOGIN + b"Event: CEL\r\nUniqueid: 1\x00.1\r\n\r\n" + HANGUP, 7, "binary"),
        (GREETING + LOGIN + CREATED + b"Event: Hangup\r\nbroken\r\nUniq", 11, "broken"),
        (GREETING + LOGIN + b"Event: X\r\nA: " + b"x" * 5_000_000, 6, "no end of a message"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_damaged_or_foreign_file_is_refused_with_its_line(file: Path, data: bytes, line: int, word: str) -> None:
    file.write_bytes(data)
    error = error_of(file)
    assert error.line == line
    assert word in error.reason
    packed = file.with_suffix(".gz")
    packed.write_bytes(gzip.compress(data))
    assert (error_of(packed).line, error_of(packed).reason) == (error.line, error.reason)


def test_messages_before_the_damage_are_delivered(file: Path) -> None:
    file.write_bytes(GREETING + LOGIN + CREATED + b"GARBAGE\r\n\r\n")
    taken, error = until_error(file)
    assert [message.event for message in taken] == ["", "Newchannel"]
    assert error is not None


def test_line_counts_extra_empty_lines(file: Path) -> None:
    file.write_bytes(GREETING + LOGIN + b"\r\n\r\n\r\n" + b"GARBAGE\r\n\r\n")
    assert error_of(file).line == 9


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert "No such file" in error_of(tmp_path / "absent.ami").reason
    assert "directory" in error_of(tmp_path).reason.lower()


def test_packed_file_that_is_cut_short_is_refused_after_its_messages(tmp_path: Path) -> None:
    whole = (TRACES / "22_in_queue_ringall.ami.gz").read_bytes()
    cut = tmp_path / "cut.ami.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    taken, error = until_error(cut)
    assert error is not None
    assert "cut short" in error.reason
    assert len(taken) > 10
    assert error.line > 100


@pytest.mark.parametrize("place", [0.3, 0.9, 0.999])
def test_packed_file_with_a_flipped_byte_is_refused(tmp_path: Path, place: float) -> None:
    data = bytearray((TRACES / "22_in_queue_ringall.ami.gz").read_bytes())
    data[int(len(data) * place)] ^= 0x55
    damaged = tmp_path / "damaged.ami.gz"
    damaged.write_bytes(data)
    error_of(damaged)


def test_packed_parts_put_together_are_read(tmp_path: Path) -> None:
    both = tmp_path / "both.ami.gz"
    both.write_bytes(gzip.compress(GREETING + CREATED) + gzip.compress(GREETING + HANGUP) + b"\0" * 512)
    assert events(both) == ["Newchannel", "Hangup"]


def test_packed_file_with_a_foreign_tail_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tail.ami.gz"
    path.write_bytes(gzip.compress(GREETING + HANGUP) + b"trailing garbage")
    assert "damaged" in error_of(path).reason


def test_archive_that_unpacks_to_gigabytes_does_not_fill_the_memory(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.ami.gz"
    with gzip.open(bomb, "wb", 1) as file:
        for _ in range(64):
            file.write(b"\0" * 1_000_000)
    assert error_of(bomb).line == 1


lines = st.sampled_from([b"", b"", b"A: b", b"A:", b"A: b:", b"no colon", b"A: x\ny", b"\n"])


@given(st.lists(lines, max_size=12))
@settings(deadline=None)
def test_quick_look_never_misses_a_line_without_a_colon(parts: list[bytes]) -> None:
    data = b"\r\n".join([b"Event: X", *parts, b"B: c", b""])
    if any(part and b":" not in part for part in parts):
        assert needs_a_look(data)
    assert needs_a_look(data + b"\0")
    assert not needs_a_look(b"Event: X\r\nA: b:\r\nC:\r\n\r\n\r\nEvent: Y\r\n\r\n")


@given(data=st.binary(max_size=600))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_gives_messages_or_a_transcript_error(file: Path, data: bytes) -> None:
    for head in (b"", GREETING, GREETING + LOGIN, b"\x1f\x8b\x08"):
        file.write_bytes(head + data)
        taken, error = until_error(file)
        assert all(isinstance(message, Message) for message in taken)
        assert error is None or error.line >= 1


def test_blocks_of_a_recording_are_whole_in_any_read_size(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = gzip.decompress((TRACES / "16_in_park_retrieve.ami.gz").read_bytes())
    file.write_bytes(data)
    whole = list(TranscriptFile(file, []))
    for size in (17, 100, 4096):
        monkeypatch.setattr("itgrix_module.asterisk.transcript_file.CHUNK", size)
        assert list(TranscriptFile(file, [])) == whole
