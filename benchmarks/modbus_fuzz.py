"""Fuzzed frames into each Modbus decoder.

A decoder may give an answer, ask for more, or refuse with the error that it names; an answer must
then be exactly what was asked for.
"""

from collections.abc import Mapping
from functools import partial
from random import Random

from benchmarks.fuzzed_frames import fuzzed
from benchmarks.fuzzing import Case, Maker, UncaughtError, only, run_at_once
from ems.devices.maps import load_map
from ems.devices.modbus_frames import Frames, HeaderFrames, SerialFrames, with_checksum
from ems.devices.modbus_messages import (
    NotAReplyError,
    Question,
    read_question,
    refusal_of,
    words_in,
    write_question,
)
from ems.devices.registers import Table
from ems.devices.sunspec import BASE, locate
from ems.domain.errors import DeviceReplyInvalidError
from simulations.register_tables import tables_of

UNIT = 7
_READS: tuple[tuple[Table, int, int], ...] = (
    ("holding", 0, 4), ("input", 100, 125), ("coil", 5, 19), ("discrete", 0, 1),
)  # fmt: skip

Asked = tuple[Question, bytes, tuple[Table, int, int] | None]
"""A question, its right answer, and what it reads."""


def decoders() -> Mapping[str, Maker]:
    """Every decoder."""
    return {
        "Modbus TCP decoder": partial(frames_case, HeaderFrames),
        "Modbus RTU decoder": partial(frames_case, SerialFrames),
        "Modbus message decoder": message_case,
        "SunSpec decoder": sunspec_case,
    }


def questions() -> list[Asked]:
    """Questions with their right answers, and what they read."""
    asked: list[Asked] = []
    for table, address, count in _READS:
        question = read_question(table, address, count)
        body = bytes(range(1, question.length - 1))
        asked.append((question, question.head + body, (table, address, count)))
    written = write_question("holding", 5, [1, 2, 3]), write_question("coil", 5, [1] * 9)
    return [*asked, *((question, question.head, None) for question in written)]


def _believed(question: Question, answer: bytes, read: tuple[Table, int, int] | None) -> None:
    """An answer that was let through must be whole.

    Raises:
        UncaughtError: it is not.
    """
    question.check(answer)
    if read is not None and not refusal_of(answer):
        words = words_in(answer, read[0], read[2])
        if len(words) != read[2] or not all(0 <= word <= 0xFFFF for word in words):
            raise UncaughtError(f"{answer.hex(' ')} was believed")


def frames_case(kind: type[HeaderFrames] | type[SerialFrames]) -> Case:
    """Answers in their frames, in pieces as the network brings them."""
    asked = questions()
    frames: Frames = kind()

    def wrapped(answer: bytes, sent: bytes) -> bytes:
        if kind is SerialFrames:
            return with_checksum(bytes((UNIT,)) + answer)
        return sent[:4] + (len(answer) + 1).to_bytes(2, "big") + bytes((UNIT,)) + answer

    def case(random: Random) -> None:
        question, right, read = random.choice(asked)
        sent = frames.wrap(UNIT, question)
        frame = fuzzed(random, [wrapped(right, sent), wrapped(bytes((right[0] | 128, 2)), sent)])
        frame = sealed(random, frame) if kind is SerialFrames else frame
        cut = random.randint(0, len(frame))
        heard = bytearray()
        with only(NotAReplyError, lambda: frame):
            for part in (frame[:cut], frame[cut:]):
                heard += part
                if (answer := frames.unwrap(heard)) is not None:
                    _believed(question, answer, read)
                    return
            frames.given_up()

    return case


def sealed(random: Random, frame: bytes) -> bytes:
    """Every other frame with a right checksum, so that it is not refused for that alone."""
    return with_checksum(frame[:-2]) if random.random() < 0.5 else frame


def message_case() -> Case:
    """Answers without a frame."""
    asked = questions()

    def case(random: Random) -> None:
        question, right, read = random.choice(asked)
        answer = fuzzed(random, [right, bytes((right[0] | 128, 2))])
        with only(NotAReplyError, lambda: answer):
            _believed(question, answer, read)

    return case


def sunspec_case() -> Case:
    """The registers of an inverter and of a battery."""
    maps = [load_map("pv-sunspec"), load_map("battery-sunspec")]
    held = [tables_of(one, "SN")["holding"].words for one in maps]
    valid = [b"".join(w.to_bytes(2, "big") for w in words.values()) for words in held]

    def case(random: Random) -> None:
        number = random.randrange(len(maps))
        memory = fuzzed(random, [valid[number]])

        async def read(address: int, count: int) -> list[int]:
            if not 0 <= address <= 65536 - count:
                raise UncaughtError(f"asked for {count} registers at {address}")
            at = 2 * (address - BASE)
            part = memory[at : at + 2 * count].ljust(2 * count, b"\xff")
            return [int.from_bytes(part[n : n + 2], "big") for n in range(0, 2 * count, 2)]

        with only(DeviceReplyInvalidError, lambda: memory):
            for place in run_at_once(locate(read, maps[number].points.values())).values():
                if place.register.end > 65536:
                    raise UncaughtError(f"{place.register} from {memory.hex(' ')}")

    return case
