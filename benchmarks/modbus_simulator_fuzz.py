"""Fuzzed requests into the virtual Modbus devices, as their server takes them off a socket."""

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from pymodbus.framer import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.server.requesthandler import ServerRequestHandler
from pymodbus.simulator import SimDevice

from benchmarks.fuzzed_frames import fuzzed
from benchmarks.fuzzing import Case, Maker, UncaughtError, only, run_at_once
from benchmarks.modbus_fuzz import questions, sealed
from ems.config import load_district
from ems.devices.modbus_frames import Frames, HeaderFrames, SerialFrames
from ems.devices.modbus_messages import Question, read_question
from ems.domain.district import District
from simulations.image import ProcessImage
from simulations.modbus_servers import VirtualDevice

_DEVICES = ("D1-0101", "CP-01", "PV-A1", "HP-1")


def simulators() -> Mapping[str, Maker]:
    """The virtual devices, behind each kind of frame."""
    return {
        "Modbus TCP simulator": partial(simulator_case, FramerType.SOCKET),
        "Modbus RTU simulator": partial(simulator_case, FramerType.RTU),
    }


def simulator_case(framer: FramerType) -> Case:
    """Requests to the virtual devices, as their server takes them off a socket."""
    logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)
    district = load_district()
    image = ProcessImage.create(district)
    loop = asyncio.new_event_loop()
    trouble: list[Exception] = []
    handler, sent = loop.run_until_complete(_handler(district, image, framer, trouble))
    valid = [_request(framer, question) for question, _, _ in questions()]
    valid += [
        _request(framer, read_question("holding", address, count))
        for address, count in ((0, 20), (40000, 60), (1000, 2), (40070, 52))
    ]

    def case(random: Random) -> None:
        frame = fuzzed(random, valid)
        frame = sealed(random, frame) if framer is FramerType.RTU else frame
        handler.recv_buffer = b""
        handler.last_pdu = None
        with only(UncaughtError, lambda: frame):
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
