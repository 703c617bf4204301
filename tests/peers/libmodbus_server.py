"""A server of libmodbus: python libmodbus_server.py tcp HOST PORT, or rtu PATH UNIT.

Prints "ready" when it serves; register n holds 1000 + n, every third bit is set.
"""

import ctypes
import ctypes.util
import os
import sys

SIZE = 100
REQUEST_MAX = 260


class Mapping(ctypes.Structure):
    """`modbus_mapping_t` of modbus.h."""

    _fields_ = (
        *((name, ctypes.c_int) for name in (
            "nb_bits", "start_bits", "nb_input_bits", "start_input_bits",
            "nb_input_registers", "start_input_registers", "nb_registers", "start_registers",
        )),
        ("tab_bits", ctypes.POINTER(ctypes.c_uint8)),
        ("tab_input_bits", ctypes.POINTER(ctypes.c_uint8)),
        ("tab_input_registers", ctypes.POINTER(ctypes.c_uint16)),
        ("tab_registers", ctypes.POINTER(ctypes.c_uint16)),
    )  # fmt: skip


def main() -> None:
    """Serve until the process is ended."""
    library = ctypes.CDLL(ctypes.util.find_library("modbus"), use_errno=True)
    library.modbus_mapping_new.restype = ctypes.POINTER(Mapping)
    for maker in (library.modbus_new_tcp, library.modbus_new_rtu):
        maker.restype = ctypes.c_void_p
    held = library.modbus_mapping_new(SIZE, SIZE, SIZE, SIZE)
    for n in range(SIZE):
        held.contents.tab_registers[n] = held.contents.tab_input_registers[n] = 1000 + n
        held.contents.tab_bits[n] = held.contents.tab_input_bits[n] = n % 3 == 0
    way, *where = sys.argv[1:]
    (on_tcp if way == "tcp" else on_line)(library, held, *where)


def on_tcp(library: ctypes.CDLL, held: object, host: str, port: str) -> None:
    """Serve one client after the other."""
    line = ctypes.c_void_p(library.modbus_new_tcp(host.encode(), int(port)))
    listening = ctypes.c_int(library.modbus_tcp_listen(line, 1))
    print("ready", flush=True)
    while library.modbus_tcp_accept(line, ctypes.byref(listening)) >= 0:
        serve(library, line, held)


def on_line(library: ctypes.CDLL, held: object, path: str, unit: str) -> None:
    """Serve on a serial line."""
    made = library.modbus_new_rtu(path.encode(), 115200, ctypes.c_char(b"N"), 8, 1)
    line = ctypes.c_void_p(made)
    library.modbus_set_slave(line, int(unit))
    if library.modbus_connect(line) < 0:
        sys.exit(os.strerror(ctypes.get_errno()))
    print("ready", flush=True)
    serve(library, line, held)


def serve(library: ctypes.CDLL, line: ctypes.c_void_p, held: object) -> None:
    """Answer until the client leaves."""
    request = (ctypes.c_uint8 * REQUEST_MAX)()
    while (length := library.modbus_receive(line, request)) >= 0:
        if length:
            library.modbus_reply(line, request, length, held)


main()
