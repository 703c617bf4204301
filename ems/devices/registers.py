"""Places in the four tables of a Modbus device, and how numbers lie in them.

A register has 16 bits; longer numbers take several, and makers disagree about which word, and
seldom which byte, comes first. Coils and discrete inputs are single bits.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from ems.devices.point_limits import DOCUMENTED
from ems.domain.bounds import Between

Table = Literal["holding", "input", "coil", "discrete"]
"""The four tables; holding registers and coils can be written."""

BIT_TABLES = frozenset({"coil", "discrete"})
"""Tables of single bits."""

Order = Literal["big", "little"]


class RegisterType(StrEnum):
    """How a number lies in registers of 16 bits, or in a bit."""

    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"
    UINT32 = "uint32"
    INT64 = "int64"
    UINT64 = "uint64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    BIT = "bit"

    @property
    def registers(self) -> int:
        """Registers that it takes; of coils and discrete inputs one."""
        return 1 if self is RegisterType.BIT else int(self.value[-2:]) // 16

    @property
    def is_float(self) -> bool:
        """Whether it holds fractions, and NaN for "no value"."""
        return self in (RegisterType.FLOAT32, RegisterType.FLOAT64)


SENTINELS: dict[RegisterType, tuple[float, ...]] = {
    RegisterType.INT16: (-(2**15),),
    RegisterType.UINT16: (2**16 - 1,),
    RegisterType.INT32: (-(2**31),),
    RegisterType.UINT32: (2**32 - 1,),
    RegisterType.INT64: (-(2**63),),
    RegisterType.UINT64: (2**64 - 1,),
    RegisterType.FLOAT32: (),
    RegisterType.FLOAT64: (),
    RegisterType.BIT: (),
}
"""Raw numbers that mean "no value" when a map names none (SunSpec's; NaN always is)."""


@dataclass(frozen=True, kw_only=True)
class Register:
    """A place in a Modbus table."""

    __pydantic_config__ = DOCUMENTED

    table: Table
    address: Annotated[int, Between(0, 65535)]
    """As sent on the wire, counted from 0."""
    type: RegisterType
    """Of coils and discrete inputs `bit`."""
    word_order: Order = "big"
    """Which word of a longer number comes first: the high one (big) or the low one."""
    byte_order: Order = "big"
    """Which byte of each register comes first; nearly always the high one (big)."""

    def __post_init__(self) -> None:
        if (self.table in BIT_TABLES) is not (self.type is RegisterType.BIT):
            raise ValueError(
                f"a {self.table} place holds no {self.type}: bits lie in coil, discrete"
            )
        if self.end > 65536:
            raise ValueError(f"a {self.type} at {self.address} reaches beyond 65535")

    @property
    def end(self) -> int:
        """The address after it."""
        return self.address + self.type.registers
