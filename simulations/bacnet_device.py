"""What a virtual BACnet controller says of itself, and all the objects that it has."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from ems.devices.bacnet_messages import OBJECT_TYPES, Property
from ems.devices.bacnet_schedule import encoded_date, encoded_time
from ems.devices.bacnet_tags import (
    ObjectId,
    Type,
    application,
    bits,
    enumerated,
    identifier,
    text,
    unsigned,
)
from ems.devices.maps import map_of
from ems.domain.district import Device
from simulations.bacnet_clock import DeviceClock
from simulations.bacnet_frames import MAX_APDU
from simulations.bacnet_objects import Commanded, Content, Measured, VirtualObject
from simulations.bacnet_schedules import Schedule
from simulations.image import ProcessImage

VENDOR = 999
"""Of no maker; a virtual district is no product."""
ANY_DEVICE = ObjectId(OBJECT_TYPES["device"], 4194303)
"""A client that does not know a device's instance asks for this one."""
NO_SEGMENTATION = 3
_SERVICES = {0, 5, 12, 14, 15, 16, 32, 34, 36, 39}
"""AcknowledgeAlarm; SubscribeCOV; ReadProperty, WriteProperty, and both of them Multiple; both ways
to set the clock; Who-Is; GetEventInformation."""
_SERVICE_BITS = 49
_OBJECT_TYPE_BITS = 65


def objects_of(
    device: Device, image: ProcessImage, clock: DeviceClock
) -> dict[ObjectId, VirtualObject]:
    """All objects of a controller, as its device map lists them, and its device object."""
    device_map = map_of(device)
    points = {
        spec.name: (Commanded if spec.writable else Measured)(device, spec, image)
        for spec in device_map.points.values()
    }
    schedules = [
        Schedule(instance, point)
        for name, instance in device_map.schedules.items()
        if isinstance(point := points[name], Commanded)
    ]
    by_id: dict[ObjectId, VirtualObject] = {o.id: o for o in (*points.values(), *schedules)}
    this = _device_object(device, by_id, clock)
    return {this.id: this, **by_id}


def alarms_of(objects: Iterable[VirtualObject]) -> list[Measured]:
    """Those that report when they are not zero."""
    return [o for o in objects if isinstance(o, Measured) and o.spec.name == "alarm"]


def _device_object(device: Device, others: Iterable[ObjectId], clock: DeviceClock) -> VirtualObject:
    this = ObjectId(OBJECT_TYPES["device"], device.unit)
    members = [application(Type.OBJECT, identifier(item)) for item in (this, *others)]
    fixed: dict[int, Content] = {
        Property.OBJECT_IDENTIFIER: application(Type.OBJECT, identifier(this)),
        Property.OBJECT_NAME: text(device.id),
        Property.OBJECT_TYPE: enumerated(this.type),
        Property.SYSTEM_STATUS: enumerated(0),
        Property.VENDOR_NAME: text("virtual district"),
        Property.VENDOR_IDENTIFIER: unsigned(VENDOR),
        Property.MODEL_NAME: text(device.map),
        Property.FIRMWARE_REVISION: text("1"),
        Property.SOFTWARE_VERSION: text("1"),
        Property.PROTOCOL_VERSION: unsigned(1),
        Property.PROTOCOL_REVISION: unsigned(22),
        Property.SERVICES_SUPPORTED: bits([int(n in _SERVICES) for n in range(_SERVICE_BITS)]),
        Property.OBJECT_TYPES_SUPPORTED: bits(_types_bits(others)),
        Property.OBJECT_LIST: members,
        Property.MAX_APDU_LENGTH: unsigned(MAX_APDU),
        Property.SEGMENTATION: enumerated(NO_SEGMENTATION),
        Property.APDU_TIMEOUT: unsigned(3000),
        Property.APDU_RETRIES: unsigned(0),
        Property.DEVICE_ADDRESS_BINDING: b"",
        Property.DATABASE_REVISION: unsigned(1),
    }
    return VirtualObject(
        this,
        {
            **{number: _constant(content) for number, content in fixed.items()},
            Property.LOCAL_DATE: lambda: application(Type.DATE, encoded_date(clock.now().date())),
            Property.LOCAL_TIME: lambda: application(Type.TIME, encoded_time(clock.now().time())),
            Property.UTC_OFFSET: lambda: application(Type.INTEGER, _minutes_behind_utc(clock)),
        },
    )


def _minutes_behind_utc(clock: DeviceClock) -> bytes:
    """Minutes from local standard time to UTC, as the standard counts them: -60 in Paris."""
    now = clock.now()
    standard = (now.utcoffset() or timedelta()) - (now.dst() or timedelta())
    return (-round(standard / timedelta(minutes=1))).to_bytes(2, "big", signed=True)


def _constant(content: Content) -> Callable[[], Content]:
    return lambda: content


def _types_bits(others: Iterable[ObjectId]) -> list[int]:
    types = {OBJECT_TYPES["device"]} | {item.type for item in others}
    return [int(number in types) for number in range(_OBJECT_TYPE_BITS)]
