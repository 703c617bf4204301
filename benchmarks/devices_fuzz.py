"""Fuzzed frames into each Modbus decoder and simulator: nothing may come out that nobody expects.

A decoder may give an answer, ask for more, or refuse with the error that it names; an answer must
then be exactly what was asked for. A simulator may answer or not. Anything else is counted as
uncaught, and its frame is told with the seed.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from pymodbus.framer import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.server.requesthandler import ServerRequestHandler
from pymodbus.simulator import SimDevice

from benchmarks.figures import Figure
from benchmarks.fuzzed_frames import fuzzed
from ems.config import load_district
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
from ems.domain.district import District
from ems.domain.errors import DeviceReplyInvalidError
from simulations.image import ProcessImage
from simulations.modbus_servers import VirtualDevice
from simulations.register_tables import tables_of

FULL, QUICK = 1_000_000, 5_000
UNIT = 7
_READS: tuple[tuple[Table, int, int], ...] = (
    ("holding", 0, 4), ("input", 100, 125), ("coil", 5, 19), ("discrete", 0, 1),
)  # fmt: skip
_DEVICES = ("D1-0101", "CP-01", "PV-A1", "HP-1")

Case = Callable[[Random], None]
"""Puts one fuzzed frame in; raises what nobody expects."""


class UncaughtError(Exception):
    """What came out of a target, and the frame that brought it about."""


def figures(quick: bool, seed: int) -> list[Figure]:
    """How many of a million frames brought something unexpected out of each target."""
    count = QUICK if quick else FULL
    logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)
    return [
        Figure(
            name=f"{name}: uncaught in {count:,} fuzzed frames (seed {seed})",
            value=uncaught(case, count, seed),
            unit="",
            goal=0,
        )
        for name, case in targets().items()
    ]


def uncaught(case: Case, count: int, seed: int) -> int:
    """How many of `count` frames did; each is told."""
    random = Random(seed)  # noqa: S311 no secret, but repeatable
    found = 0
    for _ in range(count):
        try:
            case(random)
        except UncaughtError as error:
            found += 1
            print(f"seed {seed}: {error}")
    return found


def targets() -> Mapping[str, Case]:
    """Every decoder and simulator."""
    return {
        "Modbus TCP decoder": frames_case(HeaderFrames),
        "Modbus RTU decoder": frames_case(SerialFrames),
        "Modbus message decoder": message_case(),
        "SunSpec decoder": sunspec_case(),
        "Modbus TCP simulator": simulator_case(FramerType.SOCKET),
        "Modbus RTU simulator": simulator_case(FramerType.RTU),
    }


def _questions() -> list[tuple[Question, bytes, tuple[Table, int, int] | None]]:
    """Questions with their right answers, and what they read."""
    asked: list[tuple[Question, bytes, tuple[Table, int, int] | None]] = []
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


@contextmanager
def _only(allowed: type[Exception], what: Callable[[], bytes]) -> Iterator[None]:
    """Pass `allowed`; tell everything else with its frame."""
    try:
        yield
    except (allowed, UncaughtError) as error:
        if isinstance(error, UncaughtError):
            raise
    except (ArithmeticError, LookupError, ValueError, TypeError, AttributeError, OSError) as error:
        raise UncaughtError(f"{error!r} from {what().hex(' ')}") from error
    except AssertionError as error:
        raise UncaughtError(f"{error!r} from {what().hex(' ')}") from error


def frames_case(kind: type[HeaderFrames] | type[SerialFrames]) -> Case:
    """Answers in their frames, in pieces as the network brings them."""
    asked = _questions()
    frames: Frames = kind()

    def wrapped(answer: bytes, sent: bytes) -> bytes:
        if kind is SerialFrames:
            return with_checksum(bytes((UNIT,)) + answer)
        return sent[:4] + (len(answer) + 1).to_bytes(2, "big") + bytes((UNIT,)) + answer

    def case(random: Random) -> None:
        question, right, read = random.choice(asked)
        sent = frames.wrap(UNIT, question)
        frame = fuzzed(random, [wrapped(right, sent), wrapped(bytes((right[0] | 128, 2)), sent)])
        frame = _sealed(random, frame) if kind is SerialFrames else frame
        cut = random.randint(0, len(frame))
        heard = bytearray()
        with _only(NotAReplyError, lambda: frame):
            for part in (frame[:cut], frame[cut:]):
                heard += part
                if (answer := frames.unwrap(heard)) is not None:
                    _believed(question, answer, read)
                    return
            frames.given_up()

    return case


def _sealed(random: Random, frame: bytes) -> bytes:
    """Every other frame with a right checksum, so that it is not refused for that alone."""
    return with_checksum(frame[:-2]) if random.random() < 0.5 else frame


def message_case() -> Case:
    """Answers without a frame."""
    asked = _questions()

    def case(random: Random) -> None:
        question, right, read = random.choice(asked)
        answer = fuzzed(random, [right, bytes((right[0] | 128, 2))])
        with _only(NotAReplyError, lambda: answer):
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

        with _only(DeviceReplyInvalidError, lambda: memory):
            for place in run_at_once(locate(read, maps[number].points.values())).values():
                if place.register.end > 65536:
                    raise UncaughtError(f"{place.register} from {memory.hex(' ')}")

    return case


def run_at_once(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    coroutine.close()
    raise UncaughtError("it waits")


def simulator_case(framer: FramerType) -> Case:
    """Requests to the virtual devices, as their server takes them off a socket."""
    district = load_district()
    image = ProcessImage.create(district)
    loop = asyncio.new_event_loop()
    trouble: list[Exception] = []
    handler, sent = loop.run_until_complete(_handler(district, image, framer, trouble))
    valid = [_request(framer, question) for question, _, _ in _questions()]
    valid += [
        _request(framer, read_question("holding", address, count))
        for address, count in ((0, 20), (40000, 60), (1000, 2), (40070, 52))
    ]

    def case(random: Random) -> None:
        frame = fuzzed(random, valid)
        frame = _sealed(random, frame) if framer is FramerType.RTU else frame
        handler.recv_buffer = b""
        handler.last_pdu = None
        with _only(UncaughtError, lambda: frame):
            handler.callback_data(frame)
            run_at_once(handler.handle_request())  # type: ignore[no-untyped-call]
        sent.clear()
        if trouble:
            error = trouble.pop()
            trouble.clear()
            raise UncaughtError(f"{error!r} from {frame.hex(' ')}")

    return case


def _request(framer: FramerType, question: Question) -> bytes:
    frames: Frames = SerialFrames() if framer is FramerType.RTU else HeaderFrames()
    return frames.wrap(1, question)


async def _handler(
    district: District, image: ProcessImage, framer: FramerType, trouble: list[Exception]
) -> tuple[ServerRequestHandler, list[bytes]]:
    """The server's side of a connection, without one; what the devices raise goes to `trouble`."""
    units = [
        _watched(VirtualDevice(district.devices[name], image), unit, trouble)
        for unit, name in enumerate(_DEVICES, 1)
    ]
    server = ModbusTcpServer(units, framer=framer, ignore_missing_devices=True)
    handler = ServerRequestHandler(server, None, None, None)  # type: ignore[no-untyped-call]
    sent: list[bytes] = []
    handler.transport = cast(Any, SimpleNamespace(write=sent.append))
    handler.loop = cast(Any, SimpleNamespace(call_soon=lambda *_: None))  # handled by the case
    return handler, sent


def _watched(device: VirtualDevice, unit: int, trouble: list[Exception]) -> SimDevice:
    """The device, where pymodbus would turn what it raises into an answer."""

    async def answer(*asked: Any) -> Any:
        try:
            return await device.answer(*asked)
        except (ArithmeticError, LookupError, ValueError, TypeError, AttributeError) as error:
            trouble.append(error)
            raise

    return SimDevice(unit, simdata=device.registers(), action=answer)
