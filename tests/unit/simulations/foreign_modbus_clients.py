"""Modbus clients that others wrote, each telling the same story: write coils and a limit, read all.

Each takes host, port and unit and returns what it saw: words and bits as numbers, and the exception
code with which a register that does not exist is refused.
"""

import ctypes
import json
import re
import socket
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from peers_installed import (
    SCRIPTS,
    needs_libmodbus,
    needs_node_package,
    needs_program,
    node_environment,
)
from pyModbusTCP.client import ModbusClient
from scapy.contrib import modbus as scapy
from umodbus.client import tcp as umodbus
from umodbus.exceptions import IllegalDataAddressError

LIMIT = [0x3039, 0]

Seen = dict[str, Any]


def py_modbus_tcp(host: str, port: int, unit: int) -> Seen:
    client = ModbusClient(host=host, port=port, unit_id=unit, timeout=3)
    assert client.write_multiple_coils(17, [True, True])
    assert client.write_single_coil(18, False)
    assert client.write_multiple_registers(7, LIMIT)
    seen = {
        "holding": client.read_holding_registers(0, 3),
        "input": client.read_input_registers(0, 4),
        "discrete": [int(bit) for bit in client.read_discrete_inputs(21, 3) or ()],
        "coils": [int(bit) for bit in client.read_coils(17, 2) or ()],
        "limit": client.read_holding_registers(7, 2),
    }
    assert client.read_holding_registers(9999, 1) is None
    seen["refused"] = client.last_except
    client.close()
    return seen


def u_modbus(host: str, port: int, unit: int) -> Seen:
    with socket.create_connection((host, port), 3) as line:

        def ask(frame: bytes) -> Any:
            return umodbus.send_message(frame, line)

        ask(umodbus.write_multiple_coils(unit, 17, [1, 1]))
        ask(umodbus.write_single_coil(unit, 18, 0))
        ask(umodbus.write_multiple_registers(unit, 7, LIMIT))
        seen = {
            "holding": ask(umodbus.read_holding_registers(unit, 0, 3)),
            "input": ask(umodbus.read_input_registers(unit, 0, 4)),
            "discrete": ask(umodbus.read_discrete_inputs(unit, 21, 3)),
            "coils": ask(umodbus.read_coils(unit, 17, 2)),
            "limit": ask(umodbus.read_holding_registers(unit, 7, 2)),
        }
        with pytest.raises(IllegalDataAddressError) as refusal:
            ask(umodbus.read_holding_registers(unit, 9999, 1))
        return {**seen, "refused": refusal.value.error_code}


def of_scapy(host: str, port: int, unit: int) -> Seen:
    with socket.create_connection((host, port), 3) as line:

        def ask(pdu: Any) -> Any:
            line.sendall(bytes(scapy.ModbusADURequest(transId=77, unitId=unit) / pdu))
            answer = scapy.ModbusADUResponse(line.recv(300))
            assert (answer.transId, answer.protoId, answer.unitId) == (77, 0, unit)
            return answer.payload

        ask(
            scapy.ModbusPDU0FWriteMultipleCoilsRequest(
                startAddr=17, quantityOutput=2, outputsValue=[3]
            )
        )
        ask(scapy.ModbusPDU05WriteSingleCoilRequest(outputAddr=18, outputValue=0))
        ask(
            scapy.ModbusPDU10WriteMultipleRegistersRequest(
                startAddr=7, quantityRegisters=2, outputsValue=LIMIT
            )
        )
        discrete = ask(scapy.ModbusPDU02ReadDiscreteInputsRequest(startAddr=21, quantity=3))
        coils = ask(scapy.ModbusPDU01ReadCoilsRequest(startAddr=17, quantity=2))
        return {
            "holding": ask(scapy.ModbusPDU03ReadHoldingRegistersRequest(quantity=3)).registerVal,
            "input": ask(scapy.ModbusPDU04ReadInputRegistersRequest(quantity=4)).registerVal,
            "discrete": [discrete.inputStatus[0] >> n & 1 for n in range(3)],
            "coils": [coils.coilStatus[0] >> n & 1 for n in range(2)],
            "limit": ask(
                scapy.ModbusPDU03ReadHoldingRegistersRequest(startAddr=7, quantity=2)
            ).registerVal,
            "refused": ask(scapy.ModbusPDU03ReadHoldingRegistersRequest(startAddr=9999)).exceptCode,
        }


