"""What devices answered in a bus log, to be given again when the same is asked.

A request is known by its bytes, without what changes from one request to the next: the transaction
number of Modbus is not in a log, the invoke id of BACnet is put aside. Asked again and again, a
device gives its answers in the order in which they were recorded; the last one stays.
"""

from collections import defaultdict
from collections.abc import Iterable

from ems.devices.bacnet_apdu import Pdu, message
from ems.devices.bacnet_packets import unpacked
from ems.devices.bacnet_tags import BadEncodingError
from ems.devices.bus_log import Entry, Way

_INVOKE_ID_IN = {Pdu.CONFIRMED: 2}
"""Where the invoke id stands in a message; in all others but unconfirmed ones it is the second."""


class Answers:
    """The answers of one line or peer."""

    def __init__(self, protocol: str, entries: Iterable[Entry]) -> None:
        self.protocol = protocol
        self._given: dict[bytes, list[bytes | None]] = defaultdict(list)
        self._next: dict[bytes, int] = defaultdict(int)
        self._note(entries)

    def to(self, request: bytes) -> bytes | None:
        """The next answer; None: silence, as recorded.

        Raises:
            KeyError: nothing like it was ever asked.
        """
        bare, invoke_id = self._known_by(request)
        if bare not in self._given:
            raise KeyError(request)
        answers = self._given[bare]
        answer = answers[min(self._next[bare], len(answers) - 1)]
        self._next[bare] += 1
        return None if answer is None else self._with_id(answer, invoke_id)

    def _note(self, entries: Iterable[Entry]) -> None:
        waiting: dict[int, bytes] = {}
        for entry in entries:
            if entry.way is Way.NOISE:
                continue
            bare, invoke_id = self._known_by(entry.frame)
            if entry.way is Way.SENT:
                waiting[invoke_id] = bare
                self._given[bare].append(None)
            elif (request := waiting.pop(invoke_id, None)) is not None:
                self._given[request][-1] = entry.frame

    def _known_by(self, frame: bytes) -> tuple[bytes, int]:
        at = _invoke_id_at(frame) if self.protocol == "bacnet" else None
        return (frame, 0) if at is None else (frame[:at] + b"\0" + frame[at + 1 :], frame[at])

    def _with_id(self, answer: bytes, invoke_id: int) -> bytes:
        at = _invoke_id_at(answer) if self.protocol == "bacnet" else None
        return answer if at is None else answer[:at] + bytes((invoke_id,)) + answer[at + 1 :]


def _invoke_id_at(datagram: bytes) -> int | None:
    """Where the invoke id stands; None: there is none."""
    try:
        packet = unpacked(datagram)
        if packet.network_message is not None:
            return None
        kind = message(packet.body).pdu
    except BadEncodingError:
        return None
    if kind == Pdu.UNCONFIRMED:
        return None
    return len(datagram) - len(packet.body) + _INVOKE_ID_IN.get(Pdu(kind), 1)


def answers_by_line(entries: Iterable[Entry]) -> dict[str, Answers]:
    """The answers in a log, by line or peer."""
    by_line: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_line[entry.line].append(entry)
    return {line: Answers(said[0].protocol, said) for line, said in by_line.items()}
