"""Reading properties of one device, as many at once as it can answer.

A small controller that is asked for too much says that its answer would overflow, or would have to
be cut in pieces. It is then asked for half as many objects, and never for more again. One that
does not know ReadPropertyMultiple is asked for each property on its own from then on.
"""

from collections.abc import Sequence
from functools import lru_cache

from ems.devices.bacnet import BacnetNetwork, Service
from ems.devices.bacnet_answers import read_one, read_results
from ems.devices.bacnet_messages import Answers, Result, read_one_request, read_request
from ems.devices.bacnet_peer import Peer
from ems.devices.bacnet_refusals import AnswerTooLongError, ObjectUnknownError, ServiceUnknownError
from ems.devices.bacnet_tags import ObjectId
from ems.domain.errors import DeviceRejectedError, DeviceReplyInvalidError

OBJECTS_PER_REQUEST = 40
"""With some 24 octets for each the answer fits into 1024, which most BACnet/IP devices send."""

_UNKNOWN_OBJECT = (1, 31)
_UNKNOWN_PROPERTY = (2, 32)


class PropertyReads:
    """What one device is asked, and how much of it at a time."""

    def __init__(self, network: BacnetNetwork, peer: Peer) -> None:
        self._network, self._peer = network, peer
        self.objects_per_request = OBJECTS_PER_REQUEST
        self._one_by_one = False

    async def read(self, objects: Sequence[ObjectId], properties: Sequence[int]) -> Answers:
        """The same properties of several objects; each that is lacking as an error.

        Raises:
            DeviceUnreachableError: no answer in time.
            DeviceReplyInvalidError: what comes back is not what was asked for.
            AnswerTooLongError: not even one property fits into an answer.
        """
        answers: dict[tuple[ObjectId, int], Result] = {}
        rest = list(objects)
        while rest:
            some = rest[: self.objects_per_request]
            try:
                results = await self._ask(tuple(some), tuple(properties))
            except AnswerTooLongError:
                if len(some) == 1 and self._one_by_one:
                    raise
                self._ask_for_less(len(some))
                continue
            answers.update(((result.object, result.property), result) for result in results)
            del rest[: len(some)]
        self._see_that_all_came(answers, objects, properties)
        return answers

    def _ask_for_less(self, asked: int) -> None:
        self._one_by_one = self._one_by_one or asked == 1
        self.objects_per_request = max(1, asked // 2)

    def _see_that_all_came(
        self, answers: Answers, objects: Sequence[ObjectId], properties: Sequence[int]
    ) -> None:
        missing = sum((o, p) not in answers for o in objects for p in properties)
        if missing:
            raise DeviceReplyInvalidError(
                f"{self._peer} left {missing} of {len(objects) * len(properties)} properties "
                "out of its answer"
            )

    async def _ask(
        self, objects: tuple[ObjectId, ...], properties: tuple[int, ...]
    ) -> Sequence[Result]:
        if self._one_by_one:
            return [await self._ask_for_one(o, p) for o in objects for p in properties]
        question = _question(objects, properties)
        try:
            answer = await self._network.request(
                self._peer, Service.READ_PROPERTY_MULTIPLE, question
            )
        except ObjectUnknownError:  # some devices refuse the whole question for one object
            if len(objects) > 1:
                return [r for o in objects for r in await self._ask((o,), properties)]
            return [Result(objects[0], p, (), _UNKNOWN_OBJECT) for p in properties]
        except ServiceUnknownError:
            self._one_by_one = True
            return await self._ask(objects, properties)
        except AnswerTooLongError:
            raise
        except DeviceRejectedError as refused:
            raise DeviceReplyInvalidError(refused.message) from refused
        return read_results(answer)

    async def _ask_for_one(self, object_id: ObjectId, number: int) -> Result:
        question = read_one_request(object_id, number)
        try:
            answer = await self._network.request(self._peer, Service.READ_PROPERTY, question)
        except AnswerTooLongError:
            raise
        except ObjectUnknownError:
            return Result(object_id, number, (), _UNKNOWN_OBJECT)
        except DeviceRejectedError:
            return Result(object_id, number, (), _UNKNOWN_PROPERTY)
        return read_one(answer)


@lru_cache(maxsize=256)
def _question(objects: tuple[ObjectId, ...], properties: tuple[int, ...]) -> bytes:
    """Devices of one map are asked the same thing; it is put together once."""
    return read_request((object_id, properties) for object_id in objects)
