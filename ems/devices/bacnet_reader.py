"""Taking a BACnet message apart, tag by tag, with every surprise named."""

from collections.abc import Iterable

from ems.devices.bacnet_tags import BadEncodingError, Kind, Tag, Value, tags, value

_END = Tag(Kind.CLOSING, -1, b"")


class Reader:
    """Takes the tags of a message one after the other."""

    def __init__(self, data: bytes | Iterable[Tag]) -> None:
        self._tags = [*(tags(data) if isinstance(data, bytes) else data), _END]
        self._place = 0

    @property
    def done(self) -> bool:
        """Whether all of it has been taken."""
        return self._tags[self._place] is _END

    def at(self, kind: Kind, number: int) -> bool:
        """Whether the next tag is this one."""
        tag = self._tags[self._place]
        return tag.number == number and tag.kind is kind

    def take(self) -> Tag:
        """The next tag.

        Raises:
            BadEncodingError: there is none.
        """
        tag = self._tags[self._place]
        if tag is _END:
            raise BadEncodingError("a BACnet message ends too early")
        self._place += 1
        return tag

    def expect(self, kind: Kind, number: int) -> bytes:
        """What the next tag holds, which must be this one.

        Raises:
            BadEncodingError: it is another.
        """
        tag = self.take()
        if tag.kind is not kind or tag.number != number:
            raise BadEncodingError(
                f"tag {tag.number} ({tag.kind.name.lower()}) stands where "
                f"{number} ({kind.name.lower()}) belongs"
            )
        return tag.content

    def number(self, number: int) -> int:
        """The whole number at the place `number` of the message.

        Raises:
            BadEncodingError: it is not there.
        """
        return int.from_bytes(self.expect(Kind.CONTEXT, number), "big")

    def optional(self, number: int) -> int | None:
        """The whole number at the place `number` of the message, if it is there."""
        if not self.at(Kind.CONTEXT, number):
            return None
        return int.from_bytes(self.take().content, "big")

    def skip_to_end(self) -> None:
        """Pass over what is left of the group that has begun.

        Raises:
            BadEncodingError: it does not end.
        """
        depth = 1
        while depth:
            tag = self.take()
            depth += {Kind.OPENING: 1, Kind.CLOSING: -1}.get(tag.kind, 0)

    def tags_of(self, number: int) -> list[Tag]:
        """The tags within the group `number`.

        Raises:
            BadEncodingError: it does not begin here, or does not end.
        """
        self.expect(Kind.OPENING, number)
        first = self._place
        self.skip_to_end()
        return self._tags[first : self._place - 1]

    def group(self, number: int) -> tuple[tuple[int, Value], ...]:
        """Types and values within the group `number`; groups inside it are left out."""
        values: list[tuple[int, Value]] = []
        depth = 1
        for tag in self.tags_of(number):
            if tag.kind is Kind.APPLICATION:
                if depth == 1:
                    values.append((tag.number, value(tag)))
            elif tag.kind is not Kind.CONTEXT:
                depth += 1 if tag.kind is Kind.OPENING else -1
        return tuple(values)
