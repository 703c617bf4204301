"""Fuzzed frames into each BACnet decoder.

A decoder may give an answer or refuse with `BadEncodingError`; a value that is believed must be
finite and within what its map believes.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial
from random import Random

from benchmarks import bacnet_examples as examples
from benchmarks.fuzzed_frames import fuzzed
from benchmarks.fuzzing import Case, Maker, only
from ems.devices import bacnet_event_messages as events
from ems.devices.bacnet_answers import read_one, read_one_raw, read_results
from ems.devices.bacnet_apdu import Pdu, confirmed, message
from ems.devices.bacnet_cov_messages import read_notification, read_subscription
from ems.devices.bacnet_i_am import read_i_am
from ems.devices.bacnet_messages import Property, read_one_request
from ems.devices.bacnet_packets import link_result, unpacked
from ems.devices.bacnet_peer import Peer
from ems.devices.bacnet_reader import Reader
from ems.devices.bacnet_refusals import refusal
from ems.devices.bacnet_schedule import encoded_day, read_day, read_event
from ems.devices.bacnet_tags import BadEncodingError
from ems.devices.bacnet_time import encoded_moment, read_moment
from ems.devices.bacnet_values import judged, object_id
from ems.devices.maps import map_of


def decoders() -> Mapping[str, Maker]:
    """Every decoder, and what is made of an answer's values."""
    return {
        **{f"BACnet {name} decoder": partial(case_of, *one) for name, one in _decoders().items()},
        "BACnet values": _values_case,
    }


def _decoders() -> dict[str, tuple[Callable[[bytes], object], list[bytes]]]:
    one = read_one_request(examples.SETPOINT, Property.EXCEPTION_SCHEDULE, 1)
    answer = one + b"\x3e" + examples.EVENT + b"\x3f"
    told = examples.told()
    return {
        "link": (link_result, [bytes.fromhex("810000060000")]),
        "network": (unpacked, examples.requests(examples.DWELLING)),
        "application": (message, [confirmed(1, 14, one), bytes((0x30, 1, 14)) + answer]),
        "read": (read_results, examples.answers()),
        "single read": (read_one, [answer]),
        "raw read": (lambda data: read_one_raw(data, one), [answer]),
        "COV": (read_notification, [told]),
        "subscription": (read_subscription, [examples.subscription()]),
        "I-Am": (read_i_am, [examples.i_am()]),
        "event": (events.read_event_notification, [events.event_notification(examples.ALARM)]),
        "acknowledgement": (events.read_acknowledgement, [examples.acknowledgement()]),
        "event information": (
            events.read_event_information,
            [events.event_information([examples.SUMMARY] * 2, more=False)],
        ),
        "stamp": (events.moment_of, [examples.STAMP]),
        "weekday": (lambda data: read_day(Reader(data)), [encoded_day(examples.DAY)]),
        "special event": (lambda data: read_event(Reader(data)), [examples.EVENT]),
        "time": (read_moment, [encoded_moment(examples.NOW)]),
        "refusal": (_refused, [b"\x50\x01\x0e\x91\x02\x91\x28", b"\x60\x01\x09", b"\x71\x01\x04"]),
    }


def case_of(act: Callable[[bytes], object], valid: list[bytes]) -> Case:
    """Have `act` take fuzzed frames; only what is no message may be refused."""

    def case(random: Random) -> None:
        frame = fuzzed(random, valid)
        with only(BadEncodingError, lambda: frame):
            act(frame)

    return case


def _refused(body: bytes) -> object:
    reply = message(body)
    refused = reply.pdu in (Pdu.ERROR, Pdu.REJECT, Pdu.ABORT)
    return str(refusal(Peer(host="10.0.0.1"), reply)) if refused else None


def _values_case() -> Case:
    """What a connection believes of an answer."""
    specs = list(map_of(examples.ZONE).points.values())

    def believe(frame: bytes) -> None:
        answers = {(r.object, r.property): r for r in read_results(frame)}
        for spec in specs:
            if (object_id(spec), Property.PRESENT_VALUE) in answers:
                value, quality = judged(spec, answers)
                if quality.usable and not spec.low <= value <= spec.high:
                    raise ValueError(f"{spec.name} = {value} was believed")
                if quality.usable and not math.isfinite(value):
                    raise ValueError(f"{spec.name} has no value and was believed")

    return case_of(believe, examples.answers())
