"""Membership in a BACnet network elsewhere: registered as a foreign device with its BBMD.

A broadcast ends at the next IP router. Where the EMS stands in another subnet than the controllers,
a BBMD there (a broadcast management device) forwards their broadcasts to it and distributes its
own, for as long as the registration is renewed (ASHRAE 135, Annex J.5).
"""

import asyncio
import logging
from collections.abc import Callable

from ems.devices.bacnet_packets import IpAddress, register_foreign_device

log = logging.getLogger("ems.devices")

LIFETIME_S = 300
"""How long a BBMD keeps a registration, wall seconds; renewed when half of it has passed."""
_AGAIN_S = 10.0
"""How soon an unanswered registration is tried again."""
_ANSWER_S = 3.0
_DONE = 0


class Registration:
    """A registration with one BBMD."""

    def __init__(
        self,
        bbmd: IpAddress,
        send: Callable[[bytes, IpAddress], None],
        lifetime_s: int = LIFETIME_S,
    ) -> None:
        self.bbmd = bbmd
        self._send = send
        self._lifetime_s = lifetime_s
        self._result: asyncio.Future[int] | None = None
        self._last: int | None = None
        self.registered = asyncio.Event()
        """Set while the BBMD forwards to us."""

    def heard(self, sender: IpAddress, code: int) -> None:
        """Take a result that `sender` gave."""
        if sender == self.bbmd and self._result is not None and not self._result.done():
            self._result.set_result(code)

    async def run(self) -> None:
        """Register, and renew for ever."""
        while True:
            done = await self._register()
            await asyncio.sleep(self._lifetime_s / 2 if done else min(_AGAIN_S, self._lifetime_s))

    async def _register(self) -> bool:
        self._result = asyncio.get_running_loop().create_future()
        self._send(register_foreign_device(self._lifetime_s), self.bbmd)
        try:
            code = await asyncio.wait_for(self._result, _ANSWER_S)
        except TimeoutError:
            code = -1
        self._judge(code)
        return code == _DONE

    def _judge(self, code: int) -> None:
        if code == _DONE:
            self.registered.set()
        else:
            self.registered.clear()
        if code != self._last:
            words = {_DONE: "forwards broadcasts", -1: "does not answer"}
            level = logging.INFO if code == _DONE else logging.WARNING
            said = words.get(code, f"refused the registration ({code:#06x})")
            log.log(level, "BBMD %s:%s %s", *self.bbmd, said)
        self._last = code
