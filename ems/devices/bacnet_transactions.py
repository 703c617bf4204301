"""Confirmed requests under way, and which answer belongs to which; no sockets here.

An answer belongs to a request when it comes from the address that was asked, has the request's
number and names its service. Numbers go round for each address on its own, so that an answer which
comes after its time-out meets no other request before the 256th.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ems.devices.bacnet_apdu import Message, Pdu
from ems.devices.bacnet_packets import IpAddress, RemoteAddress
from ems.domain.errors import DeviceUnreachableError

Where = tuple[IpAddress, RemoteAddress | None]
"""The address of a datagram, and the station behind it when that is a router."""

_NUMBERS = 256
_WITH_SERVICE = (Pdu.SIMPLE_ACK, Pdu.COMPLEX_ACK, Pdu.ERROR)
_ANSWERS = (*_WITH_SERVICE, Pdu.REJECT, Pdu.ABORT)


@dataclass(slots=True)
class _Asked:
    service: int
    answer: "asyncio.Future[Message]"
    send: Callable[[], None]
    tries_left: int
    timer: asyncio.TimerHandle | None = None


class Transactions:
    """The requests that wait for an answer."""

    def __init__(self, timeout_s: float, retries: int) -> None:
        self._timeout_s = timeout_s
        self._retries = retries
        self._waiting: dict[tuple[Where, int], _Asked] = {}
        self._last: dict[Where, int] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    async def ask(self, where: Where, service: int, send: Callable[[int], None]) -> Message:
        """What is answered to a request that `send` puts on the wire under the number given.

        Raises:
            DeviceUnreachableError: no answer in time, or as many requests are under way there as
                there are numbers.
        """
        number = self._number(where)
        loop = asyncio.get_running_loop()
        asked = _Asked(service, loop.create_future(), lambda: send(number), 1 + self._retries)
        self._waiting[where, number] = asked
        self._try(where, asked)
        try:
            return await asked.answer
        finally:
            del self._waiting[where, number]
            if asked.timer is not None:
                asked.timer.cancel()

    def answered(self, where: Where, reply: Message) -> bool:
        """Whether `reply` answers a request, which is then done."""
        asked = self._waiting.get((where, reply.invoke_id))
        if asked is None or reply.pdu not in _ANSWERS or asked.answer.done():
            return False
        if reply.pdu in _WITH_SERVICE and reply.service != asked.service:
            return False
        asked.answer.set_result(reply)
        return True

    def end(self, why: str) -> None:
        """No answer will come any more."""
        for asked in self._waiting.values():
            if not asked.answer.done():
                asked.answer.set_exception(DeviceUnreachableError(why))

    def _number(self, where: Where) -> int:
        first = self._last.get(where, -1) + 1
        for step in range(_NUMBERS):
            number = (first + step) % _NUMBERS
            if (where, number) not in self._waiting:
                self._last[where] = number
                return number
        raise DeviceUnreachableError(f"{_NUMBERS} requests to {where[0][0]} wait for an answer")

    def _try(self, where: Where, asked: _Asked) -> None:
        if asked.answer.done():
            return
        if asked.tries_left == 0:
            asked.answer.set_exception(_silence(where))
            return
        asked.tries_left -= 1
        asked.send()
        loop = asyncio.get_running_loop()
        asked.timer = loop.call_later(self._timeout_s, self._try, where, asked)


def _silence(where: Where) -> DeviceUnreachableError:
    (host, port), remote = where
    routed = f"/{remote[0]}:{int.from_bytes(remote[1], 'big')}" if remote else ""
    return DeviceUnreachableError(
        f"{host}:{port}{routed} did not answer", fix="check power and network, then the address"
    )
