"""Modbus servers that others wrote: register n holds 1000 + n, every third bit is set.

Each is a context that gives the address of a server with `SIZE` places in each of the four tables.
"""

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import count
from pathlib import Path
from socketserver import ThreadingTCPServer
from typing import Any

from peers_installed import SCRIPTS, needs_libmodbus, needs_node_package, node_environment
from pyModbusTCP.server import DataBank, ModbusServer
from scapy.contrib import modbus as scapy
from umodbus.server.tcp import RequestHandler, get_server

from ems.domain.modbus_address import ModbusAddress, SerialAddress, TcpAddress
from simulations.serial_lines import SerialLine

HOST = "127.82.0.1"
SIZE = 100
WORDS = [1000 + n for n in range(SIZE)]
BITS = [n % 3 == 0 for n in range(SIZE)]
UNIT = 7

Serving = Callable[[Path], AbstractContextManager[ModbusAddress]]
_ports = count(8201)


@contextmanager
def py_modbus_tcp(_: Path) -> Iterator[ModbusAddress]:
    bank = DataBank(coils_size=SIZE, d_inputs_size=SIZE, h_regs_size=SIZE, i_regs_size=SIZE)
    bank.set_holding_registers(0, WORDS)
    bank.set_input_registers(0, WORDS)
    bank.set_coils(0, BITS)
    bank.set_discrete_inputs(0, BITS)
    port = next(_ports)
    server = ModbusServer(HOST, port, no_block=True, data_bank=bank)
    server.start()
    try:
        yield TcpAddress(host=HOST, port=port)
    finally:
        server.stop()


@contextmanager
def u_modbus(_: Path) -> Iterator[ModbusAddress]:
    port = next(_ports)
    server = get_server(ThreadingTCPServer, (HOST, port), RequestHandler)
    server.daemon_threads = True
    words, bits = list(WORDS), [int(bit) for bit in BITS]

    def kept(values: list[int]) -> Callable[..., int | None]:
        def answer(slave_id: int, function_code: int, address: int, value: int = 0) -> int | None:
            if function_code > 4:
                values[address] = value
                return None
            return values[address]

        return answer

    for codes, values in (((3, 4, 6, 16), words), ((1, 2, 5, 15), bits)):
        server.route(slave_ids=[UNIT], function_codes=codes, addresses=range(SIZE))(kept(values))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield TcpAddress(host=HOST, port=port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def of_scapy(_: Path) -> Iterator[ModbusAddress]:
    """Requests taken apart and answers put together by scapy."""
    listening = socket.create_server((HOST, 0))
    words, bits = list(WORDS), list(BITS)

    def serve() -> None:
        with suppress(OSError):
            taken, _ = listening.accept()
            with taken:
                while frame := taken.recv(300):
                    asked = scapy.ModbusADURequest(frame)
                    pdu = _by_scapy(asked.payload, words, bits)
                    head = scapy.ModbusADUResponse(transId=asked.transId, unitId=asked.unitId)
                    taken.sendall(bytes(head / pdu))

    threading.Thread(target=serve, daemon=True).start()
    with listening:
        yield TcpAddress(host=HOST, port=listening.getsockname()[1])


def _by_scapy(pdu: Any, words: list[int], bits: list[bool]) -> Any:
    start = pdu.fields.get("startAddr", 0)
    if start >= SIZE:
        return scapy.ModbusPDU03ReadHoldingRegistersError(exceptCode=2)
    match pdu:
        case scapy.ModbusPDU03ReadHoldingRegistersRequest():
            values = words[start : start + pdu.quantity]
            return scapy.ModbusPDU03ReadHoldingRegistersResponse(registerVal=values)
        case scapy.ModbusPDU04ReadInputRegistersRequest():
            values = words[start : start + pdu.quantity]
            return scapy.ModbusPDU04ReadInputRegistersResponse(registerVal=values)
        case scapy.ModbusPDU01ReadCoilsRequest():
            return scapy.ModbusPDU01ReadCoilsResponse(coilStatus=_packed(bits, start, pdu.quantity))
        case scapy.ModbusPDU02ReadDiscreteInputsRequest():
            packed = _packed(bits, start, pdu.quantity)
            return scapy.ModbusPDU02ReadDiscreteInputsResponse(inputStatus=packed)
        case scapy.ModbusPDU10WriteMultipleRegistersRequest():
            words[start : start + pdu.quantityRegisters] = pdu.outputsValue
            return scapy.ModbusPDU10WriteMultipleRegistersResponse(
                startAddr=start, quantityRegisters=pdu.quantityRegisters
            )
        case scapy.ModbusPDU06WriteSingleRegisterRequest():
            words[pdu.registerAddr] = pdu.registerValue
            return scapy.ModbusPDU06WriteSingleRegisterResponse(
                registerAddr=pdu.registerAddr, registerValue=pdu.registerValue
            )
        case scapy.ModbusPDU05WriteSingleCoilRequest():
            bits[pdu.outputAddr] = pdu.outputValue == 0xFF00
            return scapy.ModbusPDU05WriteSingleCoilResponse(
                outputAddr=pdu.outputAddr, outputValue=pdu.outputValue
            )
    number = int.from_bytes(bytes(pdu.outputsValue), "little")
    bits[start : start + pdu.quantityOutput] = [
        bool(number >> n & 1) for n in range(pdu.quantityOutput)
    ]
    return scapy.ModbusPDU0FWriteMultipleCoilsResponse(
        startAddr=start, quantityOutput=pdu.quantityOutput
    )


def _packed(bits: list[bool], start: int, quantity: int) -> list[int]:
    number = sum(1 << n for n, bit in enumerate(bits[start : start + quantity]) if bit)
    return list(number.to_bytes(-(-quantity // 8), "little"))


@contextmanager
def _program(command: Sequence[str], address: ModbusAddress) -> Iterator[ModbusAddress]:
    """A server in a process of its own, ended with the context."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=node_environment()) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == b"ready\n"
            yield address
        finally:
            server.terminate()


def of_node(library: str) -> Serving:
    """A server of `tests/peers/modbus_server.js`."""

    def serving(_: Path) -> AbstractContextManager[ModbusAddress]:
        needs_node_package(library)
        port = next(_ports)
        command = ["node", str(SCRIPTS / "modbus_server.js"), library, HOST, str(port)]
        return _program(command, TcpAddress(host=HOST, port=port))

    return serving


def libmodbus(_: Path) -> AbstractContextManager[ModbusAddress]:
    """A server of `tests/peers/libmodbus_server.py`."""
    needs_libmodbus()
    port = next(_ports)
    command = [sys.executable, str(SCRIPTS / "libmodbus_server.py"), "tcp", HOST, str(port)]
    return _program(command, TcpAddress(host=HOST, port=port))


@contextmanager
def libmodbus_on_a_line(folder: Path) -> Iterator[ModbusAddress]:
    """The same at one end of a serial line, our address at the other."""
    needs_libmodbus()
    line = SerialLine(str(folder / "line"))
    command = [sys.executable, str(SCRIPTS / "libmodbus_server.py"), "rtu", line.far_end, str(UNIT)]
    address = SerialAddress(path=str(folder / "line"), baud=115200, parity="N", stop_bits=1)
    try:
        with _program(command, address):
            yield address
    finally:
        line.close()
