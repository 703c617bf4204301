"""A datagram that gets lost is sent again under its number; either answer counts, and only one."""

import asyncio

import pytest

from ems.devices.bacnet_apdu import Message, Service, message
from ems.devices.bacnet_transactions import Transactions, Where
from ems.domain.errors import DeviceUnreachableError

DEVICE: Where = (("127.91.0.1", 47808), None)


def acknowledged(number: int) -> Message:
    return message(bytes((0x20, number, Service.WRITE_PROPERTY)))


async def test_the_answer_to_the_second_try_is_taken() -> None:
    transactions, sent = Transactions(0.05, retries=1), list[int]()

    def send(number: int) -> None:
        sent.append(number)
        if len(sent) == 2:
            assert transactions.answered(DEVICE, acknowledged(number))
            assert not transactions.answered(DEVICE, acknowledged(number))

    reply = await transactions.ask(DEVICE, Service.WRITE_PROPERTY, send)
    assert sent == [reply.invoke_id] * 2
    assert len(transactions) == 0


async def test_an_answer_in_time_is_asked_for_once() -> None:
    transactions, sent = Transactions(60.0, retries=1), list[int]()
    asking = asyncio.create_task(transactions.ask(DEVICE, Service.WRITE_PROPERTY, sent.append))
    await asyncio.sleep(0)
    assert transactions.answered(DEVICE, acknowledged(sent[0]))
    await asking
    assert len(sent) == 1


async def test_who_answers_neither_is_unreachable() -> None:
    transactions, sent = Transactions(0.02, retries=1), list[int]()
    with pytest.raises(DeviceUnreachableError):
        await transactions.ask(DEVICE, Service.WRITE_PROPERTY, sent.append)
    assert len(sent) == 2