def of_mbpoll(target: Sequence[str], unit: int) -> Seen:
    """`target` is how mbpoll is told of a host or of a serial line."""

    def poll(table: int, first: int, count: int, *values: int) -> list[int]:
        asked = ["mbpoll", "-a", str(unit), "-0", "-1", "-q", "-t", str(table), "-r", str(first)]
        amount = [] if values else ["-c", str(count)]
        written = [str(value) for value in values]
        ended = subprocess.run(
            [*asked, *amount, *target, *written], capture_output=True, text=True, timeout=20,
            check=False,
        )  # fmt: skip
        if "Illegal data address" in ended.stdout + ended.stderr:
            return [-2]
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return [
            int(word) & 0xFFFF for word in re.findall(r"^\[\d+\]:\s+(-?\d+)", ended.stdout, re.M)
        ]

    poll(0, 17, 2, 1, 1)
    poll(0, 18, 1, 0)
    poll(4, 7, 2, *LIMIT)
    return {
        "holding": poll(4, 0, 3),
        "input": poll(3, 0, 4),
        "discrete": poll(1, 21, 3),
        "coils": poll(0, 17, 2),
        "limit": poll(4, 7, 2),
        "refused": -poll(4, 9999, 1)[0],
    }


def mbpoll_on_tcp(host: str, port: int, unit: int) -> Seen:
    needs_program("mbpoll")
    return of_mbpoll(["-p", str(port), host], unit)


def mbpoll_on_a_line(path: str, unit: int) -> Seen:
    needs_program("mbpoll")
    return of_mbpoll(["-m", "rtu", "-b", "115200", "-P", "none", path], unit)


def libmodbus(host: str, port: int, unit: int) -> Seen:
    library = ctypes.CDLL(needs_libmodbus(), use_errno=True)
    library.modbus_new_tcp.restype = ctypes.c_void_p
    line = ctypes.c_void_p(library.modbus_new_tcp(host.encode(), port))
    library.modbus_set_slave(line, unit)
    assert library.modbus_connect(line) == 0
    try:
        library.modbus_write_bits(line, 17, 2, bytes([1, 1]))
        library.modbus_write_bit(line, 18, 0)
        library.modbus_write_registers(line, 7, 2, (ctypes.c_uint16 * 2)(*LIMIT))
        reads = {
            "holding": (library.modbus_read_registers, 0, (ctypes.c_uint16 * 3)()),
            "input": (library.modbus_read_input_registers, 0, (ctypes.c_uint16 * 4)()),
            "discrete": (library.modbus_read_input_bits, 21, (ctypes.c_uint8 * 3)()),
            "coils": (library.modbus_read_bits, 17, (ctypes.c_uint8 * 2)()),
            "limit": (library.modbus_read_registers, 7, (ctypes.c_uint16 * 2)()),
        }
        for read, address, room in reads.values():
            assert read(line, address, len(room), room) == len(room)
        nothing = (ctypes.c_uint16 * 1)()
        assert library.modbus_read_registers(line, 9999, 1, nothing) == -1
        refused = ctypes.get_errno() - LIBMODBUS_ERRORS
        return {**{name: list(read[2]) for name, read in reads.items()}, "refused": refused}
    finally:
        library.modbus_close(line)
        library.modbus_free(line)


def of_node(library: str) -> Callable[[str, int, int], Seen]:
    def talk(host: str, port: int, unit: int) -> Seen:
        needs_node_package(library.removesuffix("-rtu"))
        script = SCRIPTS / "modbus_client.js"
        ended = subprocess.run(
            ["node", str(script), library, host, str(port), str(unit)],
            capture_output=True, text=True, timeout=30, check=False, env=node_environment(),
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        seen: Seen = json.loads(ended.stdout)
        return seen

    return talk


LIBMODBUS_ERRORS = 112345678
"""Exception codes are numbered from here (modbus.h)."""
