"""Our client reads and commands servers that others wrote, on TCP and on a serial line."""

import struct
from pathlib import Path

import foreign_modbus_servers as foreign
import pytest
from foreign_modbus_servers import BITS, SIZE, UNIT, WORDS
from pyModbusTCP.server import DataBank, ModbusServer
from sunspec2.device import Model as AllianceModel

from ems.devices.maps import load_map
from ems.devices.modbus import ModbusConnection
from ems.devices.modbus_link import ModbusLink
from ems.devices.sunspec import BASE, END, MARK
from ems.domain.district import Device, DeviceKind, Protocol
from ems.domain.errors import DeviceRejectedError, DeviceReplyInvalidError
from ems.domain.modbus_address import modbus_address
from ems.domain.points import Quality


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


def by_the_alliance(model: int, figures: dict[str, int]) -> list[int]:
    """The registers of a model as the SunSpec Alliance's own library lays them out."""
    laid = AllianceModel(model)
    for name, raw in figures.items():
        getattr(laid, name).value = raw
    return [word for (word,) in struct.iter_unpack(">H", laid.get_mb())]


async def test_an_inverter_laid_out_by_the_alliance_s_library_is_read_and_limited() -> None:
    common = by_the_alliance(1, {"DA": UNIT})
    output = by_the_alliance(
        103,
        {"W": 4120, "W_SF": 1, "WH": 1_234_567, "WH_SF": 0, "Hz": 5002, "Hz_SF": -2, "St": 4,
         "A": 593, "A_SF": -1, "PhVphA": 2301, "V_SF": -1},
    )  # fmt: skip
    controls = by_the_alliance(123, {"WMaxLimPct": 1000, "WMaxLimPct_SF": -1, "WMaxLim_Ena": 0})
    words = [*MARK, *common, *output, *controls, END, 0]
    bank = DataBank(h_regs_size=65536)
    bank.set_holding_registers(BASE, words)
    server = ModbusServer(foreign.HOST, 8299, no_block=True, data_bank=bank)
    server.start()
    pv = Device(
        id="PV-A1", kind=DeviceKind.PV_INVERTER, map="pv-sunspec", serves="A1",
        protocol=Protocol.SUNSPEC, host=foreign.HOST, port=8299, unit=UNIT,
    )  # fmt: skip
    points = load_map("pv-sunspec").points
    connection = ModbusConnection(modbus_address(pv.host, pv.port))
    values = await connection.read(pv, list(points.values()))
    assert values["power_kw"] == (pytest.approx(41.2), Quality.GOOD)
    assert values["energy_kwh"] == (pytest.approx(1234.567), Quality.GOOD)
    assert values["frequency_hz"] == (pytest.approx(50.02), Quality.GOOD)
    assert values["voltage_v"] == (pytest.approx(230.1), Quality.GOOD)
    assert values["cabinet_temp_c"][1] is Quality.DEVICE_INVALID, "it has no such sensor"
    await connection.write(pv, {points["power_limit_pct"]: 62.5, points["limit_enable"]: 1.0})
    start = BASE + len(MARK) + len(common) + len(output)
    laid = AllianceModel(123)
    laid.set_mb(struct.pack(">26H", *bank.get_holding_registers(start, 26)))
    assert laid.WMaxLimPct.cvalue == pytest.approx(62.5)
    assert laid.WMaxLim_Ena.value == 1
    await connection.close()
    server.stop()
