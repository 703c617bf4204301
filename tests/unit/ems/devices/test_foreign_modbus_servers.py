"""Our client reads and commands servers that others wrote, on TCP and on a serial line."""

from pathlib import Path

import foreign_modbus_servers as foreign
import pytest
from foreign_modbus_servers import BITS, SIZE, UNIT, WORDS

from ems.devices.modbus_link import ModbusLink
from ems.domain.errors import DeviceRejectedError, DeviceReplyInvalidError


@pytest.mark.parametrize(
    ("serving", "refusal"),
    [
        (foreign.py_modbus_tcp, "exception 2"),
        (foreign.u_modbus, "exception 2"),
        (foreign.of_scapy, "exception 2"),
        (foreign.of_node("modbus-serial"), "exception 2"),
        (foreign.of_node("jsmodbus"), "answers with 9 bytes, not 11"),  # an empty list
        (foreign.libmodbus, "exception 2"),
        (foreign.libmodbus_on_a_line, "exception 2"),
    ],
    ids=["pyModbusTCP", "uModbus", "scapy", "modbus-serial", "jsmodbus", "libmodbus",
         "libmodbus on a serial line"],
)  # fmt: skip
async def test_a_foreign_server_is_read_and_commanded(
    serving: foreign.Serving, refusal: str, tmp_path: Path
) -> None:
    with serving(tmp_path) as address:
        link = ModbusLink(address, timeout_s=3.0)
        assert await link.read(UNIT, "holding", 0, SIZE) == WORDS
        assert await link.read(UNIT, "input", 3, 20) == WORDS[3:23]
        assert await link.read(UNIT, "coil", 1, 77) == BITS[1:78]
        assert await link.read(UNIT, "discrete", 0, 3) == BITS[:3]
        await link.write(UNIT, 40, [1, 65535, 3])
        await link.write(UNIT, 43, [4], single=True)
        await link.write(UNIT, 50, [1, 1, 0, 1, 0, 0, 1, 1, 1], table="coil")
        await link.write(UNIT, 60, [0], table="coil", single=True)
        assert await link.read(UNIT, "holding", 39, 6) == [1039, 1, 65535, 3, 4, 1044]
        assert await link.read(UNIT, "coil", 50, 11) == [1, 1, 0, 1, 0, 0, 1, 1, 1, 0, 0]
        with pytest.raises((DeviceRejectedError, DeviceReplyInvalidError), match=refusal):
            await link.read(UNIT, "holding", 5000, 1)
        assert await link.read(UNIT, "holding", 99, 1) == [1099], "the refusal left nothing behind"
        await link.close()
