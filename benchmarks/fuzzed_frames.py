"""Frames that went wrong: valid ones with bits, bytes and lengths changed, and pure noise.

All come from one generator of random numbers, so that a seed gives the same frames again.
"""

from collections.abc import Callable, Sequence
from random import Random

Change = Callable[[Random, bytearray, Sequence[bytes]], None]

_NOISE_MAX = 300
_TELLING = (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF)
_NOISE_SHARE = 0.1
_CHANGES_MAX = 4


def fuzzed(random: Random, valid: Sequence[bytes]) -> bytes:
    """One of `valid` with one to four changes, or now and then noise."""
    if random.random() < _NOISE_SHARE:
        return random.randbytes(random.randrange(_NOISE_MAX))
    frame = bytearray(random.choice(valid))
    for _ in range(random.randint(1, _CHANGES_MAX)):
        random.choice(_CHANGES)(random, frame, valid)
    return bytes(frame)


def _flip(random: Random, frame: bytearray, _: Sequence[bytes]) -> None:
    if frame:
        frame[random.randrange(len(frame))] ^= 1 << random.randrange(8)


def _replace(random: Random, frame: bytearray, _: Sequence[bytes]) -> None:
    if frame:
        frame[random.randrange(len(frame))] = random.choice(_TELLING)


def _insert(random: Random, frame: bytearray, _: Sequence[bytes]) -> None:
    at = random.randint(0, len(frame))
    frame[at:at] = random.randbytes(random.randint(1, 4))


def _remove(random: Random, frame: bytearray, _: Sequence[bytes]) -> None:
    at = random.randint(0, len(frame))
    del frame[at : at + random.randint(1, 4)]


def _tear(random: Random, frame: bytearray, _: Sequence[bytes]) -> None:
    del frame[random.randint(0, len(frame)) :]


def _splice(random: Random, frame: bytearray, valid: Sequence[bytes]) -> None:
    other = random.choice(valid)
    at = random.randint(0, len(frame))
    frame[at:] = other[random.randint(0, len(other)) :]


def _repeat(random: Random, frame: bytearray, _: Sequence[bytes]) -> None:
    at = random.randint(0, len(frame))
    frame[at:at] = frame[at : at + random.randint(1, 16)]


_CHANGES: tuple[Change, ...] = (_flip, _replace, _insert, _remove, _tear, _splice, _repeat)
